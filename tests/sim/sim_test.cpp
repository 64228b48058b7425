// The simulation over many seeds: `sim_test` as a test, `sim_test --seeds FIRST COUNT` for long runs, and
// `sim_test --seed N` to see what happened in one of them.
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <thread>

#include "base/log.h"
#include "bls_memo.h"
#include "many_seeds.h"

namespace walrusfs::sim {
namespace {

constexpr uint64_t kSeeds = 200;

unsigned cores() { return std::max(1u, std::thread::hardware_concurrency()); }

std::string how_to_repeat(uint64_t seed) { return "repeat it with: sim_test --seed " + std::to_string(seed); }

TEST(Simulation, InvariantsHoldForSomeHundredsOfSeeds) {
  const ManyOutcomes outcomes = simulate_many({1, kSeeds}, cores());
  ASSERT_EQ(outcomes.failure, "") << how_to_repeat(*outcomes.failed);
  const SimCounts& counts = outcomes.counts;
  // Or it would say nothing.
  EXPECT_GT(counts.stored, 2 * kSeeds);
  EXPECT_GT(counts.read, 3 * kSeeds);
  for (uint64_t happened : {counts.stores_refused, counts.reads_refused, counts.reads_of_nothing, counts.deletions,
                            counts.extensions, counts.stale_certificates, counts.beyond_f, counts.power_cuts,
                            counts.wipes, counts.healed, counts.joined, counts.left, counts.stakes, counts.shards_moved,
                            counts.epochs_put_off, counts.challenges_failed, counts.forgeries, counts.disks_returned,
                            counts.despairs})
    EXPECT_GT(happened, kSeeds / 30);
}

TEST(Simulation, TheSameSeedGivesTheSameTraceHoweverManyRunBesideIt) {
  std::set<uint64_t> traces;
  simulate_many({1, 20}, 4, [&](uint64_t seed, const SimOutcome& outcome) {
    EXPECT_EQ(simulate({.seed = seed}).trace_hash, outcome.trace_hash) << how_to_repeat(seed);
    traces.insert(outcome.trace_hash);
  });
  EXPECT_EQ(traces.size(), 20u);
}

TEST(SimNetwork, WhoWasDownWhenShardsWereGivenAwayErasesThemWhenItIsBack) {
  SeededRng rng(1), order(2);
  Trace trace(false);
  const net::OneAtATime one_at_a_time(order);
  SimNetwork network({10, 4}, rng, trace);
  const auto all_work = [&] {
    for (size_t node = 0; node < 4; ++node)
      for (int steps = 0; network.node(node).runs() && steps < 10; ++steps) network.node(node).step();
  };
  const std::string content(3000, 'x');
  WireRequest store{.method = "PUT", .target = "/v1/blobs?epochs=5", .body = as_bytes(content)};
  ASSERT_EQ(network.ask_publisher(store)->status, 200);
  ASSERT_TRUE(network.remove_node(0).ok());
  all_work();
  ASSERT_TRUE(network.begin_change().ok());
  network.node(0).stop();
  for (int i = 0; i < 100 && network.committees()->phase == net::Phase::kSync; ++i) {
    all_work();
    network.drive();
    network.clock().advance(Millis(1'000));
  }
  ASSERT_EQ(network.committees()->phase, net::Phase::kDone);
  network.node(0).start();
  EXPECT_EQ(network.node(0).store().blobs().size(), 1u);
  network.drive();
  EXPECT_TRUE(network.node(0).store().blobs().empty());
}

// Or the options of the linker name what does not exist.
TEST(BlsMemo, IsAskedAndRemembersBothVerdicts) {
  SeededRng rng(1);
  const auto key = bls::SecretKey::generate(rng), other = bls::SecretKey::generate(rng);
  const ByteView message = as_bytes("a message that nothing else signs");
  for (int again = 0; again < 2; ++again) {
    const MemoCounts before = memo_counts();
    const bls::Signature signature = key.sign(message);
    EXPECT_TRUE(bls::verify(key.public_key(), message, signature));
    EXPECT_FALSE(bls::verify(other.public_key(), message, signature));
    EXPECT_FALSE(bls::verify(key.public_key(), as_bytes("another"), signature));
    EXPECT_FALSE(bls::verify(key.public_key(), message, other.sign(message)));
    const std::array keys{key.public_key()};
    EXPECT_TRUE(bls::verify_aggregate(keys, message, signature)) << "the sum of one key is the key";
    const MemoCounts after = memo_counts();
    EXPECT_EQ(after.asked - before.asked, 7u);
    EXPECT_EQ(after.remembered - before.remembered, again ? 7u : 1u);
  }
}

int show(uint64_t seed) {
  const SimOutcome outcome = simulate({.seed = seed, .print = true});
  std::printf("trace %016llx\n", static_cast<unsigned long long>(outcome.trace_hash));
  return outcome.failure.empty() ? 0 : 1;
}

void print(const char* what, uint64_t count) {
  std::printf("  %-36s %llu\n", what, static_cast<unsigned long long>(count));
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
      {"nodes that joined", counts.joined},
      {"nodes that left", counts.left},
      {"stakes moved", counts.stakes},
      {"shards moved", counts.shards_moved},
      {"epochs put off", counts.epochs_put_off},
      {"challenges", counts.challenges},
      {"challenges failed", counts.challenges_failed},
      {"rewards withheld", counts.penalties},
      {"forged certificates", counts.forgeries},
      {"power cuts", counts.power_cuts},
      {"disks lost", counts.wipes},
      {"disks taken out", counts.disks_taken},
      {"disks put back", counts.disks_returned},
      {"and healed again while things went on", counts.healed},
      {"times that a node found a blob beyond healing", counts.despairs}};
  for (const auto& [what, count] : lines) print(what, count);
}

int run_many(uint64_t first, uint64_t count) {
  const auto start = std::chrono::steady_clock::now();
  const ManyOutcomes outcomes = simulate_many({first, count}, cores());
  if (outcomes.failed) {
    std::printf("seed %llu: %s\n%s\n", static_cast<unsigned long long>(*outcomes.failed), outcomes.failure.c_str(),
                how_to_repeat(*outcomes.failed).c_str());
    return 1;
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const double cpu_seconds = static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
  const MemoCounts memo = memo_counts();
  std::printf("%llu seeds, invariants hold; %u threads, %.0f seconds, %.0f seeds per minute, %.0f per minute of CPU\n",
              static_cast<unsigned long long>(count), cores(), seconds, static_cast<double>(count) * 60 / seconds,
              static_cast<double>(count) * 60 / cpu_seconds);
  print(outcomes.counts);
  print("BLS operations", memo.asked);
  print("of them remembered", memo.remembered);
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
