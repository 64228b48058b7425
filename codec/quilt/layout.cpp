#include "codec/quilt/layout.h"

#include <algorithm>
#include <numeric>
#include <string>

namespace walrusfs::quilt {
namespace {

uint64_t divide_up(uint64_t a, uint64_t b) { return (a + b - 1) / b; }

bool fits(const CodeShape& shape, std::span<const uint64_t> sizes, uint64_t symbol_bytes) {
  uint64_t columns = 0;
  for (uint64_t size : sizes) columns += columns_for(size, shape.k1() * symbol_bytes);
  return columns <= shape.k2();
}

// The smallest symbol size that fits. `sizes` begins with the index; all of them get their own columns.
uint64_t smallest_symbol(const CodeShape& shape, std::span<const uint64_t> sizes) {
  const uint64_t sum = std::accumulate(sizes.begin(), sizes.end(), uint64_t{0});
  const uint64_t largest = *std::max_element(sizes.begin(), sizes.end());
  uint64_t low =
      std::max({divide_up(sum, shape.source_symbols()), divide_up(sizes[0], uint64_t{kMaxIndexColumns} * shape.k1()),
                divide_up(kIndexPrefixBytes, shape.k1())});
  // With this many bytes per column, each may take its equal share of the columns.
  uint64_t high = divide_up(largest, shape.k2() / sizes.size() * shape.k1());
  while (low < high) {
    const uint64_t middle = low + (high - low) / 2;
    if (fits(shape, sizes, middle)) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

}  // namespace

Result<Layout> lay_out(const CodeShape& shape, uint64_t index_bytes, std::span<const uint64_t> file_bytes) {
  WFS_CHECK(file_bytes.size() <= max_files(shape));
  std::vector<uint64_t> sizes{index_bytes};
  sizes.insert(sizes.end(), file_bytes.begin(), file_bytes.end());
  uint64_t symbol_bytes = smallest_symbol(shape, sizes);
  symbol_bytes += symbol_bytes % kSymbolAlignment;
  if (symbol_bytes > kMaxSymbolBytes) {
    return Error(Code::kTooLarge, "these files do not fit into one quilt: with " + std::to_string(shape.n()) +
                                      " shards it holds " + std::to_string(shape.max_blob_bytes()) +
                                      " bytes, each file in columns of its own");
  }
  Layout layout{static_cast<uint16_t>(symbol_bytes), {}};
  uint64_t next = 0;
  for (uint64_t size : sizes) {
    const uint64_t end = next + columns_for(size, column_bytes(shape, layout.symbol_bytes));
    layout.columns.push_back({static_cast<uint16_t>(next), static_cast<uint16_t>(end)});
    next = end;
  }
  WFS_CHECK(next <= shape.k2());
  return layout;
}

}  // namespace walrusfs::quilt
