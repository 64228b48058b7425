// Attributes and extended attributes.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/limits.h"
#include "fs/vfs/tree_vfs.h"
#include "fs/vfs/virtual_xattrs.h"

namespace walrusfs {
namespace {

constexpr uint32_t kPermissionBits = 07777;
constexpr uint32_t kModeBits = 0777;  // those that an ACL has as well
constexpr uint64_t kDirectoryBytes = 4096;  // what stat(2) says of a folder, as on most filesystems

Error no_such_xattr() { return Error(Code::kNoAttribute, "there is no such extended attribute"); }

Status check_xattr_name(const std::string& name) {
  if (name.empty() || name.size() > limits::kXattrNameBytes)
    return Error(Code::kRange, "the name of an extended attribute has 1 to 255 bytes");
  return {};
}

Status check_xattr_sizes(const Xattrs& xattrs) {
  size_t sum = 0;
  for (const auto& [name, value] : xattrs) sum += name.size() + value.size();
  if (sum > limits::kXattrsPerInodeBytes)
    return Error(Code::kNoSpace, "the extended attributes of one file have 256 KiB at most together");
  return {};
}

// Changes nothing when it fails.
Status put_xattr(Xattrs& xattrs, const std::string& name, Bytes value) {
  const auto existing = xattrs.find(name);
  const bool existed = existing != xattrs.end();
  Bytes before = existed ? std::exchange(existing->second, std::move(value)) : Bytes();
  const auto place = existed ? existing : xattrs.emplace(name, std::move(value)).first;
  Status fits = check_xattr_sizes(xattrs);
  if (fits.ok()) return {};
  if (existed) {
    place->second = std::move(before);
  } else {
    xattrs.erase(place);
  }
  return fits;
}

}  // namespace

Attr TreeVfs::to_attr(const Inode& inode) const {
  const InodeRow& row = inode.row;
  Attr attr{.id = row.id, .mode = row.mode, .uid = row.uid, .gid = row.gid, .nlink = row.nlink, .rdev = row.rdev,
            .size = row.size, .allocated_bytes = inode.mapped_bytes, .atime = row.atime, .mtime = row.mtime,
            .ctime = row.ctime};
  if (inode.is_directory()) attr.size = attr.allocated_bytes = kDirectoryBytes;
  return attr;
}

Result<Attr> TreeVfs::getattr(InodeId id) {
  return run([&](Wants& wants) REQUIRES(mutex_) -> Result<Attr> {
    WFS_ASSIGN(Inode * inode, need_inode(id, wants));
    return to_attr(*inode);
  });
}

void TreeVfs::set_fields(Inode& inode, const AttrChange& change, Timestamp now) {
  InodeRow& row = inode.row;
  uint8_t dirt = kRowDirt;
  if (change.mode) {
    row.mode = (row.mode & S_IFMT) | (*change.mode & kPermissionBits);
    if (access_acl_follows_mode(*inode.xattrs, row.mode)) dirt |= kXattrsDirt;
  }
  if (change.uid) row.uid = *change.uid;
  if (change.gid) row.gid = *change.gid;
  if (change.atime) row.atime = *change.atime;
  if (change.size) row.mtime = now;
  if (change.mtime) row.mtime = *change.mtime;
  row.ctime = change.ctime.value_or(now);
  mark(inode, dirt);
}

// A change of the mode changes a stored ACL with it.
Status TreeVfs::need_chmod(Inode& inode, const AttrChange& change, Wants& wants) {
  return change.mode ? need_xattrs(inode, wants) : Status();
}

Result<Attr> TreeVfs::setattr(InodeId id, const AttrChange& change) {
  const Timestamp now = clock_.now();
  if (change.size) return set_size(id, change, now);
  return this->change([&](Wants& wants) REQUIRES(mutex_) -> Result<Attr> {
    WFS_TRY(writable());
    WFS_ASSIGN(Inode * inode, need_inode(id, wants));
    WFS_TRY(need_chmod(*inode, change, wants));
    set_fields(*inode, change, now);
    return to_attr(*inode);
  });
}

Result<Attr> TreeVfs::set_size(InodeId id, const AttrChange& change, Timestamp now) {
  const uint64_t size = *change.size;
  if (size > limits::kFileBytes) return Error(Code::kTooLarge, "a file has 1 PiB at most");
  DropPlan plan;
  bool inside = false;
  auto done = this->change([&](Wants& wants) REQUIRES(mutex_) -> Result<Attr> {
    WFS_TRY(writable());
    WFS_ASSIGN(Inode * inode, need_file(id, wants));
    WFS_TRY(need_chmod(*inode, change, wants));
    enter_alone(*inode);
    inside = true;
    if (size < inode->row.size) plan = drop_bytes(*inode, {size, inode->row.size - size});
    inode->row.size = size;
    set_fields(*inode, change, now);
    return to_attr(*inode);
  });
  if (inside) leave_alone(id, plan);
  return done;
}

Result<std::string> TreeVfs::readlink(InodeId id) {
  return run([&](Wants& wants) REQUIRES(mutex_) -> Result<std::string> {
    WFS_ASSIGN(Inode * inode, need_inode(id, wants));
    if (!S_ISLNK(inode->row.mode)) return Error(Code::kInvalidArgument, "this is no symbolic link");
    return inode->row.symlink_target;
  });
}

Result<Bytes> TreeVfs::getxattr(InodeId id, const std::string& name) {
  WFS_TRY(check_xattr_name(name));
  if (is_virtual_xattr(name)) return virtual_xattr(id, name);
  return run([&](Wants& wants) REQUIRES(mutex_) -> Result<Bytes> {
    WFS_ASSIGN(Inode * inode, need_inode(id, wants));
    WFS_TRY(need_xattrs(*inode, wants));
    auto found = inode->xattrs->find(name);
    if (found == inode->xattrs->end()) return no_such_xattr();
    return found->second;
  });
}

Status TreeVfs::change_xattrs(InodeId id, const std::function<Status(Inode&)>& edit) {
  const Timestamp now = clock_.now();
  return change([&](Wants& wants) REQUIRES(mutex_) -> Status {
    WFS_TRY(writable());
    WFS_ASSIGN(Inode * inode, need_inode(id, wants));
    WFS_TRY(need_xattrs(*inode, wants));
    WFS_TRY(edit(*inode));
    inode->row.ctime = now;
    mark(*inode, kRowDirt | kXattrsDirt);
    return {};
  });
}

Status TreeVfs::setxattr(InodeId id, const std::string& name, ByteView value, XattrMode mode) {
  WFS_TRY(check_xattr_name(name));
  if (is_virtual_xattr(name)) return Error(Code::kNotPermitted, "user.walrus.* is told by the program, not set");
  if (value.size() > limits::kXattrValueBytes)
    return Error(Code::kTooLarge, "the value of an extended attribute has 64 KiB at most");
  if (is_acl_xattr(name)) return set_acl(id, name, value);
  return change_xattrs(id, [&](Inode& inode) -> Status {
    const bool exists = inode.xattrs->contains(name);
    if (exists && mode == XattrMode::kCreate) return Error(Code::kExists, "the extended attribute exists already");
    if (!exists && mode == XattrMode::kReplace) return no_such_xattr();
    return put_xattr(*inode.xattrs, name, to_bytes(value));
  });
}

// An access ACL that says no more than mode bits becomes the mode and is not stored, as on ext4.
Status TreeVfs::set_acl(InodeId id, const std::string& name, ByteView value) {
  WFS_ASSIGN(const Acl acl, Acl::parse(value));
  const bool is_access = name == kAccessAclXattr;
  return change_xattrs(id, [&](Inode& inode) -> Status {
    if (S_ISLNK(inode.row.mode)) return Error(Code::kNotSupported, "a symbolic link has no permissions");
    if (!is_access && !inode.is_directory())
      return Error(Code::kPermission, "only a folder has a default ACL: it is for what is made in it");
    if (is_access && acl.equals_mode()) {
      inode.xattrs->erase(name);
    } else {
      WFS_TRY(put_xattr(*inode.xattrs, name, acl.to_xattr()));
    }
    if (is_access) inode.row.mode = (inode.row.mode & ~kModeBits) | acl.mode_bits();
    return {};
  });
}

Status TreeVfs::removexattr(InodeId id, const std::string& name) {
  WFS_TRY(check_xattr_name(name));
  if (is_virtual_xattr(name)) return Error(Code::kNotPermitted, "user.walrus.* is told by the program, not set");
  return change_xattrs(id, [&](Inode& inode) -> Status {
    if (inode.xattrs->erase(name) == 0) return no_such_xattr();
    return {};
  });
}

Result<std::vector<std::string>> TreeVfs::listxattr(InodeId id) {
  return run([&](Wants& wants) REQUIRES(mutex_) -> Result<std::vector<std::string>> {
    WFS_ASSIGN(Inode * inode, need_inode(id, wants));
    WFS_TRY(need_xattrs(*inode, wants));
    std::vector<std::string> names;
    for (const auto& [name, value] : *inode->xattrs) names.push_back(name);
    return names;
  });
}

Result<Bytes> TreeVfs::virtual_xattr(InodeId id, const std::string& name) {
  if (name == kStateXattr) {
    WFS_ASSIGN(const FileState now, state(id));
    return to_bytes(as_bytes(file_state_name(now)));
  }
  WFS_ASSIGN(const std::vector<Extent> extents,
             run([&](Wants& wants) REQUIRES(mutex_) -> Result<std::vector<Extent>> {
               WFS_ASSIGN(Inode * inode, need_inode(id, wants));
               if (!inode->is_regular()) return no_such_xattr();  // only files have bytes somewhere
               WFS_ASSIGN(inode, need_file(id, wants));
               return inode->bytes->extents.all();
             }));
  if (name == kExtentsXattr) return to_bytes(as_bytes(extents_text(extents)));
  const std::vector<PackId> packs = packs_of(extents);
  if (packs.empty()) return no_such_xattr();
  if (name == kPackXattr) return to_bytes(as_bytes(packs_text(packs)));
  if (name != kBlobIdXattr) return no_such_xattr();
  std::vector<std::string> blobs;
  for (PackId pack : packs) {
    WFS_ASSIGN(std::optional<PackRow> row, index_.pack(pack));
    if (row) blobs.push_back(row->blob.to_string());
  }
  return to_bytes(as_bytes(fmt::format("{}", fmt::join(blobs, " "))));
}

}  // namespace walrusfs
