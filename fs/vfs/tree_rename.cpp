// rename(2) with its flags. What is allowed is decided in name_rules.
#include "fs/vfs/name_rules.h"
#include "fs/vfs/tree_vfs.h"

namespace walrusfs {

struct TreeVfs::RenameWork {
  Inode* from_directory = nullptr;
  Inode* to_directory = nullptr;
  Inode* from = nullptr;
  Inode* to = nullptr;
  EntryTarget from_target, to_target;
  RenameFacts facts;
  Timestamp now;
};

Status TreeVfs::rename(InodeId parent, const std::string& name, InodeId new_parent, const std::string& new_name,
                       RenameMode mode) {
  WFS_TRY(check_changeable_name(parent, name));
  WFS_TRY(check_changeable_name(new_parent, new_name));
  const RenameNames names{parent, name, new_parent, new_name, mode};
  Status renamed = change([&](Wants& wants) REQUIRES(mutex_) -> Status { return rename_locked(names, wants); });
  release_staging();
  return renamed;
}

Status TreeVfs::rename_locked(const RenameNames& names, Wants& wants) {
  WFS_TRY(writable());
  RenameWork work;
  WFS_TRY(gather_rename(names, work, wants));
  WFS_ASSIGN(const RenameAction action, judge_rename(work.facts));
  work.now = clock_.now();
  switch (action) {
    case RenameAction::kNothing: return {};
    case RenameAction::kExchange: exchange_names(names, work); break;
    case RenameAction::kMove:
    case RenameAction::kReplace: move_name(names, work); break;
  }
  touch_directory(*work.from_directory, work.now);
  touch_directory(*work.to_directory, work.now);
  return {};
}

Status TreeVfs::gather_rename(const RenameNames& names, RenameWork& work, Wants& wants) {
  WFS_ASSIGN(work.from_directory, need_directory(names.parent, wants));
  WFS_ASSIGN(work.to_directory, need_directory(names.new_parent, wants));
  WFS_ASSIGN(std::optional<EntryTarget> from, need_name(names.parent, names.name, wants));
  WFS_ASSIGN(std::optional<EntryTarget> to, need_name(names.new_parent, names.new_name, wants));
  RenameFacts& facts = work.facts;
  facts.mode = names.mode;
  facts.same_parent = names.parent == names.new_parent;
  facts.from.parent_links = work.from_directory->row.nlink;
  facts.to.parent_links = work.to_directory->row.nlink;
  if (from) {
    WFS_ASSIGN(work.from, need_inode(from->child, wants));
    work.from_target = *from;
    facts.from.exists = true;
    facts.from.inode = from->child;
    facts.from.is_directory = work.from->is_directory();
  }
  if (to) {
    WFS_ASSIGN(work.to, need_inode(to->child, wants));
    work.to_target = *to;
    facts.to.exists = true;
    facts.to.inode = to->child;
    facts.to.is_directory = work.to->is_directory();
  }
  if (facts.from.is_directory && !facts.same_parent) {
    WFS_ASSIGN(facts.to.inside_other, need_is_inside(names.new_parent, facts.from.inode, wants));
  }
  if (facts.to.is_directory && !facts.same_parent && names.mode == RenameMode::kExchange) {
    WFS_ASSIGN(facts.from.inside_other, need_is_inside(names.parent, facts.to.inode, wants));
  }
  const bool would_replace = facts.from.is_directory && facts.to.is_directory && names.mode == RenameMode::kReplace;
  if (would_replace && facts.from.inode != facts.to.inode && !facts.to.inside_other) {
    WFS_ASSIGN(facts.to.is_empty, need_emptiness(facts.to.inode, wants));
  }
  return {};
}

void TreeVfs::move_name(const RenameNames& names, RenameWork& work) {
  // A name that stays keeps its place in listings; a new one goes to their end.
  const uint64_t cookie = work.to != nullptr ? work.to_target.cookie : next_cookie_++;
  names_.change(names.parent, names.name, std::nullopt);
  names_.change(names.new_parent, names.new_name, EntryTarget{work.from->row.id, cookie});
  if (work.from->is_directory()) {
    --work.from_directory->row.nlink;
    ++work.to_directory->row.nlink;
    work.from->parent = names.new_parent;
  }
  work.from->row.ctime = work.now;
  mark(*work.from, kRowDirt);
  if (work.to == nullptr) return;
  if (work.to->is_directory()) --work.to_directory->row.nlink;
  drop_link(*work.to, work.now);
}

void TreeVfs::exchange_names(const RenameNames& names, RenameWork& work) {
  names_.change(names.parent, names.name, EntryTarget{work.to->row.id, work.from_target.cookie});
  names_.change(names.new_parent, names.new_name, EntryTarget{work.from->row.id, work.to_target.cookie});
  if (work.from->is_directory()) {
    --work.from_directory->row.nlink;
    ++work.to_directory->row.nlink;
    work.from->parent = names.new_parent;
  }
  if (work.to->is_directory()) {
    --work.to_directory->row.nlink;
    ++work.from_directory->row.nlink;
    work.to->parent = names.parent;
  }
  work.from->row.ctime = work.to->row.ctime = work.now;
  mark(*work.from, kRowDirt);
  mark(*work.to, kRowDirt);
}

}  // namespace walrusfs
