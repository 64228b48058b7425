#include "meta/extent_map.h"

#include <algorithm>
#include <limits>

namespace walrusfs {
namespace {

uint64_t end_of(ByteRange range) {
  const uint64_t room = std::numeric_limits<uint64_t>::max() - range.offset;
  return range.offset + std::min(range.length, room);
}

// The part of `extent` in [from, to), which must overlap it.
Extent cut(const Extent& extent, uint64_t from, uint64_t to) {
  Extent piece = extent;
  piece.file_offset = std::max(extent.file_offset, from);
  piece.length = std::min(extent.end(), to) - piece.file_offset;
  piece.source_offset = extent.source_offset + (piece.file_offset - extent.file_offset);
  return piece;
}

bool continues(const Extent& left, const Extent& right) {
  return left.end() == right.file_offset && left.source == right.source && left.source_id == right.source_id &&
         left.source_offset + left.length == right.source_offset;
}

// The first packed range of `staging` that ends after `offset`.
std::vector<PackedRange>::const_iterator first_packed(const std::vector<PackedRange>& packed, uint64_t staging,
                                                      uint64_t offset) {
  return std::partition_point(packed.begin(), packed.end(), [&](const PackedRange& range) {
    if (raw(range.staging) != staging) return raw(range.staging) < staging;
    return range.staging_offset + range.length <= offset;
  });
}

}  // namespace

ExtentMap::ExtentMap(const std::vector<Extent>& extents) {
  for (const Extent& extent : extents) by_offset_.emplace_hint(by_offset_.end(), extent.file_offset, extent);
}

void ExtentMap::put(const Extent& extent) {
  if (extent.length == 0) return;
  clear({extent.file_offset, extent.length});
  by_offset_.emplace(extent.file_offset, extent);
  merge_around(extent.file_offset);
}

void ExtentMap::clear(ByteRange range) {
  if (range.empty()) return;
  const uint64_t end = end_of(range);
  auto it = by_offset_.lower_bound(range.offset);
  if (it != by_offset_.begin() && std::prev(it)->second.end() > range.offset) --it;
  while (it != by_offset_.end() && it->first < end) {
    const Extent old = it->second;
    it = by_offset_.erase(it);
    if (old.file_offset < range.offset) by_offset_.emplace(old.file_offset, cut(old, old.file_offset, range.offset));
    if (old.end() > end) it = std::next(by_offset_.emplace(end, cut(old, end, old.end())).first);
  }
}

std::vector<Extent> ExtentMap::slice(ByteRange range) const {
  std::vector<Extent> pieces;
  if (range.empty()) return pieces;
  const uint64_t end = end_of(range);
  auto it = by_offset_.lower_bound(range.offset);
  if (it != by_offset_.begin() && std::prev(it)->second.end() > range.offset) --it;
  for (; it != by_offset_.end() && it->first < end; ++it) pieces.push_back(cut(it->second, range.offset, end));
  return pieces;
}

std::vector<Extent> ExtentMap::all() const {
  std::vector<Extent> extents;
  extents.reserve(by_offset_.size());
  for (const auto& [offset, extent] : by_offset_) extents.push_back(extent);
  return extents;
}

uint64_t ExtentMap::mapped_bytes() const {
  uint64_t bytes = 0;
  for (const auto& [offset, extent] : by_offset_) bytes += extent.length;
  return bytes;
}

bool ExtentMap::has_spool() const {
  return std::any_of(by_offset_.begin(), by_offset_.end(),
                     [](const auto& item) { return item.second.source == Extent::Source::kSpool; });
}

uint64_t ExtentMap::seek(uint64_t offset, uint64_t file_size, bool want_data) const {
  if (offset >= file_size) return file_size;
  auto it = by_offset_.upper_bound(offset);
  if (it != by_offset_.begin() && std::prev(it)->second.end() > offset) --it;
  if (want_data) return it == by_offset_.end() ? file_size : std::min(std::max(offset, it->first), file_size);
  for (; it != by_offset_.end() && it->first <= offset; ++it) offset = it->second.end();
  return std::min(offset, file_size);
}

bool ExtentMap::move_to_pack(PackId pack, const std::vector<PackedRange>& packed) {
  std::vector<Extent> moved;
  for (const auto& [offset, extent] : by_offset_) {
    if (extent.source != Extent::Source::kSpool) continue;
    const uint64_t source_end = extent.source_offset + extent.length;
    auto range = first_packed(packed, extent.source_id, extent.source_offset);
    for (; range != packed.end() && raw(range->staging) == extent.source_id && range->staging_offset < source_end;
         ++range) {
      const uint64_t from = std::max(range->staging_offset, extent.source_offset);
      const uint64_t to = std::min(range->staging_offset + range->length, source_end);
      if (from >= to) continue;
      moved.push_back({.file_offset = extent.file_offset + (from - extent.source_offset),
                       .length = to - from,
                       .source = Extent::Source::kPack,
                       .source_id = raw(pack),
                       .source_offset = range->t_offset + (from - range->staging_offset)});
    }
  }
  for (const Extent& extent : moved) put(extent);
  return !moved.empty();
}

void ExtentMap::merge_around(uint64_t offset) {
  auto it = by_offset_.find(offset);
  if (auto next = std::next(it); next != by_offset_.end() && continues(it->second, next->second)) {
    it->second.length += next->second.length;
    by_offset_.erase(next);
  }
  if (it == by_offset_.begin()) return;
  auto previous = std::prev(it);
  if (!continues(previous->second, it->second)) return;
  previous->second.length += it->second.length;
  by_offset_.erase(it);
}

}  // namespace walrusfs
