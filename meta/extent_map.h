// The extents of one file, in order, never overlapping; neighbours that continue each other are
// merged. Pure arithmetic: the tree in memory and the index use the same rules. Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include "meta/rows.h"

namespace walrusfs {

class ExtentMap {
 public:
  ExtentMap() = default;
  // `extents` sorted and not overlapping, as stored.
  explicit ExtentMap(const std::vector<Extent>& extents);

  // Newest wins: the range of `extent` now has its source.
  void put(const Extent& extent);
  // The range becomes a hole (punch, or truncate with length to the end of time).
  void clear(ByteRange range);

  // The pieces of `range` in order, cut to it; holes are simply absent.
  std::vector<Extent> slice(ByteRange range) const;
  std::vector<Extent> all() const;
  bool empty() const { return by_offset_.empty(); }
  size_t size() const { return by_offset_.size(); }

  // Sum of lengths (for st_blocks), and whether any piece is in the spool.
  uint64_t mapped_bytes() const;
  bool has_spool() const;
  // First byte at or after `offset` that is data (`want_data`) or hole; `file_size` ends the file and
  // counts as a hole. Returns file_size when there is none.
  uint64_t seek(uint64_t offset, uint64_t file_size, bool want_data) const;

  // Spool pieces that `packed` covers now come from `pack`; pieces partly covered are cut.
  // `packed` sorted by (staging, staging_offset). Returns whether anything changed.
  bool move_to_pack(PackId pack, const std::vector<PackedRange>& packed);

 private:
  void merge_around(uint64_t offset);

  std::map<uint64_t, Extent> by_offset_;
};

}  // namespace walrusfs
