// How much memory decoding takes besides what it is given: the same for small and for large blobs. A
// program of its own, because it counts what the whole program allocates.
#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <new>

#include "tests/codec/vectors.h"

namespace {

std::atomic<size_t> g_live_bytes{0};
std::atomic<size_t> g_peak_bytes{0};
// In front of each allocation, its size; as large as the strictest alignment asked for.
constexpr size_t kMargin = 64;

void* allocate(size_t bytes) {
  auto* start = static_cast<char*>(std::aligned_alloc(kMargin, (bytes + 2 * kMargin - 1) / kMargin * kMargin));
  if (start == nullptr) std::abort();
  *reinterpret_cast<size_t*>(start) = bytes;
  const size_t live = g_live_bytes.fetch_add(bytes) + bytes;
  size_t peak = g_peak_bytes.load();
  while (live > peak && !g_peak_bytes.compare_exchange_weak(peak, live)) {
  }
  return start + kMargin;
}

void release(void* memory) {
  if (memory == nullptr) return;
  char* start = static_cast<char*>(memory) - kMargin;
  g_live_bytes.fetch_sub(*reinterpret_cast<size_t*>(start));
  std::free(start);
}

}  // namespace

void* operator new(size_t bytes) { return allocate(bytes); }
void* operator new[](size_t bytes) { return allocate(bytes); }
void* operator new(size_t bytes, std::align_val_t) { return allocate(bytes); }
void* operator new[](size_t bytes, std::align_val_t) { return allocate(bytes); }
void operator delete(void* memory) noexcept { release(memory); }
void operator delete[](void* memory) noexcept { release(memory); }
void operator delete(void* memory, size_t) noexcept { release(memory); }
void operator delete[](void* memory, size_t) noexcept { release(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { release(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { release(memory); }
void operator delete(void* memory, size_t, std::align_val_t) noexcept { release(memory); }
void operator delete[](void* memory, size_t, std::align_val_t) noexcept { release(memory); }

namespace walrusfs {
namespace {

using test::shape_of;

// Peak of what decoding allocates, from the last slivers of a blob of that size.
size_t scratch_bytes(Axis axis, size_t blob_bytes, unsigned threads) {
  const CodeShape shape = shape_of(100);
  Bytes blob(blob_bytes);
  for (size_t i = 0; i < blob.size(); ++i) blob[i] = static_cast<uint8_t>(i * 7 + i / 251);
  const auto wanted =
      test::sliver_indices(static_cast<uint16_t>(shape.n() - shape.systematic_slivers(axis)), shape.n());
  const std::vector<Sliver> slivers = SliverEncoder::create(shape, blob)->slivers(axis, wanted).value();
  const BlobMetadata metadata = compute_metadata(shape, blob).value();
  const std::vector<SliverView> views(slivers.begin(), slivers.end());
  Bytes out(blob_bytes);
  DecodeOptions options;
  options.threads = threads;
  const size_t before = g_live_bytes.load();
  g_peak_bytes = before;
  EXPECT_TRUE(decode_blob_into(metadata, axis, views, out, options).ok());
  const size_t peak = g_peak_bytes.load();
  EXPECT_EQ(out, blob);
  return peak - before;
}

TEST(DecodeMemory, ScratchDoesNotGrowWithTheBlob) {
  for (Axis axis : {Axis::kPrimary, Axis::kSecondary}) {
    const size_t small = scratch_bytes(axis, 10'000'000, 1);
    const size_t large = scratch_bytes(axis, 30'000'000, 1);
    EXPECT_LT(large, 4'000'000u);
    EXPECT_LE(large, small + 100'000);
    EXPECT_LT(scratch_bytes(axis, 30'000'000, 4), 16'000'000u);
  }
}

}  // namespace
}  // namespace walrusfs
