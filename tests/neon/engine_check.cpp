// The NEON engine against the scalar reference, without any library, so that a cross compiler alone builds
// it: see scripts/test-neon. Prints a line and returns 0 when all results are equal.
#include <cstdio>
#include <cstring>
#include <vector>

#include "codec/blake2b.h"
#include "codec/engine_table.h"

namespace walrusfs::codec {
namespace {

uint64_t next_random() {
  static uint64_t state = 0x9e3779b97f4a7c15;
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state;
}

template <typename Item>
std::vector<Item> random_items(size_t count) {
  std::vector<Item> items(count);
  std::vector<uint64_t> words(count * sizeof(Item) / sizeof(uint64_t));
  for (uint64_t& word : words) word = next_random();
  std::memcpy(static_cast<void*>(items.data()), words.data(), words.size() * sizeof(uint64_t));
  return items;
}

template <typename Item>
bool same(const std::vector<Item>& a, const std::vector<Item>& b, size_t begin, size_t end) {
  return std::memcmp(a.data() + begin, b.data() + begin, (end - begin) * sizeof(Item)) == 0;
}

bool transforms_agree() {
  const size_t size = size_t{1} << next_random() % 12;
  const auto base = static_cast<uint32_t>(size * (next_random() % (65536 / size)));
  const size_t end = 1 + next_random() % size;
  Strips expected = random_items<Strip>(size);
  std::memset(static_cast<void*>(expected.data() + end), 0, (size - end) * sizeof(Strip));
  Strips actual = expected;
  kScalarEngine.inverse_transform(expected.data(), size, base, end);
  kNeonEngine.convert(actual.data(), size);
  kNeonEngine.inverse_transform(actual.data(), size, base, end);
  Strips there(size), back = actual;
  kNeonEngine.convert(back.data(), size);
  if (!same(expected, back, 0, size)) return false;
  kScalarEngine.transform(expected.data(), expected.data(), size, base, 0, end);
  kNeonEngine.transform(there.data(), actual.data(), size, base, 0, end);
  kNeonEngine.convert(there.data(), size);
  return same(expected, there, 0, end);
}

// The same steps by each engine, through all that moves or scales strips.
Strips scaled_by(const CodecEngine& engine, const Strips& from, uint16_t factor, size_t left) {
  const size_t count = from.size();
  std::vector<const uint8_t*> symbols;
  std::vector<ScaledPlace> places;
  std::vector<uint16_t> factors;
  for (size_t i = 0; i < count; ++i) {
    symbols.push_back(from[i].low);
    places.push_back({static_cast<uint32_t>(count - 1 - i), static_cast<uint16_t>(factor + i)});
    factors.push_back(places[i].factor);
  }
  Strips strips(count), scattered(count), out(2 * count + 1, Strip{});
  engine.load(strips.data(), symbols.data(), 0, left, count);
  engine.scatter(scattered.data(), strips.data(), places.data(), count);
  engine.derive(scattered.data(), count);
  engine.gather(out.data(), scattered.data(), places.data(), count);
  engine.add(out.data(), strips.data(), count);
  engine.sum_multiples(&out[count], strips.data(), factors.data(), count);
  engine.convert(out.data(), count + 1);
  engine.store(scattered.data(), out[count + 1].low, sizeof(Strip), left, count);
  return out;
}

bool scaling_agrees() {
  const Strips from = random_items<Strip>(16);
  const auto factor = static_cast<uint16_t>(next_random());
  return same(scaled_by(kScalarEngine, from, factor, kStripBytes), scaled_by(kNeonEngine, from, factor, kStripBytes), 0,
              2 * from.size() + 1);
}

bool hashes_agree() {
  const size_t groups = 1 + next_random() % 3;
  const size_t blocks = 1 + next_random() % 3;
  const uint64_t total = next_random() % 4 == 0 ? 0 : blocks * kBlake2bBlockBytes - next_random() % kBlake2bBlockBytes;
  std::vector<uint64_t> rows = random_items<uint64_t>(groups * kLanes * blocks * kBlake2bBlockBytes / 8);
  auto* bytes = reinterpret_cast<uint8_t*>(rows.data());
  const size_t stride = blocks * kBlake2bBlockBytes;
  for (size_t i = 0; total != 0 && i < groups * kLanes; ++i) std::memset(bytes + i * stride + total, 0, stride - total);
  std::vector<LaneState> expected = random_items<LaneState>(groups), actual = expected;
  kScalarEngine.compress(expected.data(), groups, bytes, stride, blocks, 0, total);
  kNeonEngine.compress(actual.data(), groups, bytes, stride, blocks, 0, total);
  return same(expected, actual, 0, groups);
}

bool trees_agree() {
  const std::vector<DigestLanes> in = random_items<DigestLanes>(4);
  const std::vector<LaneWord> words = random_items<LaneWord>(2);
  std::vector<DigestLanes> expected(6), actual(6);
  kScalarEngine.join_groups(in.data(), expected.data(), 2);
  kNeonEngine.join_groups(in.data(), actual.data(), 2);
  kScalarEngine.join_neighbours(in.data(), expected.data() + 2, 2);
  kNeonEngine.join_neighbours(in.data(), actual.data() + 2, 2);
  kScalarEngine.hash_words(words.data(), 8, expected.data() + 4, 2);
  kNeonEngine.hash_words(words.data(), 8, actual.data() + 4, 2);
  return same(expected, actual, 0, expected.size());
}

int check() {
  constexpr int kRounds = 300;
  for (int round = 0; round < kRounds; ++round) {
    const char* wrong = !transforms_agree() ? "transforms"
                        : !scaling_agrees() ? "scaling"
                        : !hashes_agree()   ? "hashes"
                        : !trees_agree()    ? "tree nodes"
                                            : nullptr;
    if (wrong == nullptr) continue;
    std::printf("round %d: NEON and scalar differ in %s\n", round, wrong);
    return 1;
  }
  std::printf("NEON equals scalar in %d rounds\n", kRounds);
  return 0;
}

}  // namespace
}  // namespace walrusfs::codec

int main() { return walrusfs::codec::check(); }
