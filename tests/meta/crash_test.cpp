// kill -9 at random moments: everything acknowledged is there, and the index is sound.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "base/rng.h"
#include "tests/meta/fixture.h"

namespace walrusfs::test {
namespace {

using ::testing::IsEmpty;

constexpr int kCrashes = 12;

// Files come and go, every step moves one and rewrites its extents; now and then a pack is certified.
class Story {
 public:
  explicit Story(Index& index, uint64_t seed) : index_(index), rng_(seed), counters_(must(index.counters())) {}

  Sequence step() {
    if (rng_.below(8) == 0) store_pack();
    Batch batch;
    const uint64_t id = counters_.next_inode++;
    const uint64_t staging = counters_.next_staging++;
    batch.inodes = {folder(1), file(id, 500)};
    batch.inodes[1].extents = {spooled(0, 300, staging, 0), spooled(400, 100, staging, 400)};
    batch.inodes[1].xattrs = Xattrs{{"user.id", Bytes(rng_.below(3000), 7)}};
    batch.entries = {name_of(1, "f" + std::to_string(id), id, counters_.next_cookie++)};
    remove_oldest(batch);
    batch.next_inode = counters_.next_inode;
    batch.next_cookie = counters_.next_cookie;
    batch.next_staging = counters_.next_staging;
    return must(index_.commit(batch));
  }

 private:
  void remove_oldest(Batch& batch) {
    const auto names = must(index_.list(kRootInode, 0, 40));
    if (names.size() < 40) return;
    batch.entries.push_back({kRootInode, names[0].name, std::nullopt});
    batch.inodes.push_back(gone(raw(names[0].target.child)));
  }
  void store_pack() {
    const Sequence cut = must(index_.counters()).last_sequence;
    if (raw(cut) == 0 || cut == must(index_.published())) return;
    for (const PackRow& built : must(index_.packs(PackState::kBuilt))) must(index_.drop_built_pack(built.id));
    PackRow pack = pack_row(must(index_.next_pack_id()), raw(cut));
    pack.previous_cut = must(index_.published());
    std::vector<PackedRange> ranges;
    for (const auto& [staging, bytes] : must(index_.staging_in_use())) ranges.push_back({staging, 0, 200, 0});
    must(index_.add_built_pack(pack, two_frames(), ranges));
    must(index_.certify_pack(pack));
  }

  Index& index_;
  SeededRng rng_;
  Counters counters_;
};

// Tells every sequence that commit() returned.
[[noreturn]] void run_until_killed(const std::string& path, uint64_t seed, int acknowledgements) {
  auto index = must(Index::open({.path = path}));
  Story story(*index, seed);
  for (;;) {
    const Sequence done = story.step();
    if (write(acknowledgements, &done, sizeof done) != sizeof done) _exit(1);
  }
}

// The last sequence that the child told before it was killed; `seen` of them are waited for.
Sequence run_and_kill(const std::string& path, uint64_t seed, uint64_t wait_for, uint64_t extra_us) {
  int told[2];
  if (pipe(told) != 0) return {};
  const pid_t child = fork();
  if (child == 0) {
    close(told[0]);
    run_until_killed(path, seed, told[1]);
  }
  close(told[1]);
  Sequence last{}, one{};
  for (uint64_t i = 0; i < wait_for && read(told[0], &one, sizeof one) == sizeof one; ++i) last = one;
  std::this_thread::sleep_for(std::chrono::microseconds(extra_us));
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  while (read(told[0], &one, sizeof one) == sizeof one) last = one;
  close(told[0]);
  return last;
}

TEST(Crash, WhatWasAcknowledgedIsThereAndTheIndexIsSound) {
  TempFolder folder;
  const std::string path = folder / "index";
  {
    auto index = must(Index::open({.path = path, .create = true}));
    Batch root;
    root.inodes = {walrusfs::test::folder(1)};
    must(index->commit(root));
  }
  SeededRng rng(4);
  for (int crash = 0; crash < kCrashes; ++crash) {
    SCOPED_TRACE(testing::Message() << "seed 4, crash " << crash);
    const Sequence acknowledged = run_and_kill(path, rng.next(), 1 + rng.below(30), rng.below(4000));
    auto index = must(Index::open({.path = path}));
    ASSERT_GT(raw(acknowledged), 0u);
    EXPECT_GE(must(index->counters()).last_sequence, acknowledged);
    ASSERT_THAT(must(index->check()), IsEmpty());
  }
}

}  // namespace
}  // namespace walrusfs::test
