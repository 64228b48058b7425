// What every BlobStore promises, as one suite: include this, then
//   INSTANTIATE_TEST_SUITE_P(Memory, BlobStoreSuite, ::testing::Values(make_memory), suite_case_name);
// Each case gets a fresh store. Include it in one file of a test program only.
#pragma once

#include <functional>
#include <memory>
#include <thread>

#include "base/limits.h"
#include "tests/client/helpers.h"

namespace walrusfs::testing {

// A store with the little power over its network that the suite needs.
class StoreUnderTest {
 public:
  virtual ~StoreUnderTest() = default;
  virtual BlobStore& store() = 0;
  virtual Clock& clock() = 0;
  virtual BlobId id_of(ByteView content) = 0;
  // From now on the network serves this byte wrongly.
  virtual void damage(const BlobId& blob, uint64_t offset) = 0;
};

struct StoreMaker {
  std::string name;
  std::function<std::unique_ptr<StoreUnderTest>()> make;
};

inline void PrintTo(const StoreMaker& maker, std::ostream* out) { *out << maker.name; }

class BlobStoreSuite : public ::testing::TestWithParam<StoreMaker> {
 protected:
  BlobStoreSuite() : under_test_(GetParam().make()) {}

  BlobStore& store() { return under_test_->store(); }
  Deadline soon() { return under_test_->clock().in(Millis(60'000)); }

  Result<StoreReceipt> put(ByteView content, BlobId id, uint32_t epochs = 3) {
    MemoryFile file(to_bytes(content));
    StoreRequest request{.blob = id, .content = &file, .size_bytes = content.size(), .epochs = epochs};
    return store().store(request, soon());
  }
  BlobId put_ok(ByteView content) {
    const BlobId id = under_test_->id_of(content);
    auto receipt = put(content, id);
    EXPECT_TRUE(receipt.ok()) << receipt.error().to_string();
    return id;
  }
  Result<Bytes> get(const BlobId& id, ByteRange range) { return store().read(id, range, accept_unverified, soon()); }

  std::unique_ptr<StoreUnderTest> under_test_;
};

TEST_P(BlobStoreSuite, WhatWasStoredIsReadBackWholeAndInParts) {
  const Bytes content = random_bytes(1, 70'001);
  const BlobId id = put_ok(content);
  for (ByteRange range : {ByteRange{0, 70'001}, ByteRange{0, 1}, ByteRange{70'000, 1}, ByteRange{1234, 56'789}}) {
    const ByteView wanted = ByteView(content).subspan(range.offset, range.length);
    auto got = store().read(id, range, expect_bytes(wanted), soon());
    ASSERT_TRUE(got.ok()) << got.error().to_string();
    EXPECT_EQ(*got, to_bytes(wanted));
  }
}

TEST_P(BlobStoreSuite, AnEmptyRangeNeedsNoNetwork) {
  auto got = get(BlobId{}, {5, 0});
  ASSERT_TRUE(got.ok()) << got.error().to_string();
  EXPECT_TRUE(got->empty());
}

TEST_P(BlobStoreSuite, AnUnknownBlobIsNotFound) {
  EXPECT_CODE(get(under_test_->id_of(random_bytes(2, 10)), {0, 10}), Code::kNotFound);
  EXPECT_CODE(store().status(under_test_->id_of(random_bytes(2, 10)), soon()), Code::kNotFound);
}

TEST_P(BlobStoreSuite, ARangeBeyondTheEndIsRefused) {
  const BlobId id = put_ok(random_bytes(3, 100));
  EXPECT_CODE(get(id, {0, 101}), Code::kInvalidArgument);
  EXPECT_CODE(get(id, {100, 1}), Code::kInvalidArgument);
  EXPECT_CODE(get(id, {UINT64_MAX, 2}), Code::kInvalidArgument);
}

TEST_P(BlobStoreSuite, AReadIsBoundedAndNeverUnverified) {
  const BlobId id = put_ok(random_bytes(4, 100));
  EXPECT_CODE(get(id, {0, limits::kBlobReadBytes + 1}), Code::kTooLarge);
  EXPECT_CODE(store().read(id, {0, 1}, Verifier{}, soon()), Code::kInvalidArgument);
}

TEST_P(BlobStoreSuite, BytesThatTheVerifierRefusesAreNeverReturned) {
  const Bytes content = random_bytes(5, 5000);
  const BlobId id = put_ok(content);
  auto refused = store().read(
      id, {0, 10}, [](ByteView) -> Status { return Error(Code::kCorrupt, "not these"); }, soon());
  EXPECT_CODE(refused, Code::kCorrupt);
  EXPECT_THAT(refused.error().message(), ::testing::HasSubstr("not these"));

  under_test_->damage(id, 4321);
  EXPECT_CODE(store().read(id, {4000, 1000}, expect_bytes(ByteView(content).subspan(4000)), soon()), Code::kCorrupt);
}

TEST_P(BlobStoreSuite, AnIdThatTheNetworkDoesNotShareIsCorruptAndBothAreNamed) {
  const Bytes content = random_bytes(6, 300);
  const BlobId wrong = under_test_->id_of(random_bytes(7, 300));
  auto receipt = put(content, wrong);
  EXPECT_CODE(receipt, Code::kCorrupt);
  EXPECT_THAT(receipt.error().message(), ::testing::HasSubstr(wrong.to_string()));
  EXPECT_THAT(receipt.error().message(), ::testing::HasSubstr(under_test_->id_of(content).to_string()));
}

TEST_P(BlobStoreSuite, ABlobBeyondTheLimitIsTooLargeAndOneAtTheLimitIsNot) {
  const uint64_t most = store().max_blob_bytes();
  ASSERT_LE(most, uint64_t{16} << 20) << "give the suite a store with a small limit";
  put_ok(random_bytes(8, most));
  const Bytes content = random_bytes(9, most + 1);
  EXPECT_CODE(put(content, under_test_->id_of(content)), Code::kTooLarge);
}

TEST_P(BlobStoreSuite, ReceiptsTellTheLifetimeAndStoringAgainCostsNothing) {
  const Bytes content = random_bytes(10, 1000);
  const BlobId id = under_test_->id_of(content);
  auto first = put(content, id, 5);
  ASSERT_TRUE(first.ok()) << first.error().to_string();
  EXPECT_FALSE(first->already_certified);
  EXPECT_GT(first->cost_frost, 0u);
  EXPECT_GE(first->end_epoch, 5u);
  EXPECT_FALSE(first->blob_object.empty());
  EXPECT_FALSE(first->certified_by.empty());

  auto second = put(content, id, 5);
  ASSERT_TRUE(second.ok()) << second.error().to_string();
  EXPECT_TRUE(second->already_certified);
  EXPECT_EQ(second->cost_frost, 0u);
  EXPECT_EQ(second->end_epoch, first->end_epoch);
}

TEST_P(BlobStoreSuite, ImpossibleRequestsAreRefused) {
  const Bytes content = random_bytes(11, 10);
  const BlobId id = under_test_->id_of(content);
  EXPECT_CODE(put(content, id, 0), Code::kInvalidArgument);
  EXPECT_CODE(put(content, id, limits::kEpochsAhead + 1), Code::kInvalidArgument);
  EXPECT_CODE(store().store({.blob = id, .size_bytes = 10}, soon()), Code::kInvalidArgument);
}

TEST_P(BlobStoreSuite, ContentThatEndsEarlyIsNotStored) {
  const Bytes content = random_bytes(12, 1000);
  MemoryFile file(content);
  StoreRequest request{.blob = under_test_->id_of(content), .content = &file, .size_bytes = 2000, .epochs = 1};
  EXPECT_CODE(store().store(request, soon()), Code::kIo);
}

TEST_P(BlobStoreSuite, ACancelledStoreStops) {
  const Bytes content = random_bytes(13, 1000);
  MemoryFile file(content);
  CancelToken cancel;
  cancel.cancel();
  StoreRequest request{.blob = under_test_->id_of(content), .content = &file, .size_bytes = 1000, .epochs = 1};
  request.cancel = &cancel;
  EXPECT_CODE(store().store(request, soon()), Code::kCancelled);
}

TEST_P(BlobStoreSuite, ProgressReachesTheEnd) {
  const Bytes content = random_bytes(14, 300'000);
  MemoryFile file(content);
  uint64_t sent = 0;
  StoreRequest request{.blob = under_test_->id_of(content), .content = &file, .size_bytes = 300'000, .epochs = 1};
  request.on_progress = [&](uint64_t bytes) { sent = bytes; };
  ASSERT_TRUE(store().store(request, soon()).ok());
  EXPECT_EQ(sent, 300'000u);
}

TEST_P(BlobStoreSuite, StatusTellsTheSizeOfWhatIsKept) {
  for (size_t size : {size_t{1}, size_t{777}, size_t{0}}) {
    auto status = store().status(put_ok(random_bytes(15, size)), soon());
    ASSERT_TRUE(status.ok()) << status.error().to_string();
    EXPECT_TRUE(status->certified);
    EXPECT_EQ(status->size_bytes, size);
  }
}

TEST_P(BlobStoreSuite, ExtendAndRemoveWorkOrSaySo) {
  const Bytes content = random_bytes(16, 50);
  auto receipt = put(content, under_test_->id_of(content));
  ASSERT_TRUE(receipt.ok());
  // No wrapper tries these again by itself.
  auto insist = [](const std::function<Status()>& call) {
    Status outcome = call();
    for (int i = 0; i < 50 && !outcome.ok() && outcome.error().retryable(); ++i) outcome = call();
    return outcome;
  };
  auto extend = [&] { return insist([&] { return store().extend(receipt->blob_object, 2, soon()); }); };
  const Status extended = extend();
  const Status removed = insist([&] { return store().remove(receipt->blob_object, soon()); });
  if (extended.ok() && removed.ok()) {
    EXPECT_CODE(get(under_test_->id_of(content), {0, 1}), Code::kNotFound);
    EXPECT_CODE(extend(), Code::kNotFound);
  } else {
    EXPECT_CODE(extended, Code::kNotSupported);
    EXPECT_CODE(removed, Code::kNotSupported);
    ASSERT_FALSE(extended.ok());
    EXPECT_GT(extended.error().message().size(), 20u) << "a sentence that says what to do";
  }
}

TEST_P(BlobStoreSuite, ShardsAreKnown) {
  auto shards = store().shard_count(soon());
  ASSERT_TRUE(shards.ok()) << shards.error().to_string();
  EXPECT_GE(*shards, 4u);
}

TEST_P(BlobStoreSuite, ManyThreadsMayUseOneStore) {
  std::vector<std::thread> threads;
  for (uint64_t t = 0; t < 4; ++t) {
    threads.emplace_back([this, t] {
      for (uint64_t i = 0; i < 5; ++i) {
        const Bytes content = random_bytes(1000 + t * 100 + i, 2000);
        const BlobId id = put_ok(content);
        auto got = store().read(id, {100, 1900}, expect_bytes(ByteView(content).subspan(100)), soon());
        EXPECT_TRUE(got.ok()) << got.error().to_string();
      }
    });
  }
  for (auto& thread : threads) thread.join();
}

inline std::string suite_case_name(const ::testing::TestParamInfo<StoreMaker>& info) { return info.param.name; }

}  // namespace walrusfs::testing
