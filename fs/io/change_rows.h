// From rows of the index to rows of `.walrusfs/changes`, and how much text they make. Pure.
#pragma once

#include "codec/pack/changes.h"
#include "codec/pack/pack_types.h"
#include "meta/rows.h"

namespace walrusfs {

pack::ChangesRow to_changes_row(const InodeRow& row);
pack::ChangesRow to_changes_row(const EntryRow& row);
pack::ChangesRow to_changes_row(InodeId inode, const Xattrs& xattrs);
// How to read that pack. kCorrupt when its sizes contradict each other.
Result<pack::ChangesRow> to_changes_row(const PackRow& row);

// Never less than what the row takes in the text.
uint64_t text_bound(const pack::ChangesRow& row);
// The same for the lines around the rows.
constexpr uint64_t kChangesFrameTextBound = 1024;

pack::ChangesPredecessor predecessor_of(const PackRow& row);
std::vector<pack::Xattr> to_pack_xattrs(const Xattrs& xattrs);

}  // namespace walrusfs
