#include "meta/sqlite.h"

#include <sqlite3.h>

#include <cerrno>

#include <fmt/format.h>

namespace walrusfs::sqlite {
namespace {

// Another program's backup tool may hold a lock for a moment.
constexpr int kBusyWaitMs = 5'000;

Error io_error(sqlite3* db, const std::string& path, const char* reason) {
  const int cause = sqlite3_system_errno(db);
  if (cause == ENOSPC || cause == EDQUOT)
    return Error(Code::kNoSpace, fmt::format("the disk that holds the index {} is full; free some space there", path));
  if (cause != 0) return Error(Code::kIo, error_from_errno(cause, "the index " + path + " failed").message());
  return Error(Code::kIo, fmt::format("the index {} failed: {}; check the disk that holds it", path, reason));
}

Error open_error(sqlite3* db, const std::string& path) {
  const int cause = sqlite3_system_errno(db);
  if (cause == 0) return Error(Code::kIo, fmt::format("the index {} cannot be opened; check its folder", path));
  return error_from_errno(cause, "open the index " + path);
}

Error error_of(int outcome, sqlite3* db, const std::string& path) {
  const char* reason = db ? sqlite3_errmsg(db) : sqlite3_errstr(outcome);
  switch (outcome & 0xff) {
    case SQLITE_FULL:
      return Error(Code::kNoSpace,
                   fmt::format("the disk that holds the index {} is full; free some space there", path));
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Error(Code::kCorrupt, fmt::format("the index {} is damaged ({}); it was left as it is", path, reason));
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Error(Code::kBusy, fmt::format("the index {} is in use by another program; end that one first", path));
    case SQLITE_IOERR: return io_error(db, path, reason);
    case SQLITE_CANTOPEN: return open_error(db, path);
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return Error(Code::kReadOnly,
                   fmt::format("the index {} cannot be written: {}; check its permissions", path, reason));
    case SQLITE_CONSTRAINT:
      return Error(Code::kInvalidArgument,
                   fmt::format("a change that would break the index {} was refused ({})", path, reason));
    case SQLITE_TOOBIG: return Error(Code::kTooLarge, fmt::format("a row is too large for the index {}", path));
    case SQLITE_INTERRUPT:
      return Error(Code::kCancelled, fmt::format("the work on the index {} was interrupted", path));
    default: return Error(Code::kInternal, fmt::format("the index {} refused a statement: {}", path, reason));
  }
}

Error error_of(int outcome, sqlite3_stmt* statement) {
  sqlite3* db = sqlite3_db_handle(statement);
  const char* path = sqlite3_db_filename(db, "main");
  return error_of(outcome, db, path ? path : "");
}

// What stands in the file is data, never a program: no functions in its schema, no odd cells.
int harden(sqlite3* db) {
  sqlite3_extended_result_codes(db, 1);
  sqlite3_busy_timeout(db, kBusyWaitMs);
  sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  return sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_FKEY, 1, nullptr);
}

}  // namespace

Result<std::unique_ptr<Connection>> Connection::open(const std::string& path, Mode mode) {
  const int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                    (mode == Mode::kReadOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE);
  sqlite3* db = nullptr;
  int outcome = sqlite3_open_v2(path.c_str(), &db, flags, nullptr);
  if (outcome == SQLITE_OK) outcome = harden(db);
  if (outcome != SQLITE_OK) {
    Error error = error_of(outcome, db, path);
    sqlite3_close_v2(db);
    return error;
  }
  return std::unique_ptr<Connection>(new Connection(db, path));
}

Connection::~Connection() { sqlite3_close_v2(db_); }

Status Connection::execute(const std::string& sql) {
  const int outcome = sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr);
  if (outcome != SQLITE_OK) return error_of(outcome, db_, path_);
  return {};
}

Result<int64_t> Connection::integer(const std::string& sql) {
  Statement statement(*this, sql);
  Query query = statement.start();
  WFS_ASSIGN(bool found, query.next());
  if (!found) return Error(Code::kCorrupt, fmt::format("the index {} lacks the answer to: {}", path_, sql));
  return query.integer(0);
}

int64_t Connection::changed_rows() const { return sqlite3_changes64(db_); }

bool Connection::in_transaction() const { return sqlite3_get_autocommit(db_) == 0; }

Query::~Query() {
  if (!statement_) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

Result<bool> Query::next() {
  if (failure_) return *failure_;
  const int outcome = sqlite3_step(statement_);
  if (outcome == SQLITE_ROW) return true;
  if (outcome == SQLITE_DONE) return false;
  return error_of(outcome, statement_);
}

Status Query::run() {
  for (;;) {
    WFS_ASSIGN(bool row, next());
    if (!row) return {};
  }
}

int64_t Query::integer(int column) const { return sqlite3_column_int64(statement_, column); }

bool Query::is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

ByteView Query::blob(int column) const {
  const void* data = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  return {static_cast<const uint8_t*>(data), data ? static_cast<size_t>(size) : 0};
}

void Query::bind(int at, int64_t value) {
  if (!failure_) note(sqlite3_bind_int64(statement_, at, value));
}

void Query::bind(int at, ByteView blob) {
  // A null pointer would bind NULL instead of an empty blob.
  const void* data = blob.empty() ? "" : static_cast<const void*>(blob.data());
  if (!failure_) note(sqlite3_bind_blob64(statement_, at, data, blob.size(), SQLITE_STATIC));
}

void Query::bind(int at, std::string_view text) {
  const char* data = text.empty() ? "" : text.data();
  if (!failure_) note(sqlite3_bind_text64(statement_, at, data, text.size(), SQLITE_STATIC, SQLITE_UTF8));
}

void Query::bind(int at, std::nullptr_t) {
  if (!failure_) note(sqlite3_bind_null(statement_, at));
}

void Query::note(int outcome) {
  if (outcome != SQLITE_OK) failure_ = error_of(outcome, statement_);
}

Statement::~Statement() { sqlite3_finalize(statement_); }

std::optional<Error> Statement::prepare() {
  if (statement_) return std::nullopt;
  const int outcome = sqlite3_prepare_v3(connection_.db_, sql_.c_str(), static_cast<int>(sql_.size()) + 1,
                                         SQLITE_PREPARE_PERSISTENT, &statement_, nullptr);
  if (outcome == SQLITE_OK) return std::nullopt;
  // Our SQL never changes, so what does not fit is the file.
  const int told = outcome == SQLITE_ERROR ? SQLITE_CORRUPT : outcome;
  return error_of(told, connection_.db_, connection_.path());
}

Result<Transaction> Transaction::begin(Connection& connection, Kind kind) {
  WFS_TRY(connection.execute(kind == Kind::kRead ? "BEGIN" : "BEGIN IMMEDIATE"));
  return Transaction(connection);
}

Transaction::~Transaction() {
  // SQLite may have rolled back by itself (a full disk, a failed read).
  if (!connection_ || !connection_->in_transaction()) return;
  // What a failing ROLLBACK leaves in the log was never committed and is not seen again.
  (void)connection_->execute("ROLLBACK").ok();
}

Status Transaction::commit() {
  Status outcome = connection_->execute("COMMIT");
  if (outcome.ok()) connection_ = nullptr;
  return outcome;
}

}  // namespace walrusfs::sqlite
