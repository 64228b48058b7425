// Readers in several threads while batches are committed: every answer is one committed state.
#include <atomic>
#include <thread>

#include "tests/meta/fixture.h"

// SQLite's readers look at the shared head of the log without a lock and check it afterwards; it is
// not built with the sanitizer, which sees only its calls of memcpy.
extern "C" const char* __tsan_default_suppressions();
extern "C" const char* __tsan_default_suppressions() { return "called_from_lib:libsqlite3.so\nrace:libsqlite3.so\n"; }

namespace walrusfs::test {
namespace {

using ::testing::IsEmpty;

constexpr uint64_t kFiles = 50;
constexpr int kCommits = 150;

// In state `round` every file has size round, one extent of that length, and a name that tells it.
Batch state_of(uint64_t round) {
  Batch batch;
  batch.inodes = {folder(1)};
  for (uint64_t id = 2; id < 2 + kFiles; ++id) {
    batch.inodes.push_back(file(id, round));
    batch.inodes.back().extents = {spooled(0, round, 1, 0)};
    if (round > 1) batch.entries.push_back(no_name(1, std::to_string(id) + "-" + std::to_string(round - 1)));
    batch.entries.push_back(name_of(1, std::to_string(id) + "-" + std::to_string(round), id, round * 100 + id));
  }
  batch.next_inode = 2 + kFiles;
  batch.next_cookie = round * 100 + 100;
  batch.next_staging = 2;
  return batch;
}

void expect_one_state(const std::vector<ListedEntry>& entries) {
  ASSERT_EQ(entries.size(), kFiles);
  const uint64_t round = entries[0].inode.size;
  for (const ListedEntry& entry : entries) {
    EXPECT_EQ(entry.inode.size, round);
    EXPECT_EQ(entry.name, std::to_string(raw(entry.inode.id)) + "-" + std::to_string(round));
  }
}

void read_until(Index& index, const std::atomic<bool>& done, uint64_t thread) {
  for (uint64_t i = thread; !done; ++i) {
    const InodeId id{2 + i % kFiles};
    EXPECT_TRUE(must(index.inode(id)).has_value());
    EXPECT_EQ(must(index.extents(id)).size(), 1u);
    (void)must(index.lookup(kRootInode, "no such name"));
    expect_one_state(must(index.list(kRootInode, 0, 1000)));
    auto snapshot = must(index.snapshot());
    const Sequence before = snapshot->sequence();
    const ChangedRows changed = must(snapshot->changed_since(Sequence{raw(before) - 1}));
    EXPECT_EQ(changed.inodes.size(), kFiles + 1);
    EXPECT_EQ(must(snapshot->extents(id))[0].length, raw(before));
  }
}

TEST_F(IndexTest, ReadersSeeWholeTransactionsWhileBatchesAreCommitted) {
  must(index_->commit(state_of(1)));
  std::atomic<bool> done{false};
  std::vector<std::thread> readers;
  for (uint64_t thread = 0; thread < 4; ++thread)
    readers.emplace_back([&, thread] { read_until(*index_, done, thread); });
  for (uint64_t round = 2; round < kCommits; ++round) must(index_->commit(state_of(round)));
  done = true;
  for (auto& reader : readers) reader.join();
  EXPECT_THAT(check(), IsEmpty());
}

TEST_F(IndexTest, WritersTakeTurns) {
  must(index_->commit(state_of(1)));
  std::vector<std::thread> writers;
  for (int thread = 0; thread < 3; ++thread)
    writers.emplace_back([this, thread] {
      for (int i = 0; i < 20; ++i) {
        Batch batch;
        batch.inodes = {folder(1)};
        if (thread == 0) must(index_->commit(batch));
        if (thread == 1) must(index_->set_setting("key", std::to_string(i)));
        if (thread == 2) must(index_->next_pack_id());
      }
    });
  for (auto& writer : writers) writer.join();
  EXPECT_EQ(raw(must(index_->counters()).last_sequence), 21u);
  EXPECT_EQ(raw(must(index_->next_pack_id())), 21u);
}

}  // namespace
}  // namespace walrusfs::test
