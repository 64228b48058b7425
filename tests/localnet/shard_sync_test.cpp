// Shards that move from one node to another at a change of epochs.
#include "localnet/shard_sync.h"

#include <gtest/gtest.h>

#include "node_ring.h"

namespace walrusfs::localnet {
namespace {

class ShardSyncTest : public testing::Test {
 protected:
  ShardSyncTest() {
    SeededRng rng(3);
    for (size_t size : {size_t{1}, size_t{900}, size_t{70'000}}) {
      Bytes content(size);
      rng.fill(content);
      blobs_.push_back(ring_.store(content));
    }
  }
  // The next epoch has begun, and node 3 gains the first shard of node 0.
  void move_a_shard() {
    EpochCommittees next = *ring_.membership().committees();
    std::vector<Member> members = next.current->members();
    moved_ = members[0].shards.front();
    members[0].shards.erase(members[0].shards.begin());
    members[3].shards.push_back(moved_);
    next.previous = next.current;
    next.current = std::make_shared<const Committee>(ring_.shape(), members);
    next.epoch = 2;
    next.phase = Phase::kSync;
    ring_.membership().set(next);
    ring_.registry.set_epoch(2);
    for (size_t node = 0; node < 4; ++node) ring_.follow(node);
  }
  void change_is_done() {
    EpochCommittees now = *ring_.membership().committees();
    now.phase = Phase::kDone;
    ring_.membership().set(now);
    for (size_t node = 0; node < 4; ++node) {
      ring_.let_go(node);
      ASSERT_TRUE(ring_.kept_by(node).drop_unassigned().ok());
    }
  }
  SyncCounts sync(size_t node) {
    ShardSync sync(*ring_.membership().committees(), ring_.id(node), ring_.kept_by(node), ring_.peers_of(node),
                   ring_.key(node));
    for (int steps = 0; steps < 1'000 && !sync.done(); ++steps) sync.step();
    EXPECT_TRUE(sync.done());
    return sync.counts();
  }
  // What the node that gives a shard away says to a request of node 3.
  Result<NodeClient::BlobSlivers> ask(SyncShardRequest request, const bls::SecretKey& key) {
    return ring_.peers_of(3).find(ring_.id(0))->sync_shard(request, key, 1 << 20);
  }
  std::string refusal(SyncShardRequest request, const bls::SecretKey& key) {
    auto answer = ask(request, key);
    return answer ? "" : answer.error().message();
  }
  SyncShardRequest request() const { return {moved_, Axis::kPrimary, BlobId{}, 10, 2}; }

  NodeRing ring_{10, 4};
  std::vector<EncodedBlob> blobs_;
  ShardIndex moved_{};
};

TEST_F(ShardSyncTest, AGainedShardIsCopiedFromItsFormerOwner) {
  move_a_shard();
  EXPECT_EQ(ring_.kept_by(0).shards().leaving, std::vector<ShardIndex>{moved_});
  const SyncCounts counts = sync(3);
  EXPECT_EQ(counts.slivers_copied, 2 * blobs_.size());
  EXPECT_EQ(counts.shards_given_up, 0u);
  for (const EncodedBlob& blob : blobs_) EXPECT_TRUE(ring_.is_whole(3, blob));
  EXPECT_EQ(ring_.kept_by(3).state(moved_), ShardState::kReady);
}

TEST_F(ShardSyncTest, WhatIsGivenAwayIsServedUntilTheChangeIsDone) {
  move_a_shard();
  const EncodedBlob& blob = blobs_[2];
  const PairIndex pair = ring_.shape().pair_of(blob.metadata.blob_id(), moved_);
  const SliverIndex row = ring_.shape().sliver_of(Axis::kPrimary, pair);
  auto read = [&] {
    return ring_.peers_of(3).find(ring_.id(0))->sliver(blob.metadata.blob_id(), blob.metadata, Axis::kPrimary, row);
  };
  EXPECT_EQ(read().value(), blob.pairs[raw(pair)].primary);
  const uint64_t before = ring_.kept_by(0).status().slivers;
  change_is_done();
  EXPECT_NE(read().error().message().find("SHARD_NOT_ASSIGNED"), std::string::npos);
  EXPECT_EQ(ring_.kept_by(0).status().slivers, before - 2 * blobs_.size());
}

TEST_F(ShardSyncTest, WhatTheFormerOwnerHasNotIsHealed) {
  move_a_shard();
  ring_.stop(0);
  EXPECT_EQ(sync(3).shards_given_up, 1u);
  ASSERT_TRUE(ring_.heal(3));
  for (const EncodedBlob& blob : blobs_) EXPECT_TRUE(ring_.is_whole(3, blob));
}

TEST_F(ShardSyncTest, WrongSliversAreNotKept) {
  ring_.spoil(0, [](HttpCall& call, HttpAnswer& answer) {
    if (call.path().ends_with("/sync_shard") && answer.body.size() > 100) answer.body[60] ^= 1;
  });
  move_a_shard();
  EXPECT_LT(sync(3).slivers_copied, 2 * blobs_.size());
  ASSERT_TRUE(ring_.heal(3));
  for (const EncodedBlob& blob : blobs_) EXPECT_TRUE(ring_.is_whole(3, blob));
}

TEST_F(ShardSyncTest, AnswersGoOnFromTheBlobAskedFor) {
  move_a_shard();
  SyncShardRequest page = request();
  page.slivers = 2;
  const auto first = ask(page, ring_.key(3)).value();
  ASSERT_EQ(first.size(), 2u);
  EXPECT_LT(first[0].first, first[1].first);
  page.first = first[1].first;
  const auto rest = ask(page, ring_.key(3)).value();
  ASSERT_EQ(rest.size(), 2u);
  EXPECT_EQ(rest[0], first[1]);
  page.slivers = 0;
  EXPECT_TRUE(ask(page, ring_.key(3)).value().empty());
}

TEST_F(ShardSyncTest, RequestsThatDoNotHoldAreRefused) {
  move_a_shard();
  SyncShardRequest stale = request();
  stale.epoch = 1;
  EXPECT_NE(refusal(stale, ring_.key(3)).find("INVALID_EPOCH"), std::string::npos);
  SeededRng rng(77);
  EXPECT_NE(refusal(request(), bls::SecretKey::generate(rng)).find("REQUEST_UNAUTHORIZED"), std::string::npos);
  SyncShardRequest greedy = request();
  greedy.slivers = 1001;
  EXPECT_NE(refusal(greedy, ring_.key(3)).find("SLIVER_COUNT_EXCEEDS_LIMIT"), std::string::npos);
  greedy.slivers = 1000;
  EXPECT_EQ(refusal(greedy, ring_.key(3)), "");
  SyncShardRequest foreign = request();
  foreign.shard = ring_.current().members()[1].shards.front();
  EXPECT_NE(refusal(foreign, ring_.key(3)).find("SHARD_NOT_ASSIGNED"), std::string::npos);
}

TEST_F(ShardSyncTest, ASignatureOfSomebodyElseIsRefused) {
  move_a_shard();
  HttpClient wire("127.0.0.1", ring_.port(0));
  const Bytes body = SignedMessage::sign(ring_.key(1), request().to_bytes()).to_bytes();
  auto send = [&](const std::string& authorization, ByteView bytes) {
    return wire.send({.method = "POST", .target = "/v1/migrate/sync_shard",
                      .headers = {{"Authorization", authorization}}, .body = bytes}).value();
  };
  const std::string own = to_base64(ring_.key(3).public_key().to_bytes());
  const HttpReply forged = send(own, body);
  EXPECT_EQ(forged.status, 400);
  EXPECT_EQ(error_reason(forged.body), "MESSAGE_VERIFICATION_FAILED");
  EXPECT_EQ(send("nonsense", body).status, 403);
  EXPECT_EQ(error_reason(send("nonsense", body).body), "REQUEST_UNAUTHORIZED");
  EXPECT_EQ(error_reason(send(own, ByteView(body).first(20)).body), "INVALID_CONTENT_TYPE");
  EXPECT_EQ(send(own, Bytes(5'000)).status, 413);
  wire.close_idle();
}

}  // namespace
}  // namespace walrusfs::localnet
