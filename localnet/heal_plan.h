// What a node that lacks slivers of a blob asks for, in which order, and what that costs. Pure reckoning.
//
// A node that lost m of n sliver pairs lost m (k1 + k2) symbols. Where a lost row and a lost column cross they hold the
// same symbol, so only m (k1 + k2 - m) of them are independent, and no fewer have to come from outside: the floor of
// bytes moved over bytes lost is 1 - m / (k1 + k2). It is reached by rebuilding one axis first and cutting symbols for
// the other out of what has been rebuilt; which axis comes first makes no difference.
//
// What stands above the floor is framing. Symbols without proof cost six bytes more than they hold, but nodes hand them
// out for source slivers only (primary below k1, secondary below k2). Of every pair at least one sliver is a source
// sliver, so these go first; the others are rebuilt from symbols with proofs, which carry a hash per level of the tree.
// Where symbols are so small that this outweighs the blob itself, k1 primary slivers are fetched whole, the blob is
// decoded, and all that was lost is cut out of it.
#pragma once

#include <optional>
#include <vector>

#include "codec/shape.h"

namespace walrusfs::localnet {

// By axis: slivers of the node's shards that are not there, and slivers that are (also of shards it gives away).
struct SliverInventory {
  std::vector<SliverIndex> missing[2];
  std::vector<SliverIndex> held[2];

  bool complete() const { return missing[0].empty() && missing[1].empty(); }
};

enum class HealWay { kSymbols, kDecode };

// Slivers of one axis to rebuild together: all of them source slivers, or none.
struct HealBatch {
  Axis axis = Axis::kPrimary;
  bool with_proofs = false;
  std::vector<SliverIndex> targets;  // not empty
};

// Bytes that a symbol takes in an answer beside itself, with its share of the request.
uint64_t symbol_frame_bytes();
uint64_t proven_symbol_frame_bytes(const CodeShape& shape);

// Bytes that have to come from other nodes, as far as nobody is down or lies.
uint64_t symbols_cost_bytes(const CodeShape& shape, uint16_t symbol_bytes, const SliverInventory& inventory);
uint64_t decode_cost_bytes(const CodeShape& shape, uint16_t symbol_bytes, const SliverInventory& inventory);
// Decoding holds the whole blob in memory, so beyond `max_decode_bytes` it is not chosen.
HealWay cheaper_way(const CodeShape& shape, uint16_t symbol_bytes, const SliverInventory& inventory,
                    uint64_t max_decode_bytes);

// What to rebuild next, of no more than `max_bytes` together (but at least one sliver), of `only` that axis if it is
// given. Nothing when complete.
std::optional<HealBatch> next_batch(const CodeShape& shape, uint16_t symbol_bytes, const SliverInventory& inventory,
                                    uint64_t max_bytes, std::optional<Axis> only = {});

}  // namespace walrusfs::localnet
