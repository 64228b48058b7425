// The simulation over many seeds: `sim_test` as a test, `sim_test --seeds FIRST COUNT` for long runs, and
// `sim_test --seed N` to see what happened in one of them.
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/log.h"
#include "simulation.h"

namespace walrusfs::sim {
namespace {

constexpr uint64_t kSeeds = 200;

std::string how_to_repeat(uint64_t seed) { return "repeat it with: sim_test --seed " + std::to_string(seed); }

TEST(Simulation, InvariantsHoldForSomeHundredsOfSeeds) {
  SimCounts counts;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const SimOutcome outcome = simulate({.seed = seed});
    ASSERT_EQ(outcome.failure, "") << how_to_repeat(seed);
    counts += outcome.counts;
  }
  // Or it would say nothing.
  EXPECT_GT(counts.stored, 2 * kSeeds);
  EXPECT_GT(counts.read, 3 * kSeeds);
  for (uint64_t happened : {counts.stores_refused, counts.reads_refused, counts.reads_of_nothing, counts.deletions,
                            counts.extensions, counts.stale_certificates, counts.beyond_f, counts.power_cuts,
                            counts.wipes, counts.healed})
    EXPECT_GT(happened, kSeeds / 30);
}

TEST(Simulation, TheSameSeedGivesTheSameTrace) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    const SimOutcome once = simulate({.seed = seed}), again = simulate({.seed = seed});
    EXPECT_EQ(once.trace_hash, again.trace_hash) << how_to_repeat(seed);
  }
  EXPECT_NE(simulate({.seed = 1}).trace_hash, simulate({.seed = 2}).trace_hash);
}

int show(uint64_t seed) {
  const SimOutcome outcome = simulate({.seed = seed, .print = true});
  std::printf("trace %016llx\n", static_cast<unsigned long long>(outcome.trace_hash));
  return outcome.failure.empty() ? 0 : 1;
}

void print(const SimCounts& counts) {
  const std::pair<const char*, uint64_t> lines[] = {
      {"blobs stored", counts.stored},
      {"stores refused", counts.stores_refused},
      {"reads", counts.read},
      {"reads refused", counts.reads_refused},
      {"reads of what is not there", counts.reads_of_nothing},
      {"epochs", counts.epochs},
      {"deletions", counts.deletions},
      {"extensions", counts.extensions},
      {"certificates of an earlier epoch", counts.stale_certificates},
      {"faults", counts.faults},
      {"steps with more than f shards bad", counts.beyond_f},
      {"power cuts", counts.power_cuts},
      {"disks lost", counts.wipes},
      {"and healed again while things went on", counts.healed}};
  for (const auto& [what, count] : lines) std::printf("  %-36s %llu\n", what, static_cast<unsigned long long>(count));
}

int run_many(uint64_t first, uint64_t count) {
  const auto start = std::chrono::steady_clock::now();
  SimCounts counts;
  for (uint64_t seed = first; seed < first + count; ++seed) {
    const SimOutcome outcome = simulate({.seed = seed});
    counts += outcome.counts;
    if (outcome.failure.empty()) continue;
    std::printf("seed %llu: %s\n%s\n", static_cast<unsigned long long>(seed), outcome.failure.c_str(),
                how_to_repeat(seed).c_str());
    return 1;
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::printf("%llu seeds, invariants hold; %.0f seconds, %.0f seeds per minute\n",
              static_cast<unsigned long long>(count), seconds, static_cast<double>(count) * 60 / seconds);
  print(counts);
  return 0;
}

}  // namespace
}  // namespace walrusfs::sim

int main(int argc, char** argv) {
  using namespace walrusfs;
  log_setup(LogLevel::kError);
  if (access("/dev/shm", W_OK) == 0) setenv("TMPDIR", "/dev/shm", 0);  // the chain's SQLite syncs each transaction
  if (argc == 3 && std::strcmp(argv[1], "--seed") == 0) return sim::show(std::strtoull(argv[2], nullptr, 10));
  if (argc == 4 && std::strcmp(argv[1], "--seeds") == 0)
    return sim::run_many(std::strtoull(argv[2], nullptr, 10), std::strtoull(argv[3], nullptr, 10));
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
