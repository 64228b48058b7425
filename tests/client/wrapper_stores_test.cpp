// The stores that wrap another one, and what is built on any store.
#include <condition_variable>

#include "base/testing/manual_clock.h"
#include "client/faulty_store.h"
#include "client/limit_store.h"
#include "client/log_store.h"
#include "client/memory_store.h"
#include "client/pause.h"
#include "client/read_back.h"
#include "client/retry_store.h"
#include "tests/client/blob_store_suite.h"

namespace walrusfs::testing {
namespace {

using ::testing::HasSubstr;

class WrappedUnderTest : public StoreUnderTest {
 public:
  Clock& clock() override { return clock_; }
  BlobId id_of(ByteView content) override { return digest_blob_id(content).value(); }
  void damage(const BlobId& blob, uint64_t offset) override { ASSERT_TRUE(memory_.damage(blob, offset)); }

 protected:
  ManualClock clock_;
  SeededRng rng_{1};
  MemoryStore memory_{{.max_blob_bytes = 1 << 20}};
};

class RetryUnderTest final : public WrappedUnderTest {
 public:
  BlobStore& store() override { return retry_; }

 private:
  // A third of all calls fails and is tried again.
  FaultyStore faulty_{memory_, rng_, {.unavailable = 200, .timeout = 100}};
  RetryStore retry_{faulty_, clock_, rng_, {.attempts = 50, .first_pause = Millis(1), .longest_pause = Millis(2)}};
};

class LimitUnderTest final : public WrappedUnderTest {
 public:
  BlobStore& store() override { return limit_; }

 private:
  LimitStore limit_{memory_, clock_, {.reads = 1, .stores = 1}};
};

class LogUnderTest final : public WrappedUnderTest {
 public:
  BlobStore& store() override { return log_; }

 private:
  LogStore log_{memory_, clock_, "suite"};
};

class StackUnderTest final : public WrappedUnderTest {
 public:
  BlobStore& store() override { return retry_; }

 private:
  LogStore log_{memory_, clock_, "suite"};
  LimitStore limit_{log_, clock_, {.reads = 2, .stores = 2}};
  RetryStore retry_{limit_, clock_, rng_};
};

INSTANTIATE_TEST_SUITE_P(Wrapped, BlobStoreSuite,
                         ::testing::Values(StoreMaker{"Log", [] { return std::make_unique<LogUnderTest>(); }},
                                           StoreMaker{"Limit", [] { return std::make_unique<LimitUnderTest>(); }},
                                           StoreMaker{"LogLimitRetry",
                                                      [] { return std::make_unique<StackUnderTest>(); }}),
                         suite_case_name);

INSTANTIATE_TEST_SUITE_P(WrappedFaulty, BlobStoreSuite,
                         ::testing::Values(StoreMaker{"Retry", [] { return std::make_unique<RetryUnderTest>(); }}),
                         suite_case_name);

class RetryStoreTest : public ::testing::Test {
 protected:
  Result<BlobStatus> status(BlobStore& store) { return store.status(BlobId{}, clock_.in(Millis(3'600'000))); }

  ManualClock clock_;
  SeededRng rng_{2};
  MemoryStore memory_;
  FaultyStore faulty_{memory_, rng_, {}};
};

TEST_F(RetryStoreTest, AttemptsAreBoundedAndCounted) {
  RetryStore retry(faulty_, clock_, rng_, {.attempts = 3});
  faulty_.fail_next(2, Code::kUnavailable);
  EXPECT_CODE(status(retry), Code::kNotFound);  // the third attempt reached the network

  faulty_.fail_next(3, Code::kTimeout);
  auto failed = status(retry);
  EXPECT_CODE(failed, Code::kTimeout);
  EXPECT_THAT(failed.error().message(), HasSubstr("after 3 attempts"));
  EXPECT_EQ(faulty_.faults(), 5u);
}

TEST_F(RetryStoreTest, WhatCannotGetBetterIsNotTriedAgain) {
  RetryStore retry(faulty_, clock_, rng_);
  for (Code code : {Code::kCorrupt, Code::kNotFound, Code::kTooLarge, Code::kPermission, Code::kNoSpace}) {
    const uint64_t before = faulty_.faults();
    faulty_.fail_next(2, code);
    EXPECT_CODE(status(retry), code);
    EXPECT_EQ(faulty_.faults(), before + 1);
  }
}

TEST_F(RetryStoreTest, ExtendingIsNeverTriedAgainAsItWouldBePaidTwice) {
  RetryStore retry(faulty_, clock_, rng_);
  faulty_.fail_next(2, Code::kTimeout);
  EXPECT_CODE(retry.extend("0x1", 1, Deadline::never()), Code::kTimeout);
  EXPECT_EQ(faulty_.faults(), 1u);
}

TEST_F(RetryStoreTest, PausesGrowAreBoundedAndDiffer) {
  RetryStore retry(faulty_, clock_, rng_, {.attempts = 40, .first_pause = Millis(100), .longest_pause = Millis(1'000)});
  faulty_.fail_next(40, Code::kUnavailable);
  const auto start = clock_.monotonic();
  EXPECT_CODE(status(retry), Code::kUnavailable);
  const auto took = std::chrono::duration_cast<Millis>(clock_.monotonic() - start);
  EXPECT_LE(took, Millis(100 + 200 + 400 + 800 + 35 * 1'000));
  EXPECT_GE(took, Millis(10'000)) << "about half of the bound on average";
}

TEST_F(RetryStoreTest, APauseThatWouldOutlastTheDeadlineIsNotBegun) {
  RetryStore retry(faulty_, clock_, rng_, {.attempts = 100, .first_pause = Millis(1'000)});
  faulty_.fail_next(1'000, Code::kUnavailable);
  const Deadline deadline = clock_.in(Millis(5'000));
  EXPECT_CODE(retry.status(BlobId{}, deadline), Code::kUnavailable);
  EXPECT_FALSE(clock_.passed(deadline));
}

TEST_F(RetryStoreTest, CancellingEndsThePause) {
  CancelToken cancel;
  RetryStore retry(faulty_, clock_, rng_, {.attempts = 100, .first_pause = Millis(60'000), .cancel = &cancel});
  faulty_.fail_next(1'000, Code::kUnavailable);
  cancel.cancel();
  EXPECT_CODE(status(retry), Code::kCancelled);
  EXPECT_EQ(faulty_.faults(), 1u);
}

TEST(PauseFor, SleepsExactlyOrNotAtAll) {
  ManualClock clock;
  const auto start = clock.monotonic();
  EXPECT_TRUE(pause_for(clock, Millis(1'234), clock.in(Millis(2'000)), nullptr).ok());
  EXPECT_EQ(clock.monotonic() - start, Millis(1'234));
  EXPECT_CODE(pause_for(clock, Millis(2'000), clock.in(Millis(2'000)), nullptr), Code::kTimeout);
  EXPECT_EQ(clock.monotonic() - start, Millis(1'234));
}

// Lets reads in, tells how many, and holds them until it is told to let go.
class HoldingStore final : public BlobStore {
 public:
  Result<Bytes> read(const BlobId&, ByteRange, const Verifier&, Deadline) override { return hold(Bytes{}); }
  Result<StoreReceipt> store(const StoreRequest&, Deadline) override { return hold(StoreReceipt{}); }
  Result<BlobStatus> status(const BlobId&, Deadline) override { return BlobStatus{}; }
  Status extend(const std::string&, uint32_t, Deadline) override { return ok_status(); }
  Status remove(const std::string&, Deadline) override { return ok_status(); }
  uint64_t max_blob_bytes() const override { return 1; }
  Result<uint32_t> shard_count(Deadline) override { return 10u; }

  void wait_for_inside(int wanted) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return inside_ == wanted; });
  }
  void let_go() {
    std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  int most_inside() {
    std::lock_guard lock(mutex_);
    return most_inside_;
  }

 private:
  template <typename T>
  T hold(T value) {
    std::unique_lock lock(mutex_);
    most_inside_ = std::max(most_inside_, ++inside_);
    changed_.notify_all();
    changed_.wait(lock, [&] { return open_; });
    --inside_;
    return value;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
  int inside_ = 0;
  int most_inside_ = 0;
};

TEST(LimitStore, NoMoreThanTheLimitAreInsideAndAllGetTheirTurn) {
  HoldingStore holding;
  LimitStore limit(holding, system_clock(), {.reads = 2, .stores = 1});
  std::vector<std::thread> threads;
  std::atomic<int> done{0};
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&] {
      if (limit.read(BlobId{}, {0, 1}, accept_unverified, Deadline::never()).ok()) ++done;
    });
  }
  holding.wait_for_inside(2);
  holding.let_go();
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(done, 6);
  EXPECT_EQ(holding.most_inside(), 2);
}

TEST(LimitStore, WaitingEndsAtTheDeadlineAndWhenCancelled) {
  HoldingStore holding;
  LimitStore limit(holding, system_clock(), {.reads = 1, .stores = 1});
  std::thread first([&] { EXPECT_TRUE(limit.store({}, Deadline::never()).ok()); });
  holding.wait_for_inside(1);
  EXPECT_CODE(limit.store({}, system_clock().in(Millis(20))), Code::kTimeout);
  CancelToken cancel;
  cancel.cancel();
  StoreRequest cancelled;
  cancelled.cancel = &cancel;
  EXPECT_CODE(limit.store(cancelled, Deadline::never()), Code::kCancelled);
  EXPECT_TRUE(limit.status(BlobId{}, Deadline::never()).ok()) << "uploads do not block reads";
  holding.let_go();
  first.join();
}

class ReadBackTest : public ::testing::Test {
 protected:
  ReadBackTest() : content_(random_bytes(1, 10'000)), id_(digest_blob_id(content_).value()), file_(content_) {
    EXPECT_TRUE(memory_.store({.blob = id_, .content = &file_, .size_bytes = 10'000}, Deadline::never()).ok());
  }
  Status check(const ReadBackOptions& options = {.step_bytes = 3'000}) {
    return read_back(memory_, id_, file_, content_.size(), options, Deadline::never());
  }

  MemoryStore memory_;
  const Bytes content_;
  const BlobId id_;
  MemoryFile file_;
};

TEST_F(ReadBackTest, EveryByteIsReadOnceAndProgressIsTold) {
  std::vector<uint64_t> done;
  ReadBackOptions options{.step_bytes = 3'000};
  options.on_progress = [&](uint64_t bytes, uint64_t total) {
    EXPECT_EQ(total, 10'000u);
    done.push_back(bytes);
  };
  EXPECT_TRUE(check(options).ok());
  EXPECT_EQ(done, (std::vector<uint64_t>{3'000, 6'000, 9'000, 10'000}));
  EXPECT_EQ(memory_.counters().read_bytes, 10'000u);
}

TEST_F(ReadBackTest, OneWrongBitAnywhereIsFound) {
  for (uint64_t offset : {0, 2'999, 3'000, 9'999}) {
    ASSERT_TRUE(memory_.damage(id_, offset));
    EXPECT_CODE(check(), Code::kCorrupt);
    ASSERT_TRUE(memory_.damage(id_, offset));  // flips it back
  }
  EXPECT_TRUE(check().ok());
}

TEST_F(ReadBackTest, ALocalFileThatIsTooShortIsTold) {
  EXPECT_CODE(read_back(memory_, id_, file_, 10'001, {}, Deadline::never()), Code::kStale);
}

TEST_F(ReadBackTest, AnUnknownBlobALostFileAndACancelAreTold) {
  file_.fail_from(6'000);
  EXPECT_CODE(check(), Code::kIo);
  CancelToken cancel;
  cancel.cancel();
  EXPECT_CODE(check({.cancel = &cancel}), Code::kCancelled);
  ASSERT_TRUE(memory_.forget(id_));
  EXPECT_CODE(check(), Code::kNotFound);
}

}  // namespace
}  // namespace walrusfs::testing
