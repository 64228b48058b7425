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

TEST_P(Engine, ScaleAndAddEqualTheReference) {
  for (int round = 0; round < 500; ++round) {
    const auto factor = static_cast<uint16_t>(rng_.next());
    Strips expected = random_strips(3, 3);
    Strips actual = expected;
    kScalarEngine.scale(&expected[0], factor);
    kScalarEngine.add(&expected[0], &expected[1], 2);
    engine().convert(actual.data(), 3);
    engine().scale(&actual[0], factor);
    engine().add(&actual[0], &actual[1], 2);
    engine().convert(actual.data(), 3);
    ASSERT_TRUE(same(expected, actual, 0, 3)) << "factor " << factor;
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

// Random shapes and sizes through the whole encoder.
TEST_P(Engine, EncodesRandomBlobsAsTheReference) {
  for (int round = 0; round < 12; ++round) {
    const auto n = static_cast<uint32_t>(4 + rng_.below(60));
    const CodeShape shape = test::shape_of(n);
    const uint64_t most = std::min<uint64_t>(shape.max_blob_bytes(), 200 * shape.source_symbols());
    Bytes blob(rng_.below(most + 1));
    rng_.fill(blob);
    EncodeOptions reference, own;
    reference.engine = &kScalarEngine;
    own.engine = &engine();
    const auto expected = encode_blob(shape, blob, reference).value();
    const auto actual = encode_blob(shape, blob, own).value();
    ASSERT_EQ(actual.metadata, expected.metadata) << "n " << n << " size " << blob.size();
    for (size_t p = 0; p < n; ++p) {
      ASSERT_EQ(actual.pairs[p].primary, expected.pairs[p].primary) << "n " << n << " size " << blob.size();
      ASSERT_EQ(actual.pairs[p].secondary, expected.pairs[p].secondary) << "n " << n << " size " << blob.size();
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Engines, Engine, test::all_engines(), test::engine_suffix);

}  // namespace
}  // namespace walrusfs::codec
