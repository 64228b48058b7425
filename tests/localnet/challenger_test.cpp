// Nodes have to show what they keep.
#include "localnet/challenger.h"

#include <gtest/gtest.h>

#include "node_ring.h"

namespace walrusfs::localnet {
namespace {

class ChallengerTest : public testing::Test {
 protected:
  ChallengerTest() {
    Bytes content(30'000);
    SeededRng(4).fill(content);
    blob_ = ring_.store(content);
  }
  // That many challenges, when nothing is new any more.
  void challenge(size_t times) {
    challenger_.step();
    ring_.clock.advance(Millis(60'000));
    for (size_t i = 0; i < times; ++i) challenger_.step();
  }
  ChallengeScore score(size_t node) { return challenger_.scores()[ring_.id(node)]; }

  NodeRing ring_{10, 4};
  SeededRng rng_{9};
  Challenger challenger_{ring_.membership(), ring_.peers_of(0), ring_.registry, ring_.clock, rng_};
  std::optional<EncodedBlob> blob_;
};

TEST_F(ChallengerTest, HonestNodesPass) {
  challenge(60);
  for (size_t node = 0; node < 4; ++node) {
    EXPECT_GT(score(node).passed, 4u);
    EXPECT_EQ(score(node).failed, 0u);
  }
  EXPECT_TRUE(challenger_.failed_nodes().empty());
}

TEST_F(ChallengerTest, WhoLostItsDataAndWhoLiesFails) {
  ring_.wipe(1);
  ring_.spoil(2, [](HttpCall& call, HttpAnswer& answer) {
    if (call.path().ends_with("/recoverySymbols") && answer.body.size() > 10) answer.body[6] ^= 1;
  });
  challenge(60);
  EXPECT_EQ(score(1).passed, 0u);
  EXPECT_EQ(score(2).passed, 0u);
  EXPECT_EQ(score(3).failed, 0u);
  std::vector<std::string> expected = {ring_.id(1), ring_.id(2)};
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(challenger_.failed_nodes(), expected);
}

TEST_F(ChallengerTest, NobodyIsAskedForWhatMayStillBeComingIn) {
  challenger_.step();
  ring_.clock.advance(Millis(59'000));
  for (int i = 0; i < 20; ++i) challenger_.step();
  EXPECT_TRUE(challenger_.scores().empty());
}

TEST_F(ChallengerTest, EveryEpochBeginsAnewAndNobodyIsAskedWhileShardsMove) {
  ring_.wipe(1);
  challenge(40);
  EXPECT_FALSE(challenger_.failed_nodes().empty());
  EpochCommittees next = *ring_.membership().committees();
  next.epoch = 2;
  next.previous = next.current;
  next.phase = Phase::kSync;
  ring_.membership().set(next);
  EXPECT_TRUE(challenger_.failed_nodes().empty()) << "that was in the epoch before";
  challenge(40);
  EXPECT_TRUE(challenger_.scores().empty());
}

TEST(ChallengeScore, AFewFailuresAreForgiven) {
  EXPECT_FALSE((ChallengeScore{0, 3}.too_bad()));
  EXPECT_TRUE((ChallengeScore{0, 4}.too_bad()));
  EXPECT_FALSE((ChallengeScore{5, 5}.too_bad()));
  EXPECT_TRUE((ChallengeScore{5, 6}.too_bad()));
}

}  // namespace
}  // namespace walrusfs::localnet
