// The index of a quilt: which file lies in which columns. Specification section 17.2.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "codec/quilt/patch_id.h"
#include "codec/quilt/tags.h"
#include "codec/shape.h"

namespace walrusfs::quilt {

struct IndexEntry {
  std::string identifier;
  Tags tags;
  ColumnRange columns;
  bool operator==(const IndexEntry&) const = default;
};

// Entries as the quilt has them; ours and official ones are sorted by identifier, others need not be.
struct Index {
  std::vector<IndexEntry> entries;

  // The first of that name; nullptr when there is none.
  const IndexEntry* find(std::string_view identifier) const;

  // The BCS alone, without version and length.
  Bytes to_bytes() const;
  // Start columns are not stored: the first file starts at `first_column`. kCorrupt for more files than
  // the shape allows, and for columns that run backwards or out of the quilt. Identifiers that official
  // writers would refuse are let through, so that what others wrote can be read.
  static Result<Index> parse(const CodeShape& shape, uint16_t first_column, ByteView bcs);
};

// The most that the BCS of an index takes.
uint64_t max_index_bytes(const CodeShape& shape);

}  // namespace walrusfs::quilt
