// Packs and their rows on one connection: built, certified, dropped. The caller owns the transaction.
// For one thread at a time.
#pragma once

#include <vector>

#include "base/result.h"
#include "meta/rows.h"
#include "meta/sqlite.h"
#include "meta/tree_reader.h"
#include "meta/tree_writer.h"

namespace walrusfs {

class PackRows {
 public:
  // `connection` and the others, which use the same connection, must outlive this.
  PackRows(sqlite::Connection& connection, TreeReader& reader, TreeWriter& tree)
      : connection_(connection), reader_(reader), tree_(tree) {}

  Result<PackId> next_id();
  Status add_built(const PackRow& pack, const std::vector<FrameRow>& frames, const std::vector<PackedRange>& packed);
  Status certify(const PackRow& pack);
  Status drop_built(PackId id);

  // Finishes what a crash may have left: extents of ranges that certified packs contain.
  Status settle_certified();
  Status forget_packed_ranges(PackId id);

 private:
  Status insert_pack(const PackRow& pack);
  Status publish(const PackRow& pack);
  Status purge_tombstones(Sequence published);

  sqlite::Connection& connection_;
  TreeReader& reader_;
  TreeWriter& tree_;
};

}  // namespace walrusfs
