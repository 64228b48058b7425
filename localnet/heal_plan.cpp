#include "localnet/heal_plan.h"

#include <algorithm>
#include <bit>

namespace walrusfs::localnet {
namespace {

size_t at(Axis axis) { return static_cast<size_t>(axis); }

struct Kind {
  Axis axis;
  bool source;
};
// Without proofs first; what they give saves symbols with proofs.
constexpr Kind kOrder[] = {
    {Axis::kPrimary, true}, {Axis::kSecondary, true}, {Axis::kPrimary, false}, {Axis::kSecondary, false}};

std::vector<SliverIndex> missing_of(const CodeShape& shape, const SliverInventory& inventory, const Kind& kind) {
  std::vector<SliverIndex> found;
  for (SliverIndex index : inventory.missing[at(kind.axis)])
    if ((raw(index) < shape.systematic_slivers(kind.axis)) == kind.source) found.push_back(index);
  return found;
}

uint64_t at_least_zero(uint64_t wanted, uint64_t there) { return wanted > there ? wanted - there : 0; }

}  // namespace

// Axis, index and length.
uint64_t symbol_frame_bytes() { return 1 + 2 + 3; }

// And the target, the length of the path, a node per level; "id=P-S&" in the request.
uint64_t proven_symbol_frame_bytes(const CodeShape& shape) {
  const auto levels = static_cast<uint64_t>(std::bit_width(static_cast<unsigned>(shape.n() - 1)));
  return symbol_frame_bytes() + 2 + 1 + levels * (1 + sizeof(Digest)) + 12;
}

uint64_t symbols_cost_bytes(const CodeShape& shape, uint16_t symbol_bytes, const SliverInventory& inventory) {
  uint64_t held[2] = {inventory.held[0].size(), inventory.held[1].size()};
  uint64_t bytes = 0;
  for (const Kind& kind : kOrder) {
    const uint64_t targets = missing_of(shape, inventory, kind).size();
    const uint64_t wanted = at_least_zero(shape.symbols_per_sliver(kind.axis), held[at(other(kind.axis))]);
    const uint64_t frame = kind.source ? symbol_frame_bytes() : proven_symbol_frame_bytes(shape);
    bytes += targets * wanted * (symbol_bytes + frame);
    held[at(kind.axis)] += targets;
  }
  return bytes;
}

uint64_t decode_cost_bytes(const CodeShape& shape, uint16_t symbol_bytes, const SliverInventory& inventory) {
  constexpr uint64_t kSliverFrame = 4 + 2 + 2;
  const uint64_t wanted = at_least_zero(shape.k1(), inventory.held[at(Axis::kPrimary)].size());
  return wanted * (shape.sliver_bytes(Axis::kPrimary, symbol_bytes) + kSliverFrame);
}

HealWay cheaper_way(const CodeShape& shape, uint16_t symbol_bytes, const SliverInventory& inventory,
                    uint64_t max_decode_bytes) {
  if (shape.source_symbols() * symbol_bytes > max_decode_bytes) return HealWay::kSymbols;
  const bool decode = decode_cost_bytes(shape, symbol_bytes, inventory) <
                      symbols_cost_bytes(shape, symbol_bytes, inventory);
  return decode ? HealWay::kDecode : HealWay::kSymbols;
}

std::optional<HealBatch> next_batch(const CodeShape& shape, uint16_t symbol_bytes, const SliverInventory& inventory,
                                    uint64_t max_bytes, std::optional<Axis> only) {
  for (const Kind& kind : kOrder) {
    if (only && kind.axis != *only) continue;
    HealBatch batch{kind.axis, !kind.source, missing_of(shape, inventory, kind)};
    if (batch.targets.empty()) continue;
    const uint64_t most = std::max<uint64_t>(1, max_bytes / shape.sliver_bytes(kind.axis, symbol_bytes));
    if (batch.targets.size() > most) batch.targets.resize(most);
    return batch;
  }
  return std::nullopt;
}

}  // namespace walrusfs::localnet
