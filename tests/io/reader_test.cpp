// Reading: verified, cached, fetched once.

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <thread>

#include "base/limits.h"
#include "client/faulty_store.h"
#include "tests/io/forwarding_store.h"
#include "tests/io/volume.h"

namespace walrusfs::test {
namespace {

using limits::kKiB;
using limits::kMiB;

// Stops every read until the gate opens, and counts them by range.
class GatedStore final : public ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;
  Result<Bytes> read(const BlobId& blob, ByteRange range, const Verifier& verify, Deadline deadline) override {
    {
      MutexLock lock(mutex_);
      ++reads_[range.offset];
      ++waiting_;
      changed_.notify_all();
      while (!open_) changed_.wait(mutex_);
    }
    return ForwardingStore::read(blob, range, verify, deadline);
  }

  void set_open(bool open) {
    MutexLock lock(mutex_);
    open_ = open;
    changed_.notify_all();
  }
  void wait_for_readers(int count) {
    MutexLock lock(mutex_);
    while (waiting_ < count) changed_.wait(mutex_);
  }
  std::map<uint64_t, int> reads() {
    MutexLock lock(mutex_);
    return reads_;
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  bool open_ GUARDED_BY(mutex_) = true;
  int waiting_ GUARDED_BY(mutex_) = 0;
  std::map<uint64_t, int> reads_ GUARDED_BY(mutex_);
};

class ReaderTest : public testing::Test {
 protected:
  // A volume with one published file.
  Volume& published(const Bytes& bytes, VolumeOptions options = {}, BlobStore* store = nullptr) {
    volume_ = std::make_unique<Volume>(folder_ / "v", store ? *store : store_, options);
    volume_->tree().write("f", 0, bytes);
    volume_->must_publish();
    volume_->drop_cache();
    return *volume_;
  }

  TempFolder folder_;
  MemoryStore store_{walrus_like()};
  std::unique_ptr<Volume> volume_;
};

TEST_F(ReaderTest, AnyRangeIsTheSameRangeOfTheFile) {
  const Bytes bytes = noise(2 * kMiB + 999, 1);
  Volume& volume = published(bytes);
  SeededRng rng(5);
  for (int i = 0; i < 300; ++i) {
    const uint64_t offset = rng.below(bytes.size());
    const uint64_t length = rng.below(std::min<uint64_t>(bytes.size() - offset, 200'000)) + 1;
    const Bytes part(bytes.begin() + static_cast<std::ptrdiff_t>(offset),
                     bytes.begin() + static_cast<std::ptrdiff_t>(offset + length));
    ASSERT_EQ(must(volume.read("f", {offset, length})), part) << offset << "+" << length;
  }
}

TEST_F(ReaderTest, HolesAndBytesBehindTheLastExtentAreZero) {
  Volume volume(folder_ / "v", store_);
  volume.tree().write("f", 10, as_bytes("abc"));
  EXPECT_EQ(must(volume.read("f", {0, 20})), [] {
    Bytes wanted(20);
    std::copy_n("abc", 3, wanted.begin() + 10);
    return wanted;
  }());
}

TEST_F(ReaderTest, AFrameIsFetchedOnceAndThenCached) {
  Volume& volume = published(noise(100 * kKiB, 1));
  for (uint64_t at = 0; at < 100 * kKiB; at += 1000) must(volume.read("f", {at, 1}));
  const uint64_t reads = store_.counters().reads;
  must(volume.read("f"));
  EXPECT_EQ(store_.counters().reads, reads);
}

TEST_F(ReaderTest, ConcurrentReadersFetchAFrameOnce) {
  GatedStore gate(store_);
  const Bytes bytes = noise(900 * kKiB, 1);
  VolumeOptions options;
  options.committer.pack_bytes = 4 * kMiB;
  Volume& volume = published(bytes, options, &gate);
  const auto before = gate.reads();
  gate.set_open(false);
  std::vector<std::thread> readers;
  for (int i = 0; i < 8; ++i) {
    readers.emplace_back([&, i] {
      const uint64_t offset = static_cast<uint64_t>(i) * 50 * kKiB;
      EXPECT_EQ(must(volume.read("f", {offset, 1000})),
                Bytes(bytes.begin() + static_cast<std::ptrdiff_t>(offset),
                      bytes.begin() + static_cast<std::ptrdiff_t>(offset) + 1000));
    });
  }
  gate.set_open(true);
  for (std::thread& reader : readers) reader.join();
  int fetches = 0;
  for (const auto& [offset, count] : gate.reads()) {
    const auto known = before.find(offset);
    fetches += count - (known == before.end() ? 0 : known->second);
  }
  EXPECT_LE(fetches, 2);  // the file may lie in two frames
}

TEST_F(ReaderTest, WhoWaitsForAnothersFetchGivesUpAtItsOwnDeadline) {
  FrameFlights flights;
  const FrameKey key{};
  const auto leader = flights.board(key);
  ASSERT_TRUE(leader.leads);
  const auto other = flights.board(key);
  ASSERT_FALSE(other.leads);
  EXPECT_FALSE(flights.wait(other.flight, system_clock().in(Millis(5))));
  flights.land(key, leader.flight, std::make_shared<const Bytes>(Bytes{1}));
  const auto outcome = flights.wait(other.flight, system_clock().in(Millis(5)));
  ASSERT_TRUE(outcome && outcome->ok());
  EXPECT_TRUE(flights.board(key).leads);
}

TEST_F(ReaderTest, WrongBytesAreNeverReturnedAndNameThePack) {
  Volume& volume = published(noise(300 * kKiB, 1));
  const BlobId blob = must(volume.index().packs(PackState::kCertified)).at(0).blob;
  ASSERT_TRUE(store_.damage(blob, 100'000));
  const auto got = volume.read("f");
  ASSERT_FALSE(got.ok());
  EXPECT_EQ(got.error().code(), Code::kCorrupt);
  EXPECT_THAT(got.error().message(), testing::HasSubstr("pack 1"));
  EXPECT_THAT(got.error().message(), testing::HasSubstr(blob.to_string()));
  ASSERT_TRUE(store_.damage(blob, 100'000));  // the bit flips back
  EXPECT_EQ(must(volume.read("f")), noise(300 * kKiB, 1));
}

TEST_F(ReaderTest, ALyingStoreIsFoundOutEveryTime) {
  SeededRng dice(3);
  FaultyStore liar(store_, dice, {});
  const Bytes bytes = noise(2 * kMiB, 1);
  VolumeOptions options;
  options.committer.pack_bytes = 4 * kMiB;
  Volume& volume = published(bytes, options, &liar);
  liar.set_rates({.unavailable = 100, .wrong_bytes = 300, .short_bytes = 100});
  int failures = 0;
  for (int i = 0; i < 60; ++i) {
    if (i % 5 == 0) volume.drop_cache();
    auto got = volume.read("f");
    if (got.ok()) {
      ASSERT_EQ(*got, bytes);
    } else {
      ++failures;
    }
  }
  EXPECT_GT(failures, 5);
  EXPECT_LT(failures, 60);
}

TEST_F(ReaderTest, ABlobThatIsGoneIsNotFound) {
  Volume& volume = published(noise(1000, 1));
  store_.forget(must(volume.index().packs(PackState::kCertified)).at(0).blob);
  const auto got = volume.read("f");
  ASSERT_FALSE(got.ok());
  EXPECT_EQ(got.error().code(), Code::kNotFound);
}

TEST_F(ReaderTest, BitFlipsInCachedFramesAreMisses) {
  const Bytes bytes = noise(900 * kKiB, 1);
  Volume& volume = published(bytes);
  must(volume.read("f"));
  volume_.reset();  // memory forgets, the files stay
  int flipped = 0;
  for (const auto& item : std::filesystem::recursive_directory_iterator(folder_ / "v/frames")) {
    if (!item.is_regular_file() || item.file_size() < 1000) continue;
    auto file = must(system_files().open(item.path(), Files::Open::kReadWrite));
    uint8_t byte[1];
    must(file->read_at(item.file_size() / 2, byte));
    byte[0] ^= 0x10;
    must(file->write_at(item.file_size() / 2, byte));
    ++flipped;
  }
  ASSERT_GT(flipped, 0);
  Volume again(folder_ / "v", store_);
  const uint64_t before = store_.counters().reads;
  EXPECT_EQ(must(again.read("f")), bytes);
  EXPECT_GT(store_.counters().reads, before);
}

TEST_F(ReaderTest, AWrongKeySaysSo) {
  published(noise(1000, 1));
  SeededRng other(99);
  FrameReader stranger({volume_->index(), volume_->cache(), store_}, pack::AgeIdentity::generate(other));
  Bytes out(10);
  const Status got = stranger.read(PackId{1}, 0, out, Deadline::never());
  ASSERT_FALSE(got.ok());
  EXPECT_EQ(got.error().code(), Code::kWrongKey);
}

TEST_F(ReaderTest, AStagingFileThatWentAwayIsStale) {
  Volume volume(folder_ / "v", store_);
  volume.tree().write("f", "abc");
  const auto old_extents = volume.tree().extents("f");
  volume.must_publish();
  Bytes out(3);
  const Status got = volume.content().read(old_extents, 0, out, Deadline::never());
  ASSERT_FALSE(got.ok());
  EXPECT_EQ(got.error().code(), Code::kStale);
  EXPECT_EQ(volume.text("f"), "abc");
}

TEST_F(ReaderTest, ReadsBeyondAPackAreCorruptNotGarbage) {
  Volume& volume = published(noise(1000, 1));
  Bytes out(100);
  const Status got = volume.frames().read(PackId{1}, kMiB, out, Deadline::never());
  ASSERT_FALSE(got.ok());
  EXPECT_EQ(got.error().code(), Code::kCorrupt);
}

// ---- reading ahead ----

// Tasks wait here until the test runs them.
struct TaskList {
  BackgroundRunner runner() {
    return [this](std::function<void()> task) { tasks.push_back(std::move(task)); };
  }
  void run_all() {
    while (!tasks.empty()) {
      auto task = std::move(tasks.front());
      tasks.erase(tasks.begin());
      task();
    }
  }
  std::vector<std::function<void()>> tasks;
};

TEST_F(ReaderTest, PrefetchFetchesWhatAReaderWillWantAndOnlyOnce) {
  TaskList list;
  VolumeOptions options;
  options.committer.pack_bytes = 8 * kMiB;
  options.run_later = list.runner();
  Volume& volume = published(noise(5 * kMiB, 1), options);
  volume.content().prefetch(volume.tree().extents("f"));
  list.run_all();  // opens the pack, then fetches
  const uint64_t reads = store_.counters().reads;
  for (int i = 0; i < 10; ++i) volume.content().prefetch(volume.tree().extents("f"));
  EXPECT_TRUE(list.tasks.empty());
  EXPECT_EQ(must(volume.read("f")), noise(5 * kMiB, 1));
  EXPECT_EQ(store_.counters().reads, reads);
}

TEST_F(ReaderTest, TasksThatAreDroppedOrOutliveTheReaderDoNoHarm) {
  TaskList list;
  VolumeOptions options;
  options.committer.pack_bytes = 8 * kMiB;
  options.run_later = list.runner();
  Volume& volume = published(noise(3 * kMiB, 1), options);
  must(volume.frames().packs().get(PackId{1}));
  volume.content().prefetch(volume.tree().extents("f"));
  ASSERT_GE(list.tasks.size(), 3u);
  list.tasks.clear();  // a full queue
  volume.content().prefetch(volume.tree().extents("f"));
  EXPECT_GE(list.tasks.size(), 3u) << "a dropped frame may be asked for again";
  const uint64_t reads = store_.counters().reads;
  volume_.reset();
  list.run_all();
  EXPECT_EQ(store_.counters().reads, reads);
}

TEST_F(ReaderTest, PrefetchHasALimit) {
  TaskList list;
  VolumeOptions options;
  options.committer.pack_bytes = 80 * kMiB;
  options.run_later = list.runner();
  Volume& volume = published(Bytes((limits::kPrefetchFrames + 9) * limits::kFrameBytes, 'z'), options);
  must(volume.frames().packs().get(PackId{1}));
  volume.content().prefetch(volume.tree().extents("f"));
  EXPECT_EQ(list.tasks.size(), limits::kPrefetchFrames);
}

TEST_F(ReaderTest, PackTableStaysWithinItsBound) {
  Volume volume(folder_ / "v", store_);
  for (int i = 0; i < 6; ++i) {
    volume.tree().write("f", "version " + std::to_string(i));
    volume.must_publish();
  }
  PackTable table(volume.index(), test_identity(), 20);  // two packs of one or two frames
  for (uint64_t id = 1; id <= 6; ++id) must(table.get(PackId{id}));
  EXPECT_EQ(table.peek(PackId{1}), nullptr);
  EXPECT_NE(table.peek(PackId{6}), nullptr);
  EXPECT_FALSE(table.get(PackId{77}).ok());
}

}  // namespace
}  // namespace walrusfs::test
