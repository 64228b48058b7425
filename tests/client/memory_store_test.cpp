#include "client/memory_store.h"

#include "base/testing/manual_clock.h"
#include "client/faulty_store.h"
#include "tests/client/blob_store_suite.h"

namespace walrusfs::testing {
namespace {

constexpr uint64_t kSuiteLimit = 1 << 20;

class MemoryUnderTest : public StoreUnderTest {
 public:
  BlobStore& store() override { return memory_; }
  Clock& clock() override { return clock_; }
  BlobId id_of(ByteView content) override { return digest_blob_id(content).value(); }
  void damage(const BlobId& blob, uint64_t offset) override { ASSERT_TRUE(memory_.damage(blob, offset)); }

 protected:
  ManualClock clock_;
  MemoryStore memory_{{.max_blob_bytes = kSuiteLimit}};
};

class FaultlessUnderTest final : public MemoryUnderTest {
 public:
  BlobStore& store() override { return faulty_; }

 private:
  SeededRng rng_{1};
  FaultyStore faulty_{memory_, rng_, {}};
};

INSTANTIATE_TEST_SUITE_P(InMemory, BlobStoreSuite,
                         ::testing::Values(StoreMaker{"Memory", [] { return std::make_unique<MemoryUnderTest>(); }},
                                           StoreMaker{"FaultyWithoutFaults",
                                                      [] { return std::make_unique<FaultlessUnderTest>(); }}),
                         suite_case_name);

BlobId put(BlobStore& store, const Bytes& content, uint32_t epochs, bool permanent = false) {
  MemoryFile file(content);
  const BlobId id = digest_blob_id(content).value();
  auto receipt = store.store(
      {.blob = id, .content = &file, .size_bytes = content.size(), .epochs = epochs, .permanent = permanent},
      Deadline::never());
  EXPECT_TRUE(receipt.ok());
  return id;
}

TEST(MemoryStore, ABlobIsGoneWhenItsEndHasCome) {
  MemoryStore store;
  const BlobId id = put(store, random_bytes(1, 10), 2);
  store.advance_epochs(1);
  EXPECT_TRUE(store.status(id, Deadline::never()).ok());
  store.advance_epochs(1);
  EXPECT_CODE(store.status(id, Deadline::never()), Code::kNotFound);
}

TEST(MemoryStore, AnExtendedBlobLivesLonger) {
  MemoryStore store;
  const Bytes content = random_bytes(2, 10);
  MemoryFile file(content);
  auto receipt = store.store({.blob = digest_blob_id(content).value(), .content = &file, .size_bytes = 10, .epochs = 1},
                             Deadline::never());
  ASSERT_TRUE(receipt.ok());
  ASSERT_TRUE(store.extend(receipt->blob_object, 3, Deadline::never()).ok());
  store.advance_epochs(3);
  EXPECT_EQ(store.status(digest_blob_id(content).value(), Deadline::never())->end_epoch, 5u);
}

TEST(MemoryStore, APermanentBlobCannotBeRemoved) {
  MemoryStore store;
  put(store, random_bytes(3, 10), 1, true);
  auto removed = store.remove("0x" + std::string(63, '0') + "1", Deadline::never());
  EXPECT_CODE(removed, Code::kNotPermitted);
}

TEST(MemoryStore, SwitchedOffItFailsInARetryableWay) {
  MemoryStore store;
  const BlobId id = put(store, random_bytes(4, 10), 1);
  store.set_available(false);
  EXPECT_CODE(store.read(id, {0, 1}, accept_unverified, Deadline::never()), Code::kUnavailable);
  store.set_available(true);
  EXPECT_TRUE(store.read(id, {0, 1}, accept_unverified, Deadline::never()).ok());
}

TEST(MemoryStore, TrueIdsAreThoseOfTheOfficialEncoder) {
  // The empty blob on four shards, from tests/vectors/blobs.json.
  EXPECT_EQ(walrus_blob_ids(4)({}).value().to_string(), "CmzciFdWJP1IIM-rD3cqXlVBXYM0fpAfHahZBvkaZUI");
  EXPECT_CODE(walrus_blob_ids(3)({}), Code::kInvalidArgument);

  MemoryStore store({.shards = 10, .blob_id = walrus_blob_ids(10)});
  const Bytes content = random_bytes(8, 5'000);
  MemoryFile file(content);
  const BlobId id = walrus_blob_ids(10)(content).value();
  ASSERT_TRUE(store.store({.blob = id, .content = &file, .size_bytes = 5'000}, Deadline::never()).ok());
  EXPECT_EQ(store.content(id).value(), content);
  const BlobId digest = digest_blob_id(content).value();
  EXPECT_CODE(store.store({.blob = digest, .content = &file, .size_bytes = 5'000}, Deadline::never()), Code::kCorrupt);
}

TEST(FaultyStore, WrongBytesNeverPassAVerifierThatLooks) {
  MemoryStore memory;
  SeededRng rng(7);
  FaultyStore faulty(memory, rng, {.wrong_bytes = 300, .short_bytes = 300});
  const Bytes content = random_bytes(5, 100);
  const BlobId id = put(memory, content, 1);
  int refused = 0;
  for (int i = 0; i < 100; ++i) {
    auto got = faulty.read(id, {0, 100}, expect_bytes(content), Deadline::never());
    if (got.ok()) {
      EXPECT_EQ(*got, content);
    } else {
      EXPECT_CODE(got, Code::kCorrupt);
      ++refused;
    }
  }
  EXPECT_GT(refused, 20);
  EXPECT_LT(refused, 80);
}

TEST(FaultyStore, ALostAnswerMeansStoredAllTheSame) {
  MemoryStore memory;
  SeededRng rng(8);
  FaultyStore faulty(memory, rng, {.lost_answer = 1000});
  const Bytes content = random_bytes(6, 100);
  MemoryFile file(content);
  const BlobId id = digest_blob_id(content).value();
  EXPECT_CODE(faulty.store({.blob = id, .content = &file, .size_bytes = 100}, Deadline::never()), Code::kTimeout);
  EXPECT_TRUE(memory.status(id, Deadline::never()).ok());
}

TEST(FaultyStore, OrderedFailuresComeFirstAndThenEnd) {
  MemoryStore memory;
  SeededRng rng(9);
  FaultyStore faulty(memory, rng, {});
  const BlobId id = put(memory, random_bytes(7, 10), 1);
  faulty.fail_next(2, Code::kNoSpace);
  EXPECT_CODE(faulty.status(id, Deadline::never()), Code::kNoSpace);
  EXPECT_CODE(faulty.status(id, Deadline::never()), Code::kNoSpace);
  EXPECT_TRUE(faulty.status(id, Deadline::never()).ok());
  EXPECT_EQ(faulty.faults(), 2u);
}

}  // namespace
}  // namespace walrusfs::testing
