// What the packer and committer need of the tree in memory, without knowing it.
#pragma once

#include <memory>
#include <vector>

#include "base/result.h"
#include "meta/index.h"

namespace walrusfs {

class LiveTree {
 public:
  virtual ~LiveTree() = default;

  // Journals everything and, in the same breath, seals the staging file of every dirty inode: the
  // bytes that the snapshot's extents name in the spool never change again.
  virtual Result<std::unique_ptr<IndexSnapshot>> cut() = 0;

  // The pack is kept by the network: extents that still name its ranges name the pack from now on, in
  // memory and (Index::certify_pack) on disk. No journaling runs meanwhile.
  virtual Status adopt_pack(const PackRow& pack, const std::vector<PackedRange>& packed) = 0;

  // The newest journaled transaction.
  virtual Sequence journaled() const = 0;
  // Age of the oldest change that no certified pack has, and its bytes: what decides when to cut.
  virtual Millis oldest_unpublished_age() const = 0;
  virtual uint64_t unpublished_bytes() const = 0;
};

}  // namespace walrusfs
