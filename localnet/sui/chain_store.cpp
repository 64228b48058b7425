#include "localnet/sui/chain_store.h"

#include <atomic>

#include "base/bytes.h"
#include "base/crypto.h"
#include "base/log.h"
#include "localnet/sui/chain_trouble.h"
#include "meta/sqlite.h"

namespace walrusfs::localnet::sui {
namespace {

constexpr int64_t kFormat = 3;
constexpr int64_t kFormatWithoutSums = 2;  // rows had no `sum`; such rows stay as they are
// Whoever asks again and again does not fill the log.
constexpr uint64_t kTroublesPerMessage = 1000;

// `owner` is the account or the parent; null for shared and immutable objects. `type` is for filters. `sum` tells a
// damaged row: SQLite notices damage to its own structure only, and most of a page is rows.
constexpr const char* kSchema = R"sql(
CREATE TABLE objects (
  id BLOB PRIMARY KEY, owner BLOB, type TEXT NOT NULL, base_type TEXT NOT NULL, body BLOB NOT NULL,
  sum INTEGER) WITHOUT ROWID;
CREATE INDEX objects_by_owner ON objects (owner, id) WHERE owner IS NOT NULL;
CREATE TABLE transactions (checkpoint INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, body BLOB NOT NULL,
  sum INTEGER);
CREATE TABLE network (body BLOB NOT NULL, sum INTEGER);
)sql";
constexpr const char* kAddSums = R"sql(
ALTER TABLE objects ADD COLUMN sum INTEGER;
ALTER TABLE transactions ADD COLUMN sum INTEGER;
ALTER TABLE network ADD COLUMN sum INTEGER;
)sql";

Status set_format(sqlite::Connection& db) { return db.execute("PRAGMA user_version = " + std::to_string(kFormat)); }

uint64_t sum_of(ByteView body) {
  const Digest digest = blake2b256(body);
  return load_le<uint64_t>(digest.data());
}

// The body in a row of (body, sum).
Result<ByteView> checked_body(const sqlite::Query& row, const char* what) {
  const ByteView body = row.blob(0);
  if (!row.is_null(1) && row.number(1) != sum_of(body))
    return Error(Code::kCorrupt, std::string(what) + " is not as it was written");
  return body;
}

struct StoredObject {
  ObjectId id;
  uint64_t version = 0;
  Owner owner;
  TypeTag type;
  Bytes contents;
  SuiDigest previous;
  uint64_t rebate = 0;
  static auto bcs_fields(auto& self) {
    return std::tie(self.id, self.version, self.owner, self.type, self.contents, self.previous, self.rebate);
  }
};

Bytes to_row(const Object& o) {
  return bcs_encode(
      StoredObject{o.id, o.version, o.owner, o.type, o.contents, o.previous_transaction, o.storage_rebate});
}

Result<Object> object_in(const sqlite::Query& row) {
  WFS_ASSIGN(const ByteView body, checked_body(row, "an object of the ledger"));
  WFS_ASSIGN(StoredObject o, bcs_decode<StoredObject>(body, "an object of the ledger"));
  return Object{o.id, o.version, o.owner, std::move(o.type), std::move(o.contents), o.previous, o.rebate};
}

Result<Record> record_in(const sqlite::Query& row) {
  WFS_ASSIGN(const ByteView body, checked_body(row, "a transaction of the ledger"));
  return bcs_decode<Record>(body, "a transaction of the ledger");
}

Error damaged(const std::string& what) { return Error(Code::kCorrupt, what); }

// A length in a damaged row may be anything.
Error of_reading(const Error& error) { return error.code() == Code::kTooLarge ? damaged(error.message()) : error; }

std::string base_name(TypeTag type) {
  type.params.clear();
  return type.to_string();
}

// Whether a row of (body, sum, id, owner, type, base_type) is found by what its body holds.
bool stands_right(const Object& object, const sqlite::Query& row) {
  const auto owner = owning_address(object.owner);
  const bool owned_right = owner ? equal(row.blob(3), owner->bytes) : row.is_null(3);
  return owned_right && equal(row.blob(2), object.id.bytes) && row.text(4) == object.type.to_string() &&
         row.text(5) == base_name(object.type);
}

// That pages and indexes are as SQLite left them.
Status check_structure(sqlite::Connection& db) {
  sqlite::Statement check(db, "PRAGMA integrity_check(1)");
  auto row = check.start();
  const auto there = row.next();
  if (!there.ok()) return of_reading(there.error());
  return row.text(0) == "ok" ? ok_status() : damaged(row.text(0));
}

// Every object, once: Move functions have no answer when one is not as it was. Of transactions the ledger's index
// reads all anyway.
Status check_objects(sqlite::Connection& db) {
  sqlite::Statement read(db, "SELECT body, sum, id, owner, type, base_type FROM objects");
  auto row = read.start();
  for (;;) {
    auto more = row.next();
    if (!more.ok()) return of_reading(more.error());
    if (!*more) return ok_status();
    WFS_ASSIGN(const Object object, object_in(row));
    if (!stands_right(object, row)) return damaged("an object of the ledger stands in a wrong place");
  }
}

// Over a connection of its own, whose memory goes with it.
Status check_all(const std::string& path) {
  WFS_ASSIGN(const auto db, sqlite::Connection::open(path, sqlite::Connection::Mode::kReadOnly));
  WFS_TRY(check_structure(*db));
  return check_objects(*db);
}

Status make_schema(sqlite::Connection& db, const FirstState& first) {
  WFS_TRY(db.execute(kSchema));
  WFS_TRY(set_format(db));
  sqlite::Statement insert(db, "INSERT INTO network VALUES (?1, ?2)");
  const Bytes body = bcs_encode(first.network);
  return insert.run(ByteView(body), sum_of(body));
}

}  // namespace

struct ChainStore::Impl {
  explicit Impl(std::unique_ptr<sqlite::Connection> connection)
      : db(std::move(connection)),
        find(*db, "SELECT body, sum FROM objects WHERE id = ?1"),
        owned(*db, "SELECT body, sum FROM objects WHERE owner = ?1 AND id > ?2 ORDER BY id LIMIT ?3"),
        owned_of_type(*db,
                      "SELECT body, sum FROM objects WHERE owner = ?1 AND id > ?2 AND (type = ?4 OR base_type = ?4) "
                      "ORDER BY id LIMIT ?3"),
        put(*db, "INSERT OR REPLACE INTO objects VALUES (?1, ?2, ?3, ?4, ?5, ?6)"),
        remove(*db, "DELETE FROM objects WHERE id = ?1"),
        transaction(*db, "SELECT body, sum FROM transactions WHERE digest = ?1"),
        after(*db, "SELECT body, sum, digest FROM transactions WHERE checkpoint > ?1 ORDER BY checkpoint LIMIT ?2"),
        add(*db, "INSERT INTO transactions VALUES (?1, ?2, ?3, ?4)") {}

  Status write(const Object& object) {
    const Bytes body = to_row(object);
    const auto owner = owning_address(object.owner);
    std::optional<ByteView> owner_bytes;
    if (owner) owner_bytes = ByteView(owner->bytes);
    return put.run(ByteView(object.id.bytes), owner_bytes, object.type.to_string(), base_name(object.type),
                   ByteView(body), sum_of(body));
  }

  Status take_format() {
    WFS_ASSIGN(const int64_t format, db->integer("PRAGMA user_version"));
    if (format == kFormat) return ok_status();
    if (format != kFormatWithoutSums)
      return Error(Code::kNewerVersion, "the ledger in " + db->path() + " was written by another version");
    WFS_ASSIGN(auto whole, sqlite::Transaction::begin(*db, sqlite::Transaction::Kind::kWrite));
    WFS_TRY(db->execute(kAddSums));
    WFS_TRY(set_format(*db));
    return whole.commit();
  }

  Status load() {
    WFS_TRY(take_format());
    sqlite::Statement read(*db, "SELECT body, sum FROM network");
    auto query = read.start();
    WFS_ASSIGN(const bool there, query.next());
    if (!there) return Error(Code::kCorrupt, "the ledger in " + db->path() + " names no network");
    WFS_ASSIGN(const ByteView body, checked_body(query, "the network of the ledger"));
    WFS_ASSIGN(network, bcs_decode<Network>(body, "the network of the ledger"));
    WFS_ASSIGN(const int64_t last, db->integer("SELECT coalesce(max(checkpoint), 0) FROM transactions"));
    height = static_cast<uint64_t>(last);
    return ok_status();
  }

  Status begin(const FirstState& first) {
    WFS_ASSIGN(auto transaction_, sqlite::Transaction::begin(*db, sqlite::Transaction::Kind::kWrite));
    WFS_TRY(make_schema(*db, first));
    for (const Object& object : first.objects) WFS_TRY(write(object));
    return transaction_.commit();
  }

  std::unique_ptr<sqlite::Connection> db;
  mutable sqlite::Statement find, owned, owned_of_type, put, remove, transaction, after, add;
  Network network;
  uint64_t height = 0;
  std::atomic<uint64_t> troubles{0};
};

ChainStore::ChainStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ChainStore::~ChainStore() = default;

Result<std::unique_ptr<ChainStore>> ChainStore::open(Files& files, const std::string& path,
                                                     const std::function<Result<FirstState>()>& first) {
  WFS_TRY(files.open(path, Files::Open::kCreate));
  WFS_ASSIGN(auto db, sqlite::Connection::open(path, sqlite::Connection::Mode::kReadWrite));
  WFS_TRY(db->execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL"));
  WFS_ASSIGN(const int64_t tables, db->integer("SELECT count(*) FROM sqlite_schema"));
  auto impl = std::make_unique<Impl>(std::move(db));
  if (tables == 0) {
    WFS_ASSIGN(FirstState state, first());
    WFS_TRY(impl->begin(std::move(state)));
  }
  WFS_TRY(impl->load());
  WFS_TRY(check_all(path));
  return std::unique_ptr<ChainStore>(new ChainStore(std::move(impl)));
}

const Network& ChainStore::network() const { return impl_->network; }
uint64_t ChainStore::height() const { return impl_->height; }

void ChainStore::give_up(const Error& error) const {
  if (impl_->troubles++ % kTroublesPerMessage == 0)
    log_error(
        "the chain in {} cannot be read: {}. What needs it fails until it can be. Stop the network and check the "
        "disk; if the file is damaged, put a backup of it in its place",
        impl_->db->path(), error.message());
  throw ChainTrouble(of_reading(error));
}

template <typename T>
T ChainStore::got(Result<T> read) const {
  if (!read) give_up(read.error());
  return std::move(*read);
}

std::optional<Object> ChainStore::find(const ObjectId& id) const {
  auto query = impl_->find.start(ByteView(id.bytes));
  if (!got(query.next())) return std::nullopt;
  Object object = got(object_in(query));
  if (object.id != id) give_up(damaged("an object of the ledger stands in a wrong place"));
  return object;
}

std::vector<Object> ChainStore::owned_by(const Address& owner, const std::optional<TypeTag>& type,
                                         const std::optional<ObjectId>& after, size_t limit) const {
  const Bytes first = after ? to_bytes(after->bytes) : Bytes();
  const auto count = static_cast<uint64_t>(limit);
  const std::string name = type ? type->to_string() : "";
  auto query = type ? impl_->owned_of_type.start(ByteView(owner.bytes), ByteView(first), count, name)
                    : impl_->owned.start(ByteView(owner.bytes), ByteView(first), count);
  std::vector<Object> out;
  while (got(query.next())) out.push_back(got(object_in(query)));
  return out;
}

std::optional<Record> ChainStore::transaction(const SuiDigest& digest) const {
  auto query = impl_->transaction.start(ByteView(digest.bytes));
  if (!got(query.next())) return std::nullopt;
  return got(record_in(query));
}

std::vector<Record> ChainStore::transactions_after(uint64_t checkpoint, size_t limit) const {
  auto query = impl_->after.start(checkpoint, static_cast<uint64_t>(limit));
  std::vector<Record> out;
  while (got(query.next())) {
    out.push_back(got(record_in(query)));
    const Record& record = out.back();
    if (record.checkpoint != checkpoint + out.size()) give_up(damaged("a transaction of the ledger is gone"));
    if (!equal(query.blob(2), record.effects.transaction.bytes))
      give_up(damaged("a transaction of the ledger stands in a wrong place"));
  }
  return out;
}

Status ChainStore::apply(const Execution& execution, Record& record) {
  record.checkpoint = impl_->height + 1;
  WFS_ASSIGN(auto whole, sqlite::Transaction::begin(*impl_->db, sqlite::Transaction::Kind::kWrite));
  for (const Object& object : execution.written) WFS_TRY(impl_->write(object));
  for (const ObjectId& id : execution.removed) WFS_TRY(impl_->remove.run(ByteView(id.bytes)));
  const Bytes body = bcs_encode(record);
  WFS_TRY(impl_->add.run(record.checkpoint, ByteView(record.effects.transaction.bytes), ByteView(body), sum_of(body)));
  WFS_TRY(whole.commit());
  ++impl_->height;
  return ok_status();
}

}  // namespace walrusfs::localnet::sui
