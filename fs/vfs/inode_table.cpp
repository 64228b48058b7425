#include "fs/vfs/inode_table.h"

#include "base/check.h"

namespace walrusfs {
namespace {

// So that what an operation has just loaded is still there when it looks again.
constexpr size_t kFewestClean = 256;

bool unneeded_shell(const Inode& inode) {
  return inode.gone && inode.forgotten && inode.opens == 0 && inode.pins == 0 && !inode.is_changed() && !inode.listed;
}

bool evictable(const Inode& inode) {
  return !inode.listed && !inode.gone && inode.opens == 0 && inode.pins == 0 && !inode.is_changed();
}

}  // namespace

Inode* InodeTable::find(InodeId id) {
  auto found = inodes_.find(raw(id));
  if (found == inodes_.end()) return nullptr;
  found->second->recently_used = true;
  return found->second.get();
}

Inode& InodeTable::insert(InodeRow row, bool in_index) {
  const InodeId id = row.id;
  auto [place, is_new] = inodes_.emplace(raw(id), std::make_unique<Inode>(std::move(row)));
  WFS_CHECK(is_new);
  Inode& inode = *place->second;
  inode.in_index = in_index;
  inode.queue_place = queue_.insert(queue_.end(), id);
  return inode;
}

void InodeTable::mark(Inode& inode, uint8_t dirt, uint64_t batch) {
  inode.dirt |= dirt;
  inode.changed_batch = batch;
  if (inode.listed) return;
  inode.listed = true;
  listed_.push_back(&inode);
}

void InodeTable::tidy_listed() {
  std::vector<Inode*> still;
  std::vector<Inode*> shells;
  for (Inode* inode : listed_) {
    if (inode->is_changed()) {
      still.push_back(inode);
      continue;
    }
    inode->listed = false;
    if (unneeded_shell(*inode)) shells.push_back(inode);
  }
  listed_ = std::move(still);
  for (Inode* inode : shells) erase(*inode);
}

void InodeTable::erase_if_unneeded(Inode& inode) {
  if (unneeded_shell(inode)) erase(inode);
}

void InodeTable::erase(Inode& inode) {
  queue_.erase(inode.queue_place);
  inodes_.erase(raw(inode.row.id));
}

void InodeTable::trim(size_t max_clean) {
  max_clean = std::max(max_clean, kFewestClean);
  const size_t clean = inodes_.size() - listed_.size();
  if (clean <= max_clean + max_clean / 8 || inodes_.size() <= trim_above_) return;
  size_t to_drop = clean - max_clean;
  // Two rounds at most: one may only take away the marks of recent use.
  size_t steps = 2 * queue_.size();
  while (to_drop > 0 && steps-- > 0) {
    Inode& inode = *inodes_.at(raw(queue_.front()));
    if (evictable(inode) && !inode.recently_used) {
      erase(inode);
      --to_drop;
      continue;
    }
    inode.recently_used = false;
    queue_.splice(queue_.end(), queue_, queue_.begin());
  }
  trim_above_ = to_drop == 0 ? 0 : inodes_.size() + max_clean / 8;
}

}  // namespace walrusfs
