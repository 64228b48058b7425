// Looking names up, making and removing them.
#include "base/limits.h"
#include "fs/vfs/name_rules.h"
#include "fs/vfs/tree_vfs.h"

namespace walrusfs {
namespace {

constexpr uint32_t kPermissionBits = 07777;

Error no_such_name() { return Error(Code::kNotFound, "there is no such name"); }

}  // namespace

Result<Attr> TreeVfs::lookup(InodeId parent, const std::string& name) {
  WFS_TRY(check_name(name));
  if (is_reserved(parent, name)) return no_such_name();
  return run([&](Wants& wants) REQUIRES(mutex_) -> Result<Attr> {
    WFS_ASSIGN(Inode * directory, need_directory(parent, wants));
    WFS_ASSIGN(std::optional<EntryTarget> target, need_name(parent, name, wants));
    if (!target) return no_such_name();
    WFS_ASSIGN(Inode * inode, need_inode(target->child, wants));
    if (inode->is_directory()) inode->parent = directory->row.id;
    inode->forgotten = false;
    return to_attr(*inode);
  });
}

void TreeVfs::forget(InodeId id, uint64_t) {
  MutexLock lock(mutex_);
  Inode* inode = table_.find(id);
  if (inode == nullptr) return;
  inode->forgotten = true;
  table_.erase_if_unneeded(*inode);
}

Inode& TreeVfs::make_inode(const Inode& directory, const NewInode& spec, NewPermissions permissions, Timestamp now) {
  InodeRow row;
  row.id = InodeId{next_inode_++};
  row.mode = permissions.mode;
  row.uid = spec.caller.uid;
  row.gid = spec.caller.gid;
  row.rdev = spec.rdev;
  row.nlink = S_ISDIR(spec.mode) ? 2 : 1;
  row.atime = row.mtime = row.ctime = row.btime = now;
  row.symlink_target = spec.symlink_target;
  row.size = spec.symlink_target.size();
  if (directory.row.mode & S_ISGID) {  // a group's folder: what is made in it belongs to the group
    row.gid = directory.row.gid;
    if (S_ISDIR(row.mode)) row.mode |= S_ISGID;
  }
  Inode& inode = table_.insert(std::move(row), false);
  inode.xattrs = std::make_unique<Xattrs>(std::move(permissions.acls));
  if (inode.is_regular()) inode.bytes = std::make_unique<FileBytes>();
  if (inode.is_directory()) {
    inode.parent = directory.row.id;
    names_.mark_complete(inode.row.id);
  }
  mark(inode, kRowDirt);
  if (!inode.xattrs->empty()) mark(inode, kXattrsDirt);
  return inode;
}

Result<Attr> TreeVfs::make(InodeId parent, const std::string& name, const NewInode& spec) {
  WFS_TRY(check_changeable_name(parent, name));
  const Timestamp now = clock_.now();
  return change([&](Wants& wants) REQUIRES(mutex_) -> Result<Attr> {
    WFS_TRY(writable());
    WFS_ASSIGN(Inode * directory, need_directory(parent, wants));
    WFS_ASSIGN(std::optional<EntryTarget> existing, need_name(parent, name, wants));
    if (existing) return Error(Code::kExists, "the name exists already");
    if (S_ISDIR(spec.mode) && directory->row.nlink >= limits::kLinks)
      return Error(Code::kTooManyLinks, "a folder cannot hold more folders than this");
    WFS_TRY(need_xattrs(*directory, wants));
    WFS_ASSIGN(NewPermissions permissions, inherit_permissions(*directory->xattrs, spec.mode, spec.caller.umask));
    Inode& inode = make_inode(*directory, spec, std::move(permissions), now);
    if (spec.opened) ++inode.opens;
    names_.change(parent, name, EntryTarget{inode.row.id, next_cookie_++});
    if (inode.is_directory()) ++directory->row.nlink;
    touch_directory(*directory, now);
    return to_attr(inode);
  });
}

Result<Attr> TreeVfs::mknod(InodeId parent, const std::string& name, uint32_t mode, uint64_t rdev, Caller caller) {
  if ((mode & S_IFMT) == 0) mode |= S_IFREG;
  const bool is_device = S_ISCHR(mode) || S_ISBLK(mode);
  if (!is_device && !S_ISREG(mode) && !S_ISFIFO(mode) && !S_ISSOCK(mode))
    return Error(Code::kInvalidArgument, "mknod makes files, devices, fifos and sockets only");
  return make(parent, name, {.mode = mode, .rdev = is_device ? rdev : 0, .caller = caller, .symlink_target = {}});
}

Result<Attr> TreeVfs::mkdir(InodeId parent, const std::string& name, uint32_t mode, Caller caller) {
  return make(parent, name, {.mode = S_IFDIR | (mode & kPermissionBits), .caller = caller, .symlink_target = {}});
}

Result<Attr> TreeVfs::symlink(InodeId parent, const std::string& name, const std::string& target, Caller caller) {
  if (target.empty()) return Error(Code::kNotFound, "a symbolic link must point somewhere");
  if (target.size() > limits::kSymlinkBytes)
    return Error(Code::kNameTooLong, "the target of a symbolic link has 4095 bytes at most");
  return make(parent, name, {.mode = S_IFLNK | 0777, .caller = caller, .symlink_target = target});
}

Result<Attr> TreeVfs::create(InodeId parent, const std::string& name, uint32_t mode, Caller caller) {
  return make(parent, name,
              {.mode = S_IFREG | (mode & kPermissionBits), .caller = caller, .symlink_target = {}, .opened = true});
}

Result<Attr> TreeVfs::link(InodeId id, InodeId new_parent, const std::string& new_name) {
  WFS_TRY(check_changeable_name(new_parent, new_name));
  const Timestamp now = clock_.now();
  return change([&](Wants& wants) REQUIRES(mutex_) -> Result<Attr> {
    WFS_TRY(writable());
    WFS_ASSIGN(Inode * inode, need_inode(id, wants));
    WFS_ASSIGN(Inode * directory, need_directory(new_parent, wants));
    WFS_ASSIGN(std::optional<EntryTarget> existing, need_name(new_parent, new_name, wants));
    if (inode->is_directory()) return Error(Code::kNotPermitted, "a folder has one name only");
    if (existing) return Error(Code::kExists, "the name exists already");
    if (inode->row.nlink == 0) return Error(Code::kNotFound, "the file was removed");
    if (inode->row.nlink >= limits::kLinks) return Error(Code::kTooManyLinks, "a file has 65000 names at most");
    ++inode->row.nlink;
    inode->row.ctime = now;
    mark(*inode, kRowDirt);
    names_.change(new_parent, new_name, EntryTarget{id, next_cookie_++});
    touch_directory(*directory, now);
    return to_attr(*inode);
  });
}

void TreeVfs::touch_directory(Inode& directory, Timestamp now) {
  directory.row.mtime = directory.row.ctime = now;
  mark(directory, kRowDirt);
}

void TreeVfs::drop_link(Inode& inode, Timestamp now) {
  // A folder's two links, its name and its ".", go together.
  inode.row.nlink = inode.is_directory() ? 0 : inode.row.nlink - 1;
  inode.row.ctime = now;
  mark(inode, kRowDirt);
  if (inode.is_directory()) names_.drop_directory(inode.row.id);
  dispose_if_unused(inode);
}

// Without name and opening an inode is over: its bytes go, its row goes with the next batch.
void TreeVfs::dispose_if_unused(Inode& inode) {
  if (inode.row.nlink > 0 || inode.opens > 0 || inode.pins > 0 || inode.gone) return;
  inode.gone = true;
  if (inode.in_index) {
    mark(inode, kRowDirt);
  } else {
    inode.dirt = 0;  // the index never heard of it and never will
    if (inode.bytes != nullptr)
      to_release_.insert(to_release_.end(), inode.bytes->named.begin(), inode.bytes->named.end());
    inode.bytes.reset();
  }
  table_.erase_if_unneeded(inode);
}

Status TreeVfs::remove(InodeId parent, const std::string& name, bool want_directory) {
  WFS_TRY(check_changeable_name(parent, name));
  const Timestamp now = clock_.now();
  Status removed = change([&](Wants& wants) REQUIRES(mutex_) -> Status {
    WFS_TRY(writable());
    WFS_ASSIGN(Inode * directory, need_directory(parent, wants));
    WFS_ASSIGN(std::optional<EntryTarget> target, need_name(parent, name, wants));
    if (!target) return no_such_name();
    WFS_ASSIGN(Inode * inode, need_inode(target->child, wants));
    if (want_directory && !inode->is_directory()) return Error(Code::kNotDirectory, "this is no folder");
    if (!want_directory && inode->is_directory()) return Error(Code::kIsDirectory, "this is a folder; use rmdir");
    if (want_directory) {
      WFS_ASSIGN(const bool empty, need_emptiness(inode->row.id, wants));
      if (!empty) return Error(Code::kNotEmpty, "the folder is not empty");
      --directory->row.nlink;
    }
    names_.change(parent, name, std::nullopt);
    touch_directory(*directory, now);
    drop_link(*inode, now);
    return {};
  });
  release_staging();
  return removed;
}

Status TreeVfs::unlink(InodeId parent, const std::string& name) { return remove(parent, name, false); }

Status TreeVfs::rmdir(InodeId parent, const std::string& name) { return remove(parent, name, true); }

}  // namespace walrusfs
