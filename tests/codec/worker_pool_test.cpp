#include "codec/worker_pool.h"

#include <atomic>
#include <thread>

#include "codec/decoder.h"
#include "codec/parallel.h"
#include "tests/codec/vectors.h"

namespace walrusfs {
namespace {

TEST(WorkerPool, EveryItemIsDoneOnce) {
  WorkerPool pool(3);
  for (size_t count : {0u, 1u, 2u, 1000u}) {
    std::vector<std::atomic<int>> done(count);
    codec::parallel_for(
        4, count,
        [&](unsigned worker, size_t item) {
          EXPECT_LT(worker, 4u);
          ++done[item];
        },
        &pool);
    for (const auto& times : done) ASSERT_EQ(times, 1);
  }
}

TEST(WorkerPool, WorkerNumbersAreNeverShared) {
  WorkerPool pool(2);
  std::vector<std::atomic<int>> inside(3);
  codec::parallel_for(
      3, 2000,
      [&](unsigned worker, size_t) {
        EXPECT_EQ(++inside[worker], 1);
        --inside[worker];
      },
      &pool);
}

// More calls at once than threads: nobody waits for a thread to become free.
TEST(WorkerPool, CallsShareThePool) {
  WorkerPool pool(1);
  std::atomic<int> done = 0;
  codec::parallel_for(4, 8, [&](unsigned, size_t) {
    codec::parallel_for(
        3, 50, [&](unsigned, size_t) { ++done; }, &pool);
  });
  EXPECT_EQ(done, 400);
}

TEST(WorkerPool, WithoutThreadsTheCallerWorksAlone) {
  WorkerPool pool(0);
  std::atomic<int> done = 0;
  codec::parallel_for(
      8, 100,
      [&](unsigned worker, size_t) {
        EXPECT_EQ(worker, 0u);
        ++done;
      },
      &pool);
  EXPECT_EQ(done, 100);
}

TEST(WorkerPool, EncodesAsWithoutIt) {
  WorkerPool pool(2);
  const CodeShape shape = test::shape_of(31);
  const Bytes blob = test::stream("walrusfs/pool", 50'000);
  EncodeOptions encode;
  encode.threads = 3;
  encode.pool = &pool;
  const auto pooled = encode_blob(shape, blob, encode).value();
  EXPECT_EQ(pooled.metadata, compute_metadata(shape, blob).value());
}

// Slivers of one axis, enough of them for decoding, and none of the first ones.
class PooledReads : public ::testing::Test {
 protected:
  std::vector<Sliver> last_slivers(Axis axis) const {
    std::vector<SliverIndex> wanted;
    for (auto i = static_cast<uint16_t>(shape_.n() - shape_.systematic_slivers(axis)); i < shape_.n(); ++i) {
      wanted.push_back(SliverIndex{i});
    }
    return SliverEncoder::create(shape_, blob_)->slivers(axis, wanted).value();
  }

  const CodeShape shape_ = test::shape_of(31);
  const Bytes blob_ = test::stream("walrusfs/pool/reads", 700'000);
  const BlobMetadata metadata_ = compute_metadata(shape_, blob_).value();
  WorkerPool pool_{2};
};

TEST_F(PooledReads, DecodesAsWithoutThreads) {
  DecodeOptions options;
  options.threads = 3;
  options.pool = &pool_;
  for (Axis axis : {Axis::kPrimary, Axis::kSecondary}) {
    for (auto check : {ConsistencyCheck::kSkip, ConsistencyCheck::kDefault, ConsistencyCheck::kStrict}) {
      options.check = check;
      EXPECT_EQ(decode_blob(metadata_, axis, last_slivers(axis), options).value(), blob_);
    }
  }
}

// A pool that has no thread to lend leaves all of the work to the caller's; nothing else is started.
TEST_F(PooledReads, DecodingTakesItsThreadsFromThePool) {
  WorkerPool empty(0);
  DecodeOptions options;
  options.threads = 3;
  options.pool = &empty;
  options.check = ConsistencyCheck::kStrict;
  options.progress = [caller = std::this_thread::get_id()](uint64_t, uint64_t) {
    EXPECT_EQ(std::this_thread::get_id(), caller);
    return true;
  };
  EXPECT_TRUE(decode_blob(metadata_, Axis::kPrimary, last_slivers(Axis::kPrimary), options).ok());
}

TEST_F(PooledReads, RebuildsASliverAsWithoutThreads) {
  for (Axis axis : {Axis::kPrimary, Axis::kSecondary}) {
    std::vector<DecodingSymbol> symbols;
    for (const Sliver& source : last_slivers(other(axis))) {
      symbols.push_back(decoding_symbol_for(shape_, source, SliverIndex{1}));
    }
    const auto rebuild = [&](const RecoverOptions& options) {
      return recover_sliver(shape_, axis, SliverIndex{1}, metadata_.symbol_bytes(), symbols, options).value();
    };
    const Sliver sliver = rebuild({.threads = 3, .pool = &pool_});
    EXPECT_TRUE(verify_sliver(sliver, metadata_).ok());
    EXPECT_EQ(sliver, rebuild({}));
  }
}

}  // namespace
}  // namespace walrusfs
