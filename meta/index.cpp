#include "meta/index.h"

#include <atomic>
#include <deque>

#include <fmt/format.h>

#include "base/mutex.h"
#include "meta/check.h"
#include "meta/pack_rows.h"
#include "meta/reader_pool.h"
#include "meta/schema.h"
#include "meta/tree_reader.h"
#include "meta/tree_writer.h"
#include "meta/volume_lock.h"

namespace walrusfs {
namespace {

using sqlite::Transaction;

constexpr size_t kMostReaders = 16;
constexpr size_t kMostSnapshots = 8;
// A batch that was frozen before a pack was certified arrives at most a few commits later.
constexpr uint64_t kCommitsThatKeepPackedRanges = 16;

// 16 MiB of log before a checkpoint: long enough to fold many small commits into one write of a page,
// short enough that a checkpoint takes a fraction of a second. The log's file shrinks to 64 MiB after a large
// commit. FULL: a commit is on disk when it returns.
constexpr char kWriterSettings[] =
    "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4096; PRAGMA journal_size_limit = 67108864;"
    "PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -32768";

// The connection that changes things, and what works on it.
class Writer {
 public:
  explicit Writer(std::unique_ptr<sqlite::Connection> opened)
      : connection(std::move(opened)), reader(*connection), tree(*connection), packs(*connection, reader, tree) {}

  std::unique_ptr<sqlite::Connection> connection;
  TreeReader reader;
  TreeWriter tree;
  PackRows packs;

  Result<Sequence> take_sequence() {
    sqlite::Query query = next_sequence_.start();
    WFS_ASSIGN(bool found, query.next());
    if (!found) return impossible_row("its state is missing");
    const Sequence sequence{query.number(0)};
    WFS_TRY(query.run());
    return sequence;
  }

 private:
  sqlite::Statement next_sequence_{*connection,
                                   "UPDATE state SET last_sequence = last_sequence + 1 RETURNING last_sequence"};
};

class Snapshot final : public IndexSnapshot {
 public:
  // `transaction` is one of the lease's connection.
  Snapshot(ReaderPool::Lease lease, Transaction transaction, Sequence sequence)
      : lease_(std::move(lease)), transaction_(std::move(transaction)), sequence_(sequence) {}

  Sequence sequence() const override { return sequence_; }
  Result<ChangedRows> changed_since(Sequence since) override { return lease_->rows.changed_since(since); }
  Result<std::vector<Extent>> extents(InodeId inode) override { return lease_->rows.extents(inode); }
  Result<Xattrs> xattrs(InodeId inode) override { return lease_->rows.xattrs(inode); }
  Result<std::string> path_of(InodeId inode) override { return lease_->rows.path_of(inode); }

 private:
  ReaderPool::Lease lease_;
  Transaction transaction_;  // ends before the lease is given back
  const Sequence sequence_;
};

class SqliteIndex final : public Index {
 public:
  SqliteIndex(const std::string& path, VolumeLock lock, std::unique_ptr<Writer> writer)
      : lock_(std::move(lock)),
        writer_(std::move(writer)),
        readers_(path, kMostReaders),
        snapshots_(path, kMostSnapshots) {}

  // Each of these is one statement, hence one state of the index.
  Result<std::optional<InodeRow>> inode(InodeId id) override {
    return read([&](TreeReader& rows) { return rows.inode(id); });
  }
  Result<std::optional<EntryTarget>> lookup(InodeId parent, const std::string& name) override {
    return read([&](TreeReader& rows) { return rows.lookup(parent, name); });
  }
  Result<std::vector<ListedEntry>> list(InodeId parent, uint64_t after, size_t limit) override {
    return read([&](TreeReader& rows) { return rows.list(parent, after, limit); });
  }
  Result<std::vector<Extent>> extents(InodeId inode) override {
    return read([&](TreeReader& rows) { return rows.extents(inode); });
  }
  Result<Xattrs> xattrs(InodeId inode) override {
    return read([&](TreeReader& rows) { return rows.xattrs(inode); });
  }
  Result<std::vector<InodeId>> orphans() override {
    return read([](TreeReader& rows) { return rows.orphans(); });
  }
  Result<Counters> counters() override {
    return read([](TreeReader& rows) { return rows.counters(); });
  }
  Result<std::map<StagingId, uint64_t>> staging_in_use() override {
    return read([](TreeReader& rows) { return rows.staging_in_use(); });
  }
  Result<std::vector<InodeId>> inodes_using(StagingId staging) override {
    return read([&](TreeReader& rows) { return rows.inodes_using(staging); });
  }
  Result<std::optional<PackRow>> pack(PackId id) override {
    return read([&](TreeReader& rows) { return rows.pack(id); });
  }
  Result<std::vector<PackRow>> packs(std::optional<PackState> state) override {
    return read([&](TreeReader& rows) { return rows.packs(state); });
  }
  Result<std::vector<FrameRow>> frames(PackId id) override { return frames(id, {0, UINT64_MAX}); }
  Result<std::vector<FrameRow>> frames(PackId id, ByteRange t_range) override {
    return read([&](TreeReader& rows) { return rows.frames(id, t_range); });
  }
  Result<std::vector<PackedRange>> packed_ranges(PackId id) override {
    return read([&](TreeReader& rows) { return rows.packed_ranges(id); });
  }
  Result<Sequence> published() override {
    return read([](TreeReader& rows) { return rows.published(); });
  }
  Result<std::optional<std::string>> setting(const std::string& key) override {
    return read([&](TreeReader& rows) { return rows.setting(key); });
  }
  Result<std::vector<JobRow>> jobs(const std::string& kind) override {
    return read([&](TreeReader& rows) { return rows.jobs(kind); });
  }

  // And these are several.
  Result<std::string> path_of(InodeId inode) override {
    return read_together([&](IndexReader& reader) { return reader.rows.path_of(inode); });
  }
  Result<std::optional<PackRow>> last_published_pack() override {
    return read_together([](IndexReader& reader) { return reader.rows.last_published_pack(); });
  }
  Result<std::vector<std::string>> check() override {
    return read_together([](IndexReader& reader) { return check_index(*reader.connection); });
  }

  Result<IndexTotals> totals() override;
  Result<std::unique_ptr<IndexSnapshot>> snapshot() override;

  Result<Sequence> commit(const Batch& batch) override;
  Result<PackId> next_pack_id() override;
  Status add_built_pack(const PackRow& pack, const std::vector<FrameRow>& frames,
                        const std::vector<PackedRange>& packed) override;
  Status certify_pack(const PackRow& pack) override;
  Status drop_built_pack(PackId id) override;
  Status set_setting(const std::string& key, const std::string& value) override;
  Status put_job(const JobRow& job) override;
  Status remove_job(const std::string& kind, uint64_t subject) override;

 private:
  struct CertifiedPack {
    PackId id;
    uint64_t commit;  // how many there were then
  };

  template <typename Question>
  auto read(Question question) -> decltype(question(std::declval<TreeReader&>())) {
    WFS_ASSIGN(ReaderPool::Lease reader, readers_.take());
    return question(reader->rows);
  }
  template <typename Question>
  auto read_together(Question question) -> decltype(question(std::declval<IndexReader&>())) {
    WFS_ASSIGN(ReaderPool::Lease reader, readers_.take());
    WFS_ASSIGN(Transaction transaction, Transaction::begin(*reader->connection, Transaction::Kind::kRead));
    return question(*reader.operator->());
  }

  // One transaction; nothing of it stays when `change` or the commit fails. After the disk has failed
  // nobody knows what is on it: every later change is refused.
  template <typename Change>
  Status write(Change change) REQUIRES(mutex_);
  template <typename Change>
  Status write_in_transaction(Change change) REQUIRES(mutex_);
  Result<Sequence> commit_counters(const Batch& batch) REQUIRES(mutex_);
  Result<Sequence> apply(const Batch& batch) REQUIRES(mutex_);
  std::vector<PackId> packed_ranges_to_forget() const REQUIRES(mutex_);

  const VolumeLock lock_;

  // Held for a whole transaction, since SQLite allows one writer.
  Mutex mutex_;
  const std::unique_ptr<Writer> writer_ PT_GUARDED_BY(mutex_);
  std::optional<Error> disk_failure_ GUARDED_BY(mutex_);
  uint64_t commits_ GUARDED_BY(mutex_) = 0;
  std::deque<CertifiedPack> recently_certified_ GUARDED_BY(mutex_);

  // Totals take a walk over all rows; they hold until the next write. statfs(2) asks for them.
  std::atomic<uint64_t> writes_{0};
  Mutex totals_mutex_;
  std::optional<std::pair<uint64_t, IndexTotals>> known_totals_ GUARDED_BY(totals_mutex_);

  // After the writer: the last connection to close writes the log back, which only the writer may.
  ReaderPool readers_;
  ReaderPool snapshots_;
};

template <typename Change>
Status SqliteIndex::write_in_transaction(Change change) {
  WFS_ASSIGN(Transaction transaction, Transaction::begin(*writer_->connection, Transaction::Kind::kWrite));
  WFS_TRY(change(*writer_));
  return transaction.commit();
}

template <typename Change>
Status SqliteIndex::write(Change change) {
  if (disk_failure_) return *disk_failure_;
  Status done = write_in_transaction(change);
  ++writes_;
  if (!done.ok() && done.error().code() == Code::kIo) disk_failure_ = done.error();
  return done;
}

std::vector<PackId> SqliteIndex::packed_ranges_to_forget() const {
  std::vector<PackId> packs;
  for (const CertifiedPack& pack : recently_certified_)
    if (pack.commit + kCommitsThatKeepPackedRanges <= commits_) packs.push_back(pack.id);
  return packs;
}

Result<Sequence> SqliteIndex::apply(const Batch& batch) {
  const std::vector<PackId> forget = packed_ranges_to_forget();
  Sequence sequence{};
  const auto change = [&](Writer& writer) -> Status {
    for (PackId pack : forget) WFS_TRY(writer.packs.forget_packed_ranges(pack));
    WFS_ASSIGN(sequence, writer.take_sequence());
    return writer.tree.apply(batch, sequence);
  };
  WFS_TRY(write(change));
  // They are in the order of their certification, so the oldest are the first.
  for (size_t i = 0; i < forget.size(); ++i) recently_certified_.pop_front();
  ++commits_;
  return sequence;
}

Result<Sequence> SqliteIndex::commit_counters(const Batch& batch) {
  WFS_ASSIGN(const Counters known, writer_->reader.counters());
  const bool grown = batch.next_inode > known.next_inode || batch.next_cookie > known.next_cookie ||
                     batch.next_staging > known.next_staging;
  if (grown) WFS_TRY(write([&](Writer& writer) { return writer.tree.raise_counters(batch); }));
  return known.last_sequence;
}

Result<Sequence> SqliteIndex::commit(const Batch& batch) {
  MutexLock lock(mutex_);
  return batch.empty() ? commit_counters(batch) : apply(batch);
}

Result<IndexTotals> SqliteIndex::totals() {
  // Read first: a write that comes in between makes the answer look older than it is, never newer.
  const uint64_t writes = writes_;
  {
    MutexLock lock(totals_mutex_);
    if (known_totals_ && known_totals_->first == writes) return known_totals_->second;
  }
  WFS_ASSIGN(const IndexTotals totals, read([](TreeReader& rows) { return rows.totals(); }));
  MutexLock lock(totals_mutex_);
  known_totals_ = {writes, totals};
  return totals;
}

Result<std::unique_ptr<IndexSnapshot>> SqliteIndex::snapshot() {
  WFS_ASSIGN(ReaderPool::Lease reader, snapshots_.try_take());
  WFS_ASSIGN(Transaction transaction, Transaction::begin(*reader->connection, Transaction::Kind::kRead));
  // The first read is what fixes the state that is seen.
  WFS_ASSIGN(const Counters counters, reader->rows.counters());
  return std::unique_ptr<IndexSnapshot>(
      std::make_unique<Snapshot>(std::move(reader), std::move(transaction), counters.last_sequence));
}

Result<PackId> SqliteIndex::next_pack_id() {
  MutexLock lock(mutex_);
  PackId id{};
  const auto change = [&](Writer& writer) -> Status {
    WFS_ASSIGN(id, writer.packs.next_id());
    return {};
  };
  WFS_TRY(write(change));
  return id;
}

Status SqliteIndex::add_built_pack(const PackRow& pack, const std::vector<FrameRow>& frames,
                                   const std::vector<PackedRange>& packed) {
  MutexLock lock(mutex_);
  return write([&](Writer& writer) { return writer.packs.add_built(pack, frames, packed); });
}

Status SqliteIndex::certify_pack(const PackRow& pack) {
  MutexLock lock(mutex_);
  WFS_TRY(write([&](Writer& writer) { return writer.packs.certify(pack); }));
  recently_certified_.push_back({pack.id, commits_});
  return {};
}

Status SqliteIndex::drop_built_pack(PackId id) {
  MutexLock lock(mutex_);
  return write([&](Writer& writer) { return writer.packs.drop_built(id); });
}

Status SqliteIndex::set_setting(const std::string& key, const std::string& value) {
  MutexLock lock(mutex_);
  return write([&](Writer& writer) {
    sqlite::Statement put(*writer.connection,
                          "INSERT INTO settings VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2");
    return put.run(key, value);
  });
}

Status SqliteIndex::put_job(const JobRow& job) {
  MutexLock lock(mutex_);
  return write([&](Writer& writer) {
    sqlite::Statement put(*writer.connection,
                          "INSERT INTO jobs VALUES (?1, ?2, ?3, ?4) ON CONFLICT (kind, subject) DO UPDATE "
                          "SET step = ?3, detail = ?4");
    return put.run(job.kind, job.subject, job.step, ByteView(job.detail));
  });
}

Status SqliteIndex::remove_job(const std::string& kind, uint64_t subject) {
  MutexLock lock(mutex_);
  return write([&](Writer& writer) {
    sqlite::Statement remove(*writer.connection, "DELETE FROM jobs WHERE kind = ?1 AND subject = ?2");
    return remove.run(kind, subject);
  });
}

// An empty file is what a crash while making a volume leaves.
Result<bool> has_index(const std::string& path) {
  WFS_ASSIGN(bool exists, system_files().exists(path));
  if (!exists) return false;
  WFS_ASSIGN(auto file, system_files().open(path, Files::Open::kRead));
  WFS_ASSIGN(uint64_t size, file->size());
  return size > 0;
}

Status prepare_new(const std::string& path) {
  WFS_ASSIGN(bool exists, has_index(path));
  if (exists)
    return Error(Code::kExists,
                 fmt::format("there is a volume at {} already; mount it, or choose another name", path));
  // Made by us, so that it is readable by its owner only.
  WFS_ASSIGN(auto file, system_files().open(path, Files::Open::kCreate));
  return {};
}

Status use_write_ahead_log(sqlite::Connection& connection) {
  sqlite::Statement statement(connection, "PRAGMA journal_mode = WAL");
  sqlite::Query query = statement.start();
  WFS_ASSIGN(bool found, query.next());
  if (found && query.text(0) == "wal") return {};
  return Error(Code::kNotSupported, fmt::format("the disk of {} cannot share memory between programs, which the index "
                                                "needs; put the volume on a local disk",
                                                connection.path()));
}

Result<std::unique_ptr<Writer>> open_writer(const Index::Options& options) {
  WFS_ASSIGN(auto connection, sqlite::Connection::open(options.path, sqlite::Connection::Mode::kReadWrite));
  WFS_TRY(connection->execute(kWriterSettings));
  // Before the log is switched on: a crash then leaves an empty file or all tables.
  if (options.create) WFS_TRY(create_schema(*connection, index_migrations()));
  WFS_TRY(migrate_schema(*connection, index_migrations()));
  WFS_TRY(use_write_ahead_log(*connection));
  auto writer = std::make_unique<Writer>(std::move(connection));
  WFS_ASSIGN(Transaction transaction, Transaction::begin(*writer->connection, Transaction::Kind::kWrite));
  WFS_TRY(writer->packs.settle_certified());
  WFS_TRY(transaction.commit());
  return writer;
}

std::string folder_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

Result<std::unique_ptr<Index>> Index::open(const Options& options) {
  if (!options.create) {
    WFS_ASSIGN(bool exists, system_files().exists(options.path));
    if (!exists)
      return Error(Code::kNotFound,
                   fmt::format("there is no volume at {}; make one with 'walrusfs format'", options.path));
  }
  WFS_ASSIGN(VolumeLock lock, VolumeLock::acquire(options.path));
  if (options.create) WFS_TRY(prepare_new(options.path));
  WFS_ASSIGN(std::unique_ptr<Writer> writer, open_writer(options));
  if (options.create) WFS_TRY(system_files().sync_directory(folder_of(options.path)));
  return std::unique_ptr<Index>(std::make_unique<SqliteIndex>(options.path, std::move(lock), std::move(writer)));
}

}  // namespace walrusfs
