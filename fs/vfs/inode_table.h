// The inodes in memory: those that changed, those in use, and a bounded cache of clean ones.
//
// Pure bookkeeping under the tree's lock. A pointer to an inode stays valid while the lock is held, or
// while the inode is pinned, open or changed.
#pragma once

#include <list>
#include <memory>
#include <unordered_map>
#include <vector>

#include "fs/vfs/inode.h"

namespace walrusfs {

class InodeTable {
 public:
  Inode* find(InodeId id);
  // `row.id` must not be in the table.
  Inode& insert(InodeRow row, bool in_index);

  void mark(Inode& inode, uint8_t dirt, uint64_t batch);
  // Everything that changed since it was last journaled, and some that no longer matter.
  const std::vector<Inode*>& listed() const { return listed_; }
  // Takes what is journaled off the list; erases shells that nobody knows any more.
  void tidy_listed();
  // Erases the shell of an unlinked inode if nobody needs it any more.
  void erase_if_unneeded(Inode& inode);

  // Drops clean inodes that nobody uses, least recently used ones first, down to about `max_clean`.
  void trim(size_t max_clean);

  template <typename Visit>
  void for_each(Visit visit) {
    for (auto& [id, inode] : inodes_) visit(*inode);
  }
  size_t size() const { return inodes_.size(); }
  size_t listed_count() const { return listed_.size(); }

 private:
  void erase(Inode& inode);

  std::unordered_map<uint64_t, std::unique_ptr<Inode>> inodes_;
  std::list<InodeId> queue_;  // second-chance order, oldest first
  std::vector<Inode*> listed_;
  size_t trim_above_ = 0;  // after a pass that freed little: not again before the table is this large
};

}  // namespace walrusfs
