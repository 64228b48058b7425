// The committer when the world is against it.

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <thread>

#include "base/limits.h"
#include "base/testing/faulty_files.h"
#include "client/faulty_store.h"
#include "fs/io/pack_limit.h"
#include "tests/io/forwarding_store.h"
#include "tests/io/volume.h"

namespace walrusfs::test {
namespace {

using limits::kKiB;
using limits::kMiB;

class CommitterTroubleTest : public testing::Test {
 protected:
  static VolumeOptions packs_of(uint64_t bytes) {
    VolumeOptions options;
    options.committer.pack_bytes = bytes;
    return options;
  }

  TempFolder folder_;
  MemoryStore store_{walrus_like()};
  SeededRng dice_{11};
  FaultyStore faulty_{store_, dice_, {}};
};

// A publisher that refuses blobs above a size which it does not tell.
class StrictStore final : public ForwardingStore {
 public:
  StrictStore(BlobStore& inner, uint64_t limit) : ForwardingStore(inner), limit_(limit) {}
  Result<StoreReceipt> store(const StoreRequest& request, Deadline deadline) override {
    ++tries_;
    if (request.size_bytes > limit_) return Error(Code::kTooLarge, "413 Payload Too Large");
    return ForwardingStore::store(request, deadline);
  }

  int tries_ = 0;

 private:
  const uint64_t limit_;
};

TEST_F(CommitterTroubleTest, ARefusedPackIsHalvedRepackedFromTheSameCutAndRemembered) {
  StrictStore strict(store_, 600 * kKiB);
  const Bytes bytes = noise(3 * kMiB, 1);
  {
    Volume volume(folder_ / "v", strict, packs_of(2 * kMiB));
    volume.tree().write("f", 0, bytes);
    volume.must_publish();
    EXPECT_LE(volume.committer().status().pack_limit_bytes, 512 * kKiB);
    EXPECT_EQ(strict.tries_,
              2 + static_cast<int>(store_.counters().stores));  // nearly 2 MiB and nearly 1 MiB were refused
    EXPECT_EQ(must(volume.read("f")), bytes);
  }
  strict.tries_ = 0;
  const uint64_t before = store_.counters().stores;
  Volume again(folder_ / "v", strict, packs_of(2 * kMiB));
  again.tree().write("g", 0, noise(2 * kMiB, 2));
  again.must_publish();
  EXPECT_EQ(strict.tries_, static_cast<int>(store_.counters().stores - before));
}

TEST_F(CommitterTroubleTest, ALearnedLimitIsForgottenWhenTheConfigurationChanges) {
  Volume volume(folder_ / "v", store_);
  PackLimit limit(volume.index(), {8 * kMiB, 10 * kMiB, limits::kGiB});
  EXPECT_TRUE(must(limit.too_large(8 * kMiB)));
  EXPECT_EQ(limit.bytes(), 4 * kMiB);
  EXPECT_EQ(PackLimit(volume.index(), {8 * kMiB, 10 * kMiB, limits::kGiB}).bytes(), 4 * kMiB);
  EXPECT_EQ(PackLimit(volume.index(), {9 * kMiB, 10 * kMiB, limits::kGiB}).bytes(), 9 * kMiB);
  EXPECT_EQ(PackLimit(volume.index(), {8 * kMiB, 6 * kMiB, limits::kGiB}).bytes(), 6 * kMiB);
}

TEST_F(CommitterTroubleTest, PacksDoNotShrinkBelowTheSmallest) {
  Volume volume(folder_ / "v", store_);
  PackLimit limit(volume.index(), {2 * limits::kSmallestPackBytes, limits::kGiB, limits::kGiB});
  EXPECT_TRUE(must(limit.too_large(2 * limits::kSmallestPackBytes)));
  EXPECT_EQ(limit.bytes(), limits::kSmallestPackBytes);
  EXPECT_FALSE(must(limit.too_large(limits::kSmallestPackBytes)));
  EXPECT_EQ(limit.bytes(), limits::kSmallestPackBytes);
}

TEST_F(CommitterTroubleTest, ASmallFileIsTooLargeForNobodyButIsReported) {
  StrictStore strict(store_, 10);
  Volume volume(folder_ / "v", strict);
  volume.tree().write("f", "x");
  EXPECT_FALSE(volume.publish(30));
  EXPECT_THAT(volume.committer().status().last_error, testing::HasSubstr("cannot become smaller"));
  EXPECT_EQ(volume.text("f"), "x");
}

TEST_F(CommitterTroubleTest, APublisherThatIsAwayLosesNothingAndIsTriedLessAndLess) {
  Volume volume(folder_ / "v", faulty_);
  volume.tree().write("f", 0, noise(200 * kKiB, 1));
  store_.set_available(false);
  EXPECT_FALSE(volume.publish(12));
  const CommitterStatus down = volume.committer().status();
  EXPECT_GT(down.failures_in_a_row, 5u);
  EXPECT_NE(down.last_error, "");
  EXPECT_EQ(down.doing, "waiting to try again");
  EXPECT_GE(volume.committer().step(), Millis(16'000));
  EXPECT_EQ(must(volume.read("f")), noise(200 * kKiB, 1));

  store_.set_available(true);
  volume.must_publish();
  EXPECT_EQ(volume.committer().status().failures_in_a_row, 0u);
  EXPECT_EQ(volume.committer().status().last_error, "");
  EXPECT_EQ(store_.counters().stores, 1u);
}

TEST_F(CommitterTroubleTest, AFlushDoesNotWaitForTheBackoff) {
  Volume volume(folder_ / "v", faulty_);
  volume.tree().write("f", "x");
  store_.set_available(false);
  EXPECT_FALSE(volume.publish(12));
  store_.set_available(true);
  int woken = 0;
  volume.committer().set_waker([&] { ++woken; });
  volume.committer().request_flush();
  EXPECT_EQ(woken, 1);
  EXPECT_EQ(volume.committer().step(), Millis(0));
  EXPECT_EQ(store_.counters().stores, 1u);
}

TEST_F(CommitterTroubleTest, ALostAnswerIsNotStoredTwice) {
  Volume volume(folder_ / "v", faulty_);
  volume.tree().write("f", "x");
  faulty_.set_rates({.lost_answer = 1000});
  EXPECT_FALSE(volume.publish(3));
  faulty_.set_rates({});
  volume.must_publish();
  EXPECT_EQ(store_.blobs().size(), 1u);
  EXPECT_EQ(store_.counters().stores, 1u);
  EXPECT_EQ(store_.counters().stores_of_known, 0u);
}

TEST_F(CommitterTroubleTest, EveryKindOfFaultInTheEndPublishesEachBlobOnce) {
  Volume volume(folder_ / "v", faulty_);
  faulty_.set_rates({.unavailable = 150, .timeout = 150, .wrong_bytes = 100, .short_bytes = 50, .lost_answer = 200});
  for (int i = 0; i < 12; ++i) {
    volume.tree().write("f" + std::to_string(i), 0, noise(250 * kKiB, i));
    EXPECT_TRUE(volume.publish(2000)) << volume.committer().status().last_error;
  }
  faulty_.set_rates({});
  volume.drop_cache();
  for (int i = 0; i < 12; ++i) EXPECT_EQ(must(volume.read("f" + std::to_string(i))), noise(250 * kKiB, i));
  EXPECT_EQ(store_.blobs().size(), must(volume.index().packs(PackState::kCertified)).size());
}

TEST_F(CommitterTroubleTest, WhatIsReadBackDifferentlyIsNotCertified) {
  // A publisher that says yes and keeps something else.
  class ForgetfulStore final : public ForwardingStore {
   public:
    explicit ForgetfulStore(MemoryStore& inner) : ForwardingStore(inner), memory_(inner) {}
    Result<StoreReceipt> store(const StoreRequest& request, Deadline d) override {
      WFS_ASSIGN(StoreReceipt receipt, memory_.store(request, d));
      if (damage_) memory_.damage(request.blob, request.size_bytes / 2);
      if (forget_) memory_.forget(request.blob);
      return receipt;
    }
    bool damage_ = false, forget_ = false;

   private:
    MemoryStore& memory_;
  };
  ForgetfulStore forgetful(store_);
  forgetful.forget_ = true;
  Volume volume(folder_ / "v", forgetful);
  volume.tree().write("f", 0, noise(10'000, 1));
  EXPECT_FALSE(volume.publish(10));
  EXPECT_TRUE(volume.tree().has_spool_bytes());
  forgetful.forget_ = false;
  forgetful.damage_ = true;
  EXPECT_FALSE(volume.publish(10));
  EXPECT_TRUE(volume.tree().has_spool_bytes());
  EXPECT_THAT(volume.committer().status().last_error, testing::HasSubstr("reading back"));
  forgetful.damage_ = false;
  for (const BlobId& blob : store_.blobs()) store_.damage(blob, must(store_.content(blob)).size() / 2);
  volume.must_publish();
  EXPECT_EQ(must(volume.index().packs(PackState::kCertified)).at(0).certified_by, "publisher");
}

TEST_F(CommitterTroubleTest, AFailedAdoptionIsRepeatedWithoutStoringAgain) {
  Volume volume(folder_ / "v", store_);
  volume.tree().write("f", "x");
  volume.tree().fail_adoption_ = Error(Code::kIo, "the disk of the index failed");
  volume.must_publish();
  EXPECT_EQ(store_.counters().stores + store_.counters().stores_of_known, 1u);
}

TEST_F(CommitterTroubleTest, APackFileThatIsGoneOrCutShortIsMadeAgain) {
  for (const bool gone : {true, false}) {
    const std::string folder = folder_ / (gone ? "gone" : "short");
    std::string path;
    {
      Volume volume(folder, store_);
      volume.tree().write("f", 0, noise(100 * kKiB, 1));
      volume.tree().journal();
      volume.committer().request_flush();
      volume.step();
      volume.step();
      path = volume.spool().pack_path(PackId{1});
    }
    if (gone) {
      ASSERT_TRUE(std::filesystem::remove(path));
    } else {
      std::filesystem::resize_file(path, 5000);
    }
    Volume volume(folder, store_);
    volume.must_publish();
    volume.drop_cache();
    EXPECT_EQ(must(volume.read("f")), noise(100 * kKiB, 1));
  }
}

TEST_F(CommitterTroubleTest, APackFileThatRottedIsMadeAgain) {
  std::string path;
  {
    Volume volume(folder_ / "v", store_);
    volume.tree().write("f", 0, noise(100 * kKiB, 1));
    volume.tree().journal();
    volume.committer().request_flush();
    volume.step();
    volume.step();
    path = volume.spool().pack_path(PackId{1});
  }
  {
    auto file = must(system_files().open(path, Files::Open::kReadWrite));
    const uint8_t other[] = {1, 2, 3};
    must(file->write_at(50'000, other));
  }
  Volume volume(folder_ / "v", store_);
  volume.must_publish();
  volume.drop_cache();
  EXPECT_EQ(must(volume.read("f")), noise(100 * kKiB, 1));
}

TEST_F(CommitterTroubleTest, AFullDiskMakesSmallerPacksAndIsReported) {
  FaultyFiles disk(system_files());
  VolumeOptions options = packs_of(2 * kMiB);
  options.files = &disk;
  Volume volume(folder_ / "v", store_, options);
  volume.tree().write("f", 0, noise(3 * kMiB, 1));
  volume.tree().journal();
  disk.fail({.ops = kOpWrite, .nth = 20, .errno_value = ENOSPC, .path_part = "/packs/"});
  volume.committer().request_flush();
  volume.step();  // cut
  volume.step();  // build: no room
  EXPECT_THAT(volume.committer().status().last_error, testing::HasSubstr("full"));
  EXPECT_EQ(volume.spool().usage().pack_bytes, 0u);
  volume.step();  // build: smaller
  EXPECT_EQ(volume.committer().status().pack_limit_bytes, kMiB);
  volume.must_publish();
  EXPECT_EQ(volume.committer().status().last_error, "");
  EXPECT_EQ(must(volume.read("f")), noise(3 * kMiB, 1));
}

TEST_F(CommitterTroubleTest, ADiskThatStaysFullKeepsEverything) {
  FaultyFiles disk(system_files());
  VolumeOptions options;
  options.files = &disk;
  Volume volume(folder_ / "v", store_, options);
  volume.tree().write("f", 0, noise(500 * kKiB, 1));
  volume.tree().journal();
  disk.fail({.ops = kOpWrite, .errno_value = ENOSPC, .stays = true, .path_part = "/packs/"});
  EXPECT_FALSE(volume.publish(20));
  EXPECT_EQ(must(volume.read("f")), noise(500 * kKiB, 1));
  disk.clear_faults();
  volume.must_publish();
}

TEST_F(CommitterTroubleTest, CancelEndsWaitingAndTheNextMountGoesOn) {
  {
    Volume volume(folder_ / "v", store_);
    volume.tree().write("f", 0, noise(100 * kKiB, 1));
    const Sequence wanted = volume.tree().journal();
    volume.committer().request_flush();
    volume.step();
    volume.step();  // built, not sent
    std::thread waiter([&] {
      const Status waited = volume.committer().wait_published(wanted, Deadline::never());
      EXPECT_EQ(waited.error().code(), Code::kCancelled);
    });
    volume.committer().cancel();
    waiter.join();
    EXPECT_GT(volume.committer().step(), Millis(60'000));
    EXPECT_EQ(store_.counters().stores, 0u);
  }
  Volume volume(folder_ / "v", store_);
  volume.must_publish();
  EXPECT_EQ(store_.counters().stores, 1u);
}

TEST_F(CommitterTroubleTest, WaitersHearOfSuccessAndOfTheLastErrorAtTheirDeadline) {
  Volume volume(folder_ / "v", store_);
  volume.tree().write("f", "x");
  const Sequence wanted = volume.tree().journal();
  store_.set_available(false);
  volume.committer().request_flush();
  for (int i = 0; i < 5; ++i) volume.step();
  const Status late = volume.committer().wait_published(wanted, Deadline(std::chrono::steady_clock::now() - Millis(1)));
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().code(), Code::kTimeout);
  store_.set_available(true);
  std::thread waiter([&] { must(volume.committer().wait_published(wanted, Deadline::never())); });
  volume.must_publish();
  waiter.join();
}

}  // namespace
}  // namespace walrusfs::test
