// Each callback unpacks its arguments, calls one method of the Vfs and replies.
#include "fs/fuse/operations.h"

#include <linux/falloc.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <new>
#include <vector>

#include "base/limits.h"
#include "base/log.h"
#include "fs/fuse/errno_map.h"
#include "fs/vfs/acl.h"

namespace walrusfs {
namespace {

constexpr unsigned kMaxWriteBytes = limits::kMiB;
constexpr unsigned kMaxBackground = 64;
constexpr uint32_t kPreferredIoBytes = 128 * limits::kKiB;
// The smallest that one name can take in a reply: headers of fuse_direntplus and an aligned short name.
constexpr size_t kPlusEntryBytes = 160;
constexpr size_t kPlainEntryBytes = 32;
constexpr int kMostGroups = 1024;  // of a process that we look at; Linux allows more, nobody has them

Door& door(fuse_req_t request) { return *static_cast<Door*>(fuse_req_userdata(request)); }
Vfs& vfs(fuse_req_t request) { return door(request).vfs; }
InodeId id(fuse_ino_t inode) { return InodeId{inode}; }

Caller caller(fuse_req_t request) {
  const fuse_ctx* context = fuse_req_ctx(request);
  return {context->uid, context->gid, context->umask};
}

Timestamp to_timestamp(const timespec& spec) { return Timestamp::from_parts(spec.tv_sec, spec.tv_nsec); }
timespec to_timespec(Timestamp time) { return {time.seconds(), time.nanoseconds()}; }

struct stat to_stat(const Attr& attr) {
  struct stat out {};
  out.st_ino = raw(attr.id);
  out.st_mode = attr.mode;
  out.st_nlink = attr.nlink;
  out.st_uid = attr.uid;
  out.st_gid = attr.gid;
  out.st_rdev = attr.rdev;
  out.st_size = static_cast<off_t>(attr.size);
  out.st_blksize = kPreferredIoBytes;
  out.st_blocks = static_cast<blkcnt_t>((attr.allocated_bytes + 511) / 512);
  out.st_atim = to_timespec(attr.atime);
  out.st_mtim = to_timespec(attr.mtime);
  out.st_ctim = to_timespec(attr.ctime);
  return out;
}

fuse_entry_param to_entry(const Attr& attr, double timeout_s) {
  fuse_entry_param entry{};
  entry.ino = raw(attr.id);
  entry.attr = to_stat(attr);
  entry.attr_timeout = timeout_s;
  entry.entry_timeout = timeout_s;
  return entry;
}

// What libraries throw ends here, in one place.
template <typename Body>
void guarded(fuse_req_t request, Body&& body) {
  try {
    body();
  } catch (const std::bad_alloc&) {
    fuse_reply_err(request, ENOMEM);
  } catch (const std::exception& thrown) {
    log_error("a request failed unexpectedly: {}", thrown.what());
    fuse_reply_err(request, EIO);
  }
}

void reply_error(fuse_req_t request, const Error& error) {
  const int number = to_errno(error.code());
  if (number == EIO) log_error("{}", error.to_string());
  fuse_reply_err(request, number);
}

void reply_status(fuse_req_t request, const Status& status) {
  if (status.ok()) {
    fuse_reply_err(request, 0);
  } else {
    reply_error(request, status.error());
  }
}

void reply_attr(fuse_req_t request, const Result<Attr>& attr) {
  if (!attr.ok()) return reply_error(request, attr.error());
  const struct stat info = to_stat(*attr);
  fuse_reply_attr(request, &info, door(request).cache_timeout_s);
}

void reply_entry(fuse_req_t request, const Result<Attr>& attr) {
  if (!attr.ok()) return reply_error(request, attr.error());
  const fuse_entry_param entry = to_entry(*attr, door(request).cache_timeout_s);
  // The caller was interrupted: the kernel has not taken the reference.
  if (fuse_reply_entry(request, &entry) != 0) vfs(request).forget(attr->id, 1);
}

void on_init(void* userdata, fuse_conn_info* connection) {
  const Door& state = *static_cast<Door*>(userdata);
  const auto want = [connection](unsigned capability) {
    if (connection->capable & capability) connection->want |= capability;
  };
  if (!state.read_only) want(FUSE_CAP_WRITEBACK_CACHE);
  // The kernel enforces the ACLs that we keep, and leaves the umask to us: a default ACL comes before it.
  want(FUSE_CAP_POSIX_ACL);
  want(FUSE_CAP_DONT_MASK);
  want(FUSE_CAP_READDIRPLUS);
  want(FUSE_CAP_PARALLEL_DIROPS);
  want(FUSE_CAP_ASYNC_READ);
  want(FUSE_CAP_ASYNC_DIO);
  want(FUSE_CAP_CACHE_SYMLINKS);
  want(FUSE_CAP_NO_OPENDIR_SUPPORT);
  // Every directory is worth the plus: our attributes come with the names.
  connection->want &= ~static_cast<unsigned>(FUSE_CAP_READDIRPLUS_AUTO);
  // Locks stay with the kernel, which keeps them right for one host.
  connection->want &= ~static_cast<unsigned>(FUSE_CAP_POSIX_LOCKS | FUSE_CAP_FLOCK_LOCKS);
  connection->max_write = kMaxWriteBytes;
  connection->max_background = kMaxBackground;
  connection->congestion_threshold = kMaxBackground * 3 / 4;
  connection->time_gran = 1;
}

void on_lookup(fuse_req_t request, fuse_ino_t parent, const char* name) {
  guarded(request, [&] {
    auto attr = vfs(request).lookup(id(parent), name);
    if (!attr.ok() && attr.error().code() == Code::kNotFound) {
      fuse_entry_param absent{};  // inode 0: the kernel may remember that there is none
      absent.entry_timeout = door(request).cache_timeout_s;
      fuse_reply_entry(request, &absent);
      return;
    }
    reply_entry(request, attr);
  });
}

void on_forget(fuse_req_t request, fuse_ino_t inode, uint64_t lookups) {
  vfs(request).forget(id(inode), lookups);
  fuse_reply_none(request);
}

void on_forget_multi(fuse_req_t request, size_t count, fuse_forget_data* forgets) {
  for (size_t i = 0; i < count; ++i) vfs(request).forget(id(forgets[i].ino), forgets[i].nlookup);
  fuse_reply_none(request);
}

void on_getattr(fuse_req_t request, fuse_ino_t inode, fuse_file_info*) {
  guarded(request, [&] { reply_attr(request, vfs(request).getattr(id(inode))); });
}

AttrChange to_change(const struct stat& attr, int to_set, Clock& clock) {
  AttrChange change;
  if (to_set & FUSE_SET_ATTR_MODE) change.mode = attr.st_mode;
  if (to_set & FUSE_SET_ATTR_UID) change.uid = attr.st_uid;
  if (to_set & FUSE_SET_ATTR_GID) change.gid = attr.st_gid;
  if (to_set & FUSE_SET_ATTR_SIZE) change.size = static_cast<uint64_t>(attr.st_size);
  if (to_set & FUSE_SET_ATTR_ATIME) change.atime = to_timestamp(attr.st_atim);
  if (to_set & FUSE_SET_ATTR_MTIME) change.mtime = to_timestamp(attr.st_mtim);
  if (to_set & FUSE_SET_ATTR_CTIME) change.ctime = to_timestamp(attr.st_ctim);
  if (to_set & FUSE_SET_ATTR_ATIME_NOW) change.atime = clock.now();
  if (to_set & FUSE_SET_ATTR_MTIME_NOW) change.mtime = clock.now();
  return change;
}

void on_setattr(fuse_req_t request, fuse_ino_t inode, struct stat* attr, int to_set, fuse_file_info*) {
  guarded(request,
          [&] { reply_attr(request, vfs(request).setattr(id(inode), to_change(*attr, to_set, door(request).clock))); });
}

void on_readlink(fuse_req_t request, fuse_ino_t inode) {
  guarded(request, [&] {
    auto target = vfs(request).readlink(id(inode));
    if (!target.ok()) return reply_error(request, target.error());
    fuse_reply_readlink(request, target->c_str());
  });
}

void on_mknod(fuse_req_t request, fuse_ino_t parent, const char* name, mode_t mode, dev_t rdev) {
  guarded(request, [&] { reply_entry(request, vfs(request).mknod(id(parent), name, mode, rdev, caller(request))); });
}

void on_mkdir(fuse_req_t request, fuse_ino_t parent, const char* name, mode_t mode) {
  guarded(request, [&] { reply_entry(request, vfs(request).mkdir(id(parent), name, mode, caller(request))); });
}

void on_symlink(fuse_req_t request, const char* target, fuse_ino_t parent, const char* name) {
  guarded(request, [&] { reply_entry(request, vfs(request).symlink(id(parent), name, target, caller(request))); });
}

void on_link(fuse_req_t request, fuse_ino_t inode, fuse_ino_t new_parent, const char* new_name) {
  guarded(request, [&] { reply_entry(request, vfs(request).link(id(inode), id(new_parent), new_name)); });
}

void on_unlink(fuse_req_t request, fuse_ino_t parent, const char* name) {
  guarded(request, [&] { reply_status(request, vfs(request).unlink(id(parent), name)); });
}

void on_rmdir(fuse_req_t request, fuse_ino_t parent, const char* name) {
  guarded(request, [&] { reply_status(request, vfs(request).rmdir(id(parent), name)); });
}

void on_rename(fuse_req_t request, fuse_ino_t parent, const char* name, fuse_ino_t new_parent, const char* new_name,
               unsigned flags) {
  guarded(request, [&] {
    RenameMode mode = RenameMode::kReplace;
    if (flags == RENAME_NOREPLACE) {
      mode = RenameMode::kNoReplace;
    } else if (flags == RENAME_EXCHANGE) {
      mode = RenameMode::kExchange;
    } else if (flags != 0) {
      fuse_reply_err(request, EINVAL);
      return;
    }
    reply_status(request, vfs(request).rename(id(parent), name, id(new_parent), new_name, mode));
  });
}

bool opens_for_writing(const fuse_file_info& info) { return (info.flags & O_ACCMODE) != O_RDONLY; }

void close_opening(Door& state, fuse_ino_t inode, const fuse_file_info& info) {
  if (opens_for_writing(info)) --state.writers;
  state.vfs.release(id(inode));
}

void on_open(fuse_req_t request, fuse_ino_t inode, fuse_file_info* info) {
  guarded(request, [&] {
    const bool for_writing = opens_for_writing(*info);
    auto opened = vfs(request).open(id(inode), for_writing, (info->flags & O_TRUNC) != 0);
    if (!opened.ok()) return reply_error(request, opened.error());
    info->keep_cache = 1;  // nobody but this kernel changes the file
    if (for_writing) ++door(request).writers;
    if (fuse_reply_open(request, info) != 0) close_opening(door(request), inode, *info);
  });
}

void on_create(fuse_req_t request, fuse_ino_t parent, const char* name, mode_t mode, fuse_file_info* info) {
  guarded(request, [&] {
    auto attr = vfs(request).create(id(parent), name, mode, caller(request));
    if (!attr.ok()) return reply_error(request, attr.error());
    info->keep_cache = 1;
    const fuse_entry_param entry = to_entry(*attr, door(request).cache_timeout_s);
    if (opens_for_writing(*info)) ++door(request).writers;
    if (fuse_reply_create(request, &entry, info) != 0) {
      close_opening(door(request), raw(attr->id), *info);
      vfs(request).forget(attr->id, 1);
    }
  });
}

void on_release(fuse_req_t request, fuse_ino_t inode, fuse_file_info* info) {
  guarded(request, [&] {
    close_opening(door(request), inode, *info);
    fuse_reply_err(request, 0);
  });
}

void on_read(fuse_req_t request, fuse_ino_t inode, size_t size, off_t offset, fuse_file_info*) {
  guarded(request, [&] {
    static thread_local std::vector<uint8_t> buffer;  // one per request thread, as large as its largest read
    if (buffer.size() < size) buffer.resize(size);
    auto got = vfs(request).read(id(inode), static_cast<uint64_t>(offset), MutableByteView(buffer).first(size));
    if (!got.ok()) return reply_error(request, got.error());
    fuse_reply_buf(request, reinterpret_cast<const char*>(buffer.data()), *got);
  });
}

void on_write(fuse_req_t request, fuse_ino_t inode, const char* data, size_t size, off_t offset, fuse_file_info*) {
  guarded(request, [&] {
    auto written = vfs(request).write(id(inode), static_cast<uint64_t>(offset), as_bytes({data, size}));
    if (!written.ok()) return reply_error(request, written.error());
    fuse_reply_write(request, size);
  });
}

void on_fsync(fuse_req_t request, fuse_ino_t inode, int, fuse_file_info*) {
  guarded(request, [&] { reply_status(request, vfs(request).fsync(id(inode))); });
}

// Adds as many entries as fit; returns the bytes used.
size_t pack_entries(fuse_req_t request, std::vector<char>& buffer, const std::vector<DirectoryEntry>& entries,
                    bool plus) {
  size_t used = 0;
  size_t taken = 0;
  for (const DirectoryEntry& entry : entries) {
    const size_t room = buffer.size() - used;
    const auto next = static_cast<off_t>(entry.cookie);
    size_t need = 0;
    if (plus) {
      const fuse_entry_param param = to_entry(entry.attr, door(request).cache_timeout_s);
      need = fuse_add_direntry_plus(request, buffer.data() + used, room, entry.name.c_str(), &param, next);
    } else {
      const struct stat info = to_stat(entry.attr);
      need = fuse_add_direntry(request, buffer.data() + used, room, entry.name.c_str(), &info, next);
    }
    if (need > room) break;
    used += need;
    ++taken;
  }
  // Names that did not fit were counted as looked up all the same.
  for (size_t i = taken; plus && i < entries.size(); ++i) {
    if (entries[i].name != "." && entries[i].name != "..") vfs(request).forget(entries[i].attr.id, 1);
  }
  return used;
}

void list_folder(fuse_req_t request, fuse_ino_t inode, size_t size, off_t after, bool plus) {
  guarded(request, [&] {
    const size_t limit = std::max<size_t>(1, size / (plus ? kPlusEntryBytes : kPlainEntryBytes));
    auto entries = vfs(request).list(id(inode), static_cast<uint64_t>(after), limit, plus);
    if (!entries.ok()) return reply_error(request, entries.error());
    std::vector<char> buffer(size);
    const size_t used = pack_entries(request, buffer, *entries, plus);
    fuse_reply_buf(request, buffer.data(), used);
  });
}

// Answered once; with FUSE_CAP_NO_OPENDIR_SUPPORT the kernel then opens folders by itself and caches
// their names.
void on_opendir(fuse_req_t request, fuse_ino_t, fuse_file_info*) { fuse_reply_err(request, ENOSYS); }

void on_readdir(fuse_req_t request, fuse_ino_t inode, size_t size, off_t after, fuse_file_info*) {
  list_folder(request, inode, size, after, false);
}

void on_readdirplus(fuse_req_t request, fuse_ino_t inode, size_t size, off_t after, fuse_file_info*) {
  list_folder(request, inode, size, after, true);
}

void on_fsyncdir(fuse_req_t request, fuse_ino_t inode, int, fuse_file_info*) {
  guarded(request, [&] { reply_status(request, vfs(request).fsync(id(inode))); });
}

void on_statfs(fuse_req_t request, fuse_ino_t) {
  guarded(request, [&] {
    auto space = vfs(request).space();
    if (!space.ok()) return reply_error(request, space.error());
    struct statvfs out {};
    constexpr uint64_t kBlock = 4096;
    out.f_bsize = kBlock;
    out.f_frsize = kBlock;
    out.f_blocks = space->total_bytes / kBlock;
    out.f_bfree = space->free_bytes / kBlock;
    out.f_bavail = out.f_bfree;
    out.f_files = space->inodes;
    out.f_namemax = limits::kNameBytes;
    fuse_reply_statfs(request, &out);
  });
}

bool belongs_to_group(fuse_req_t request, uint32_t group) {
  const fuse_ctx* context = fuse_req_ctx(request);
  if (context->uid == 0 || context->gid == group) return true;
  std::vector<gid_t> groups(kMostGroups);
  const int count = fuse_req_getgroups(request, kMostGroups, groups.data());
  if (count < 0) return false;
  groups.resize(std::min(count, kMostGroups));
  return std::find(groups.begin(), groups.end(), group) != groups.end();
}

// Setting an access ACL is a way to change the mode, and like chmod(2) it takes the set-group-ID bit away when
// somebody outside the file's group does it. The kernel would say so (FUSE_SETXATTR_ACL_KILL_SGID), but
// libfuse does not hand that on. Comes before the ACL, so that the bit never outlives it.
Status drop_set_group_id(fuse_req_t request, InodeId inode) {
  WFS_ASSIGN(const Attr attr, vfs(request).getattr(inode));
  if ((attr.mode & S_ISGID) == 0 || belongs_to_group(request, attr.gid)) return {};
  AttrChange change;
  change.mode = attr.mode & ~static_cast<uint32_t>(S_ISGID);
  WFS_TRY(vfs(request).setattr(inode, change));
  return {};
}

void on_setxattr(fuse_req_t request, fuse_ino_t inode, const char* name, const char* value, size_t size, int flags) {
  guarded(request, [&] {
    Vfs::XattrMode mode = Vfs::XattrMode::kEither;
    if (flags & 1 /* XATTR_CREATE */) mode = Vfs::XattrMode::kCreate;
    if (flags & 2 /* XATTR_REPLACE */) mode = Vfs::XattrMode::kReplace;
    if (name == kAccessAclXattr) {
      if (Status dropped = drop_set_group_id(request, id(inode)); !dropped.ok())
        return reply_error(request, dropped.error());
    }
    reply_status(request, vfs(request).setxattr(id(inode), name, as_bytes({value, size}), mode));
  });
}

// The size alone, when that was asked for; ERANGE when the caller's room is too small.
void reply_sized(fuse_req_t request, ByteView value, size_t room) {
  if (room == 0) {
    fuse_reply_xattr(request, value.size());
  } else if (value.size() > room) {
    fuse_reply_err(request, ERANGE);
  } else {
    fuse_reply_buf(request, reinterpret_cast<const char*>(value.data()), value.size());
  }
}

void on_getxattr(fuse_req_t request, fuse_ino_t inode, const char* name, size_t size) {
  guarded(request, [&] {
    auto value = vfs(request).getxattr(id(inode), name);
    if (!value.ok()) return reply_error(request, value.error());
    reply_sized(request, *value, size);
  });
}

void on_listxattr(fuse_req_t request, fuse_ino_t inode, size_t size) {
  guarded(request, [&] {
    auto names = vfs(request).listxattr(id(inode));
    if (!names.ok()) return reply_error(request, names.error());
    std::string list;
    for (const std::string& name : *names) list.append(name).push_back('\0');
    reply_sized(request, as_bytes(list), size);
  });
}

void on_removexattr(fuse_req_t request, fuse_ino_t inode, const char* name) {
  guarded(request, [&] { reply_status(request, vfs(request).removexattr(id(inode), name)); });
}

void on_fallocate(fuse_req_t request, fuse_ino_t inode, int mode, off_t offset, off_t length, fuse_file_info*) {
  guarded(request, [&] {
    const ByteRange range{static_cast<uint64_t>(offset), static_cast<uint64_t>(length)};
    reply_status(request, vfs(request).allocate(id(inode), range, mode));
  });
}

void on_lseek(fuse_req_t request, fuse_ino_t inode, off_t offset, int whence, fuse_file_info*) {
  if (whence != SEEK_DATA && whence != SEEK_HOLE) {
    fuse_reply_err(request, EINVAL);
    return;
  }
  door(request).seeks->push(request, id(inode), static_cast<uint64_t>(offset), whence == SEEK_DATA);
}

void on_copy_file_range(fuse_req_t request, fuse_ino_t from, off_t from_offset, fuse_file_info*, fuse_ino_t to,
                        off_t to_offset, fuse_file_info*, size_t length, int) {
  guarded(request, [&] {
    auto copied = vfs(request).copy_range(id(from), static_cast<uint64_t>(from_offset), id(to),
                                          static_cast<uint64_t>(to_offset), length);
    if (!copied.ok()) return reply_error(request, copied.error());
    fuse_reply_write(request, *copied);
  });
}

fuse_lowlevel_ops make_operations() {
  fuse_lowlevel_ops ops{};
  ops.init = on_init;
  ops.lookup = on_lookup;
  ops.forget = on_forget;
  ops.forget_multi = on_forget_multi;
  ops.getattr = on_getattr;
  ops.setattr = on_setattr;
  ops.readlink = on_readlink;
  ops.mknod = on_mknod;
  ops.mkdir = on_mkdir;
  ops.symlink = on_symlink;
  ops.link = on_link;
  ops.unlink = on_unlink;
  ops.rmdir = on_rmdir;
  ops.rename = on_rename;
  ops.open = on_open;
  ops.create = on_create;
  ops.release = on_release;
  ops.read = on_read;
  ops.write = on_write;
  ops.fsync = on_fsync;
  ops.opendir = on_opendir;
  ops.readdir = on_readdir;
  ops.readdirplus = on_readdirplus;
  ops.fsyncdir = on_fsyncdir;
  ops.statfs = on_statfs;
  ops.setxattr = on_setxattr;
  ops.getxattr = on_getxattr;
  ops.listxattr = on_listxattr;
  ops.removexattr = on_removexattr;
  ops.fallocate = on_fallocate;
  ops.lseek = on_lseek;
  ops.copy_file_range = on_copy_file_range;
  // No flush: before each close the kernel has sent all WRITEs and reports their errors itself.
  // No access: the mount has default_permissions. No getlk, setlk, flock: the kernel keeps locks.
  return ops;
}

}  // namespace

const fuse_lowlevel_ops& fuse_operations() {
  static const fuse_lowlevel_ops operations = make_operations();
  return operations;
}

}  // namespace walrusfs
