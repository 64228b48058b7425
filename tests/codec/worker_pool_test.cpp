#include "codec/worker_pool.h"

#include <atomic>

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

}  // namespace
}  // namespace walrusfs
