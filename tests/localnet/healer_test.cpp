// Nodes that heal themselves over the real routes, step by step.
#include "localnet/healer.h"

#include <gtest/gtest.h>

#include "node_ring.h"

namespace walrusfs::localnet {
namespace {

Bytes content_of(size_t size, uint64_t seed = 1) {
  SeededRng rng(seed * 1'000'003 + size);
  Bytes bytes(size);
  if (size > 0) rng.fill(bytes);
  return bytes;
}

SliverInventory lost(const CodeShape& shape, uint16_t first_pair, uint16_t pairs) {
  SliverInventory out;
  for (uint16_t pair = first_pair; pair < first_pair + pairs; ++pair)
    for (Axis axis : {Axis::kPrimary, Axis::kSecondary})
      out.missing[static_cast<size_t>(axis)].push_back(shape.sliver_of(axis, PairIndex{pair}));
  return out;
}

TEST(HealPlan, SourceSliversComeFirstAndEverySliverOnce) {
  const CodeShape shape = CodeShape::create(31).value();
  SliverInventory inventory = lost(shape, 5, 12);
  bool proofs_begun = false;
  std::set<std::pair<Axis, SliverIndex>> rebuilt;
  while (auto batch = next_batch(shape, 2, inventory, 100)) {
    EXPECT_LE(batch->targets.size(), std::max<size_t>(1, 100 / shape.sliver_bytes(batch->axis, 2)));
    EXPECT_FALSE(proofs_begun && !batch->with_proofs);
    proofs_begun = batch->with_proofs;
    auto& missing = inventory.missing[static_cast<size_t>(batch->axis)];
    for (SliverIndex index : batch->targets) {
      EXPECT_EQ(raw(index) >= shape.systematic_slivers(batch->axis), batch->with_proofs);
      EXPECT_TRUE(rebuilt.emplace(batch->axis, index).second);
      EXPECT_EQ(std::erase(missing, index), 1u);
      inventory.held[static_cast<size_t>(batch->axis)].push_back(index);
    }
  }
  EXPECT_EQ(rebuilt.size(), 24u);
  EXPECT_TRUE(inventory.complete());
}

// m (k1 + k2 - m) symbols have to move when m pairs are lost, whatever their numbers.
TEST(HealPlan, SymbolsMovedAreTheFloor) {
  const CodeShape shape = CodeShape::create(301).value();
  const uint64_t m = 60, k1 = shape.k1(), k2 = shape.k2(), s = 60'000;
  const uint64_t floor = m * (k1 + k2 - m) * s;
  for (uint16_t first : {0, 50, 95, 150, 241}) {
    const uint64_t cost = symbols_cost_bytes(shape, s, lost(shape, first, m));
    EXPECT_GE(cost, floor);
    EXPECT_LT(cost, floor * 102 / 100);  // framing, with symbols this large
  }
  const uint64_t all_lost = m * (k1 + k2) * s;
  EXPECT_NEAR(static_cast<double>(floor) / static_cast<double>(all_lost), 1 - 60.0 / 302, 1e-9);
}

TEST(HealPlan, SmallBlobsAreDecodedAndLargeOnesAreNot) {
  const CodeShape shape = CodeShape::create(301).value();
  EXPECT_EQ(cheaper_way(shape, 52, lost(shape, 0, 60), 32 << 20), HealWay::kDecode);
  EXPECT_EQ(cheaper_way(shape, 13'224, lost(shape, 0, 60), 1 << 30), HealWay::kSymbols);
  EXPECT_EQ(cheaper_way(shape, 52, lost(shape, 0, 60), 1 << 10), HealWay::kSymbols);  // no room to decode
  EXPECT_EQ(cheaper_way(shape, 52, lost(shape, 0, 1), 32 << 20), HealWay::kSymbols);  // one pair only
}

class HealerTest : public testing::Test {
 protected:
  HealerTest() : ring_(31, 5) {}
  // Everything by symbols.
  static HealerOptions by_symbols() { return {.batch_bytes = 2'000, .max_decode_bytes = 0}; }
  NodeRing ring_;
};

TEST_F(HealerTest, AWipedNodeHasEverythingAgain) {
  std::vector<EncodedBlob> blobs;
  for (size_t size : {size_t{0}, size_t{1}, size_t{5'000}, size_t{100'000}})
    blobs.push_back(ring_.store(content_of(size)));
  for (size_t node : {size_t{0}, size_t{4}}) {
    ring_.wipe(node);
    ASSERT_TRUE(ring_.heal(node, node == 0 ? by_symbols() : HealerOptions{}));
    for (const EncodedBlob& blob : blobs) EXPECT_TRUE(ring_.is_whole(node, blob));
    const HealCounts counts = ring_.healer(node).counts();
    EXPECT_EQ(counts.slivers_rebuilt, blobs.size() * 2 * ring_.current().members()[node].shards.size());
    EXPECT_EQ(counts.blobs_lacking, 0u);
    EXPECT_EQ(counts.liars_found, 0u);
    EXPECT_TRUE(ring_.healer(node).idle());
  }
}

TEST_F(HealerTest, MovesHardlyMoreThanTheFloor) {
  NodeRing ring(31, 5);
  const EncodedBlob blob = ring.store(content_of(4 << 20));
  ring.wipe(1);
  ASSERT_TRUE(ring.heal(1, {.batch_bytes = 8 << 20, .max_decode_bytes = 0}));
  ASSERT_TRUE(ring.is_whole(1, blob));
  const HealCounts counts = ring.healer(1).counts();
  const double m = static_cast<double>(ring.current().members()[1].shards.size());
  const double floor = 1 - m / (ring.shape().k1() + ring.shape().k2());
  const double ratio = static_cast<double>(counts.bytes_moved) / static_cast<double>(counts.bytes_rebuilt);
  EXPECT_GT(ratio, floor * 0.99);
  EXPECT_LT(ratio, floor * 1.05);
}

TEST_F(HealerTest, OnlyWhatIsMissingIsRebuilt) {
  const EncodedBlob blob = ring_.store(content_of(50'000));
  const BlobId id = blob.metadata.blob_id();
  const ShardIndex shard = ring_.current().members()[2].shards[1];
  ring_.kept_by(2).assign({{}, {}});
  auto all = ring_.current().members()[2].shards;
  std::erase(all, shard);
  ring_.kept_by(2).assign({all, {}});
  ASSERT_TRUE(ring_.kept_by(2).drop_unassigned().ok());
  all.push_back(shard);
  ring_.kept_by(2).assign({all, {}});
  ASSERT_FALSE(ring_.kept_by(2).has_all_slivers(id));
  ASSERT_TRUE(ring_.heal(2));
  EXPECT_TRUE(ring_.is_whole(2, blob));
  EXPECT_EQ(ring_.healer(2).counts().slivers_rebuilt, 2u);
}

// 12 of 31 shards gone: too few symbols for primary slivers (21) at first, but enough for secondary ones (11), which
// then give those that were missing.
TEST_F(HealerTest, HealsWhileAnotherNodeIsGone) {
  const EncodedBlob blob = ring_.store(content_of(20'000));
  ring_.wipe(0);
  ring_.stop(1);
  ASSERT_TRUE(ring_.heal(0, by_symbols()));
  EXPECT_TRUE(ring_.is_whole(0, blob));
}

TEST_F(HealerTest, SaysThatItIsInRecoveryAsLongAsTooManyAreGone) {
  const EncodedBlob blob = ring_.store(content_of(20'000));
  ring_.wipe(0);
  for (size_t gone : {1, 2, 3}) ring_.stop(gone);
  ASSERT_TRUE(ring_.heal(0));
  EXPECT_FALSE(ring_.is_whole(0, blob));
  EXPECT_EQ(ring_.healer(0).counts().blobs_lacking, 1u);
  EXPECT_EQ(ring_.kept_by(0).state(ring_.current().members()[0].shards[0]), ShardState::kInRecovery);
  EXPECT_TRUE(ring_.healer(0).lost().empty()) << "who does not answer may have it";
  EXPECT_FALSE(ring_.healer(0).has_all_before(2));
}

TEST_F(HealerTest, WhatNobodyHasEnoughOfIsBeyondHealingForNow) {
  const EncodedBlob blob = ring_.store(content_of(20'000));
  for (size_t node : {0, 1, 2, 3}) ring_.wipe(node);
  ASSERT_TRUE(ring_.heal(0));
  Healer& healer = ring_.healer(0);
  const auto lost = healer.lost();
  ASSERT_EQ(lost.size(), 1u);
  EXPECT_EQ(lost[0].blob, blob.metadata.blob_id());
  const size_t left = ring_.current().members()[4].shards.size();
  for (size_t axis : {0, 1}) EXPECT_EQ(lost[0].left.found[axis], left);
  EXPECT_EQ(lost[0].left.needed[0], 11u);
  EXPECT_EQ(lost[0].left.needed[1], 21u);
  EXPECT_EQ(healer.lacking(), std::optional(std::vector{blob.metadata.blob_id()}));
  EXPECT_EQ(healer.counts().blobs_lacking, 1u);
  EXPECT_EQ(healer.counts().blobs_lost, 1u);
  EXPECT_TRUE(healer.has_all_before(2));
  healer.expect_work();  // everything has to be found anew
  EXPECT_FALSE(healer.has_all_before(2));
  EXPECT_TRUE(healer.lost().empty());
  EXPECT_FALSE(healer.lacking());
  ASSERT_TRUE(ring_.heal(0));
  EXPECT_TRUE(healer.has_all_before(2));
  // Another node gets its data back.
  for (const SliverPair& pair : blob.pairs) {
    if (ring_.owner(blob.metadata.blob_id(), pair.pair) != 2) continue;
    ASSERT_TRUE(ring_.kept_by(2).put_metadata(blob.metadata.blob_id(), blob.metadata).ok());
    ASSERT_TRUE(ring_.kept_by(2).put_sliver(blob.metadata.blob_id(), pair.primary).ok());
    ASSERT_TRUE(ring_.kept_by(2).put_sliver(blob.metadata.blob_id(), pair.secondary).ok());
  }
  ring_.clock.advance(Millis(10'000));
  ASSERT_TRUE(ring_.heal(0));
  EXPECT_TRUE(ring_.is_whole(0, blob));
  EXPECT_TRUE(healer.lost().empty());
  EXPECT_EQ(healer.counts().blobs_lacking, 0u);
}

// It was stored in this epoch, whose nodes take it or heal it later.
TEST_F(HealerTest, WhatWasStoredInAnEpochIsNotOwedInIt) {
  ring_.store(content_of(20'000));
  ring_.wipe(0);
  for (size_t gone : {1, 2, 3}) ring_.stop(gone);
  EXPECT_FALSE(ring_.healer(0).has_all_before(1)) << "it has not looked";
  ASSERT_TRUE(ring_.heal(0));
  EXPECT_TRUE(ring_.healer(0).has_all_before(1));
  EXPECT_FALSE(ring_.healer(0).has_all_before(2));
}

TEST_F(HealerTest, NothingIsLeftOfABlobWithoutMetadata) {
  ring_.store(content_of(20'000));
  for (size_t node = 0; node < 5; ++node) ring_.wipe(node);
  ASSERT_TRUE(ring_.heal(0));
  ASSERT_EQ(ring_.healer(0).lost().size(), 1u);
  EXPECT_EQ(ring_.healer(0).lost()[0].left.found[0], 0u);
  EXPECT_TRUE(ring_.healer(0).has_all_before(2));
}

// Ten of 31 shards may be silent (f).
TEST_F(HealerTest, AQuorumHasToSayThatItIsBeyondHealing) {
  ring_.store(content_of(20'000));
  for (size_t node : {0, 1, 2, 3}) ring_.wipe(node);
  ring_.stop(1);
  ring_.stop(2);
  ASSERT_TRUE(ring_.heal(0));
  EXPECT_TRUE(ring_.healer(0).lost().empty());
  EXPECT_FALSE(ring_.healer(0).has_all_before(2));
  ring_.wipe(2);  // it answers again
  ring_.clock.advance(Millis(10'000));
  ASSERT_TRUE(ring_.heal(0));
  EXPECT_EQ(ring_.healer(0).lost().size(), 1u);
  EXPECT_TRUE(ring_.healer(0).has_all_before(2));
}

TEST(HealBookTest, WhatWasFoundBeforeEverythingIsDueAgainHoldsNoMore) {
  HealBook book;
  const BlobId a{{1}}, b{{2}};
  EXPECT_FALSE(book.to_be_healed()) << "nobody has looked";
  EXPECT_TRUE(book.take_all_due());
  HealQueue lacking;
  lacking.put(a, {});
  lacking.put(b, {});
  book.replace(lacking);
  EXPECT_TRUE(book.set_lost(a, {}, book.turn()));
  EXPECT_EQ(book.to_be_healed(), std::optional(std::vector{b}));
  EXPECT_TRUE(book.set_lost(b, {}, book.turn()));
  EXPECT_EQ(book.to_be_healed(), std::optional(std::vector<BlobId>()));
  const uint64_t turn = book.turn();
  book.expect_work();
  EXPECT_FALSE(book.set_lost(a, {}, turn)) << "no news";
  EXPECT_TRUE(book.take_all_due());
  book.replace(lacking);
  EXPECT_TRUE(book.seemed_lost(a));
  EXPECT_TRUE(book.lost().empty());
  EXPECT_EQ(book.to_be_healed(), std::optional(std::vector{a, b}));
  book.set_lost(a, {}, book.turn());
  book.is_whole(b);
  EXPECT_EQ(book.to_be_healed(), std::optional(std::vector<BlobId>()));
  EXPECT_EQ(book.count_lost(), 1u);
  HealQueue nothing;
  book.replace(nothing);
  EXPECT_FALSE(book.seemed_lost(a));
}

TEST_F(HealerTest, RecentUploadsAreWaitedFor) {
  ASSERT_TRUE(ring_.heal(3));
  const EncodedBlob blob = ring_.store(content_of(9'000));
  const BlobId id = blob.metadata.blob_id();
  ASSERT_TRUE(ring_.kept_by(3).drop(id).ok());
  ASSERT_TRUE(ring_.kept_by(3).put_metadata(id, blob.metadata).ok());
  ASSERT_TRUE(ring_.heal(3));
  ring_.clock.advance(Millis(14'000));
  ASSERT_TRUE(ring_.heal(3));
  EXPECT_FALSE(ring_.kept_by(3).has_all_slivers(id));
  ring_.clock.advance(Millis(1'500));
  ASSERT_TRUE(ring_.heal(3));
  EXPECT_TRUE(ring_.is_whole(3, blob));
}

// Each look at all blobs costs more than a step when there are many.
TEST_F(HealerTest, AllBlobsAreNotLookedAtAtEveryStep) {
  std::vector<EncodedBlob> blobs;
  for (uint64_t i = 0; i < 10; ++i) blobs.push_back(ring_.store(content_of(5'000, i)));
  ring_.wipe(0);
  Healer& healer = ring_.healer(0, by_symbols());
  const uint64_t before = ring_.registry.looks;
  uint64_t steps = 0;
  while (healer.step() == Millis(0)) ++steps;
  EXPECT_GE(steps, blobs.size());
  EXPECT_EQ(ring_.registry.looks - before, 2u) << "one at first, and one that finds that there is no more";
  for (const EncodedBlob& blob : blobs) EXPECT_TRUE(ring_.is_whole(0, blob));
  EXPECT_TRUE(healer.has_all_before(2));
}

TEST(HealQueueTest, TellsWhoseTimeHasCome) {
  HealQueue queue;
  const Deadline::TimePoint now{};
  const BlobId a{{1}}, b{{2}};
  EXPECT_FALSE(queue.due(now));
  queue.put(a, now + Millis(2));
  queue.put(b, now + Millis(1));
  EXPECT_FALSE(queue.due(now));
  EXPECT_EQ(queue.due(now + Millis(2)), b);
  queue.put(b, now + Millis(3));
  EXPECT_EQ(queue.size(), 2u);
  EXPECT_EQ(queue.due(now + Millis(2)), a);
  queue.erase(a);
  EXPECT_FALSE(queue.due(now + Millis(2)));
  EXPECT_EQ(queue.when(b), now + Millis(3));
  EXPECT_FALSE(queue.when(a));
}

// Changes one symbol in every answer to decodingSymbols.
void lie_about_symbols(HttpCall& call, HttpAnswer& answer) {
  if (call.path().ends_with("/decodingSymbols") && answer.status == 200 && answer.body.size() > 20)
    answer.body[answer.body.size() - 1] = static_cast<char>(answer.body.back() ^ 0x55);
}

TEST_F(HealerTest, ALiarIsNamedAndPassedOver) {
  const EncodedBlob blob = ring_.store(content_of(60'000));
  ring_.wipe(0);
  ring_.spoil(2, lie_about_symbols);
  ASSERT_TRUE(ring_.heal(0, by_symbols()));
  EXPECT_TRUE(ring_.is_whole(0, blob));
  EXPECT_EQ(ring_.healer(0).counts().liars_found, 1u);
}

// Metadata with one hash of a sliver that no symbol agrees with: whoever rebuilds that sliver can prove it.
TEST_F(HealerTest, AnInconsistentBlobIsBroughtBeforeTheLedger) {
  const EncodedBlob good = encode_blob(ring_.shape(), content_of(8'000)).value();
  std::vector<PairHashes> hashes(good.metadata.pairs().begin(), good.metadata.pairs().end());
  const uint16_t victim = 4;
  hashes[victim].primary = hashes[victim + 1].primary;
  const BlobMetadata bad = BlobMetadata::create(ring_.shape(), 8'000, hashes).value();
  const BlobId blob = bad.blob_id();
  ring_.put(good, bad);
  const size_t node = ring_.owner(blob, PairIndex{victim});
  ring_.wipe(node);
  ASSERT_TRUE(ring_.heal(node));
  EXPECT_EQ(ring_.accused, std::vector<BlobId>{blob});
  EXPECT_EQ(ring_.healer(node).counts().inconsistent_blobs, 1u);
  EXPECT_TRUE(ring_.healer(node).idle());  // and nobody tries again
}

}  // namespace
}  // namespace walrusfs::localnet
