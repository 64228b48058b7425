// Every engine against the scalar reference, on random input.
#include <bit>

#include "base/crypto.h"
#include "base/rng.h"
#include "codec/lane_hash.h"
#include "codec/reed_solomon.h"
#include "tests/codec/vectors.h"

namespace walrusfs::codec {
namespace {

constexpr uint64_t kSeed = 20'250'101;

class Engine : public ::testing::TestWithParam<const CodecEngine*> {
 protected:
  const CodecEngine& engine() const { return *GetParam(); }

  Strips random_strips(size_t count, size_t nonzero) {
    Strips strips(count, Strip{});
    rng_.fill({reinterpret_cast<uint8_t*>(strips.data()), nonzero * sizeof(Strip)});
    return strips;
  }
  static bool same(const Strips& a, const Strips& b, size_t begin, size_t end) {
    return std::memcmp(a.data() + begin, b.data() + begin, (end - begin) * sizeof(Strip)) == 0;
  }

  SeededRng rng_{kSeed};
};

TEST_P(Engine, InverseTransformEqualsTheReference) {
  for (int round = 0; round < 200; ++round) {
    const size_t size = size_t{1} << rng_.below(12);
    const size_t nonzero = 1 + rng_.below(size);
    const auto base = static_cast<uint32_t>(size * rng_.below(65536 / size));
    Strips expected = random_strips(size, nonzero);
    Strips actual = expected;
    kScalarEngine.inverse_transform(expected.data(), size, base, nonzero);
    engine().convert(actual.data(), size);
    engine().inverse_transform(actual.data(), size, base, nonzero);
    engine().convert(actual.data(), size);
    ASSERT_TRUE(same(expected, actual, 0, size)) << "size " << size << " base " << base << " nonzero " << nonzero;
  }
}

TEST_P(Engine, TransformEqualsTheReference) {
  for (int round = 0; round < 200; ++round) {
    const size_t size = size_t{1} << rng_.below(12);
    const size_t begin = rng_.below(size);
    const size_t end = begin + 1 + rng_.below(size - begin);
    const auto base = static_cast<uint32_t>(size * rng_.below(65536 / size));
    Strips expected = random_strips(size, size);
    Strips actual = expected;
    kScalarEngine.transform(expected.data(), expected.data(), size, base, begin, end);
    engine().convert(actual.data(), size);
    Strips result(size);
    Strip* to = round % 2 == 0 ? actual.data() : result.data();
    engine().transform(to, actual.data(), size, base, begin, end);
    if (to == result.data()) actual = result;
    engine().convert(actual.data(), size);
    ASSERT_TRUE(same(expected, actual, begin, end)) << "size " << size << " base " << base << " begin " << begin;
  }
}

TEST_P(Engine, DerivativeEqualsTheReference) {
  for (size_t size = 1; size <= 4096; size *= 2) {
    Strips expected = random_strips(size, size);
    Strips actual = expected;
    kScalarEngine.derive(expected.data(), size);
    engine().derive(actual.data(), size);  // the same in all coordinates
    ASSERT_TRUE(same(expected, actual, 0, size)) << size;
  }
}

TEST_P(Engine, MultiplesAndSumsEqualTheReference) {
  for (int round = 0; round < 300; ++round) {
    const size_t count = 1 + rng_.below(9);
    std::vector<uint16_t> factors(count);
    std::vector<ScaledPlace> places(count);
    for (size_t i = 0; i < count; ++i) {
      factors[i] = static_cast<uint16_t>(rng_.next());
      places[i] = {static_cast<uint32_t>(count - 1 - i), factors[i]};
    }
    const Strips strips = random_strips(count, count);
    const auto run = [&](const CodecEngine& with) {
      Strips in = strips, scattered(count), out(2 * count + 1);
      with.convert(in.data(), count);
      with.scatter(scattered.data(), in.data(), places.data(), count);
      with.gather(out.data(), scattered.data(), places.data(), count);
      with.sum_multiples(&out[count], in.data(), factors.data(), count);
      std::copy(in.begin(), in.end(), out.begin() + static_cast<ptrdiff_t>(count) + 1);
      with.add(out.data(), out.data() + count + 1, count);
      with.convert(out.data(), out.size());
      return out;
    };
    ASSERT_TRUE(same(run(kScalarEngine), run(engine()), 0, 2 * count + 1));
  }
}

// Symbols of any length lie anywhere; what is behind their ends is not looked at, and may be overwritten.
TEST_P(Engine, SymbolsComeAndGoAsTheReferenceHasThem) {
  for (size_t left = 2; left <= 2 * kStripBytes; left += 2) {
    constexpr size_t kCount = 3, kStride = 2 * kStripBytes + 3, kOffset = 5;
    Bytes from(kCount * kStride + kStripBytes + kOffset), to(from.size(), 0);
    rng_.fill(from);
    const uint8_t* symbols[kCount];
    for (size_t i = 0; i < kCount; ++i) symbols[i] = from.data() + i * kStride;
    Strips strips(kCount);
    engine().load(strips.data(), symbols, kOffset, left, kCount);
    engine().store(strips.data(), to.data(), kStride, left, kCount);
    engine().convert(strips.data(), kCount);
    for (size_t i = 0; i < kCount; ++i) {
      const size_t bytes = std::min(left, kStripBytes);
      Strip expected;
      load_strip(expected, symbols[i] + kOffset, left);
      ASSERT_EQ(std::memcmp(strips[i].low, expected.low, bytes / 2), 0) << left;
      ASSERT_EQ(std::memcmp(strips[i].high, expected.high, bytes / 2), 0) << left;
      ASSERT_EQ(std::memcmp(to.data() + i * kStride, symbols[i] + kOffset, bytes), 0) << left;
    }
  }
}

TEST_P(Engine, WholeStripsAreCopiedWhileTheyAreLoaded) {
  constexpr size_t kCount = 3, kStride = kStripBytes + 7, kOffset = 5;
  Bytes from(kCount * kStride + kOffset), copies(kCount * kStride, 0xee);
  rng_.fill(from);
  const uint8_t* symbols[kCount];
  for (size_t i = 0; i < kCount; ++i) symbols[i] = from.data() + i * kStride;
  Strips strips(kCount), expected(kCount);
  engine().load_and_copy(strips.data(), symbols, kOffset, copies.data(), kStride, kCount);
  engine().load(expected.data(), symbols, kOffset, kStripBytes, kCount);
  EXPECT_TRUE(same(expected, strips, 0, kCount));
  for (size_t i = 0; i < kCount; ++i) {
    EXPECT_EQ(std::memcmp(copies.data() + i * kStride, symbols[i] + kOffset, kStripBytes), 0);
    EXPECT_EQ(copies[i * kStride + kStripBytes], 0xee) << "written past the strip";
  }
}

TEST_P(Engine, StoringPastCachesIsStoring) {
  constexpr size_t kCount = 3, kStrideStrips = 2;
  for (size_t left = 2; left <= 2 * kStripBytes; left += 2) {
    const Strips from = random_strips(kCount, kCount);
    Strips to(kCount * kStrideStrips, Strip{}), expected = to;
    const auto bytes = [](Strips& strips) { return reinterpret_cast<uint8_t*>(strips.data()); };
    engine().store(from.data(), bytes(expected), kStrideStrips * kStripBytes, left, kCount);
    engine().store_past_caches(from.data(), bytes(to), kStrideStrips * kStripBytes, left, kCount);
    ASSERT_TRUE(same(expected, to, 0, to.size())) << left;
  }
}

// Leaf hashes of any length, in any pieces, are plain BLAKE2b.
TEST_P(Engine, LeafHashesEqualOneByOneHashing) {
  for (size_t length : {0u, 1u, 2u, 63u, 126u, 127u, 128u, 129u, 254u, 255u, 256u, 300u, 1000u}) {
    for (size_t count : {1u, 7u, 8u, 9u, 20u}) {
      const size_t whole = (1 + length) / kBlake2bBlockBytes * kBlake2bBlockBytes;
      const size_t first_piece = whole > 0 && whole == 1 + length ? whole - kBlake2bBlockBytes : whole;
      const size_t stride = 1 + length + kBlake2bBlockBytes;
      const size_t groups = groups_for(count);
      Bytes rows(groups * kLanes * stride, 0);
      for (size_t i = 0; i < count; ++i) rng_.fill({rows.data() + i * stride + 1, length});
      LeafHasher hasher(groups);
      if (first_piece > 0) hasher.absorb(engine(), rows.data(), stride, first_piece);
      std::vector<DigestLanes> leaves(groups);
      hasher.finish(engine(), rows.data() + first_piece, stride, 1 + length - first_piece, leaves.data());
      for (size_t i = 0; i < count; ++i) {
        ASSERT_EQ(get_digest(leaves.data(), i), merkle_leaf({rows.data() + i * stride + 1, length}))
            << length << " bytes, leaf " << i;
      }
    }
  }
}

TEST_P(Engine, PairHashesEqualOneByOneHashing) {
  for (size_t pairs : {1u, 8u, 13u}) {
    std::vector<Digest> nodes(2 * pairs);
    for (Digest& node : nodes) rng_.fill(node);
    std::vector<Digest> expected;
    for (size_t i = 0; i < pairs; ++i) expected.push_back(merkle_inner(nodes[2 * i], nodes[2 * i + 1]));
    hash_pairs(engine(), nodes.data(), pairs, nodes.data());
    nodes.resize(pairs);
    EXPECT_EQ(nodes, expected);
  }
}

// The node over digests 2d and 2d + 1, and the node over equal lanes of facing groups.
TEST_P(Engine, JoinedGroupsAndNeighboursAreInnerNodes) {
  for (size_t groups : {1u, 2u, 3u, 5u}) {
    std::vector<DigestLanes> in(2 * groups);
    rng_.fill({reinterpret_cast<uint8_t*>(in.data()), in.size() * sizeof(DigestLanes)});
    std::vector<DigestLanes> neighbours = in, facing = in;
    engine().join_neighbours(neighbours.data(), neighbours.data(), groups);
    engine().join_groups(facing.data(), facing.data(), groups);
    for (size_t d = 0; d < groups * kLanes; ++d) {
      const auto digest = [&](size_t number) { return get_digest(in.data(), number); };
      ASSERT_EQ(get_digest(neighbours.data(), d), merkle_inner(digest(2 * d), digest(2 * d + 1)));
      const size_t left = d / kLanes * 2 * kLanes + d % kLanes;
      ASSERT_EQ(get_digest(facing.data(), d), merkle_inner(digest(left), digest(left + kLanes)));
    }
  }
}

TEST_P(Engine, WordsHashAsMessagesOfTheirLength) {
  for (uint64_t bytes : {1u, 3u, 5u, 7u, 8u}) {
    for (size_t groups : {1u, 2u, 3u}) {
      std::vector<LaneWord> words(groups);
      std::vector<DigestLanes> digests(groups);
      for (size_t i = 0; i < groups * kLanes; ++i) {
        words[i / kLanes].lane[i % kLanes] = rng_.next() >> (8 * (8 - bytes));
      }
      engine().hash_words(words.data(), bytes, digests.data(), groups);
      for (size_t i = 0; i < groups * kLanes; ++i) {
        uint8_t message[8];
        store_le(message, words[i / kLanes].lane[i % kLanes]);
        ASSERT_EQ(get_digest(digests.data(), i), blake2b256({message, bytes}));
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Engines, Engine, test::all_engines(), test::engine_suffix);

}  // namespace
}  // namespace walrusfs::codec
