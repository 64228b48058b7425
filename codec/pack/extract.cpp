// Members → files on disk, through libarchive's careful writer. Headers are read by our own parser, so
// that libarchive sees no hostile bytes but content.
#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <cstdlib>

#include "base/acl.h"
#include "base/limits.h"
#include "codec/pack/pack_reader.h"
#include "codec/pack/text_fields.h"

namespace walrusfs::pack {
namespace {

struct ArchiveFree {
  void operator()(archive* disk) const { archive_write_free(disk); }
  void operator()(archive_entry* entry) const { archive_entry_free(entry); }
};
using Disk = std::unique_ptr<archive, ArchiveFree>;
using Entry = std::unique_ptr<archive_entry, ArchiveFree>;

mode_t file_type(MemberType type) {
  switch (type) {
    case MemberType::kFile:
    case MemberType::kHardLink: return S_IFREG;
    case MemberType::kSymlink: return S_IFLNK;
    case MemberType::kCharDevice: return S_IFCHR;
    case MemberType::kBlockDevice: return S_IFBLK;
    case MemberType::kDirectory: return S_IFDIR;
    case MemberType::kFifo: return S_IFIFO;
  }
  WFS_CHECK(false);
}

bool is_device(MemberType type) { return type == MemberType::kCharDevice || type == MemberType::kBlockDevice; }

bool is_internal(const Member& member) {
  return member.path == kInternalFolder || member.path.starts_with(std::string(kInternalFolder) + "/");
}

int acl_tag(AclTag tag) {
  switch (tag) {
    case AclTag::kUserObj: return ARCHIVE_ENTRY_ACL_USER_OBJ;
    case AclTag::kUser: return ARCHIVE_ENTRY_ACL_USER;
    case AclTag::kGroupObj: return ARCHIVE_ENTRY_ACL_GROUP_OBJ;
    case AclTag::kGroup: return ARCHIVE_ENTRY_ACL_GROUP;
    case AclTag::kMask: return ARCHIVE_ENTRY_ACL_MASK;
    case AclTag::kOther: return ARCHIVE_ENTRY_ACL_OTHER;
  }
  WFS_CHECK(false);
}

int acl_permissions(const AclEntry& entry) {
  return ((entry.permissions & 4) != 0 ? ARCHIVE_ENTRY_ACL_READ : 0) |
         ((entry.permissions & 2) != 0 ? ARCHIVE_ENTRY_ACL_WRITE : 0) |
         ((entry.permissions & 1) != 0 ? ARCHIVE_ENTRY_ACL_EXECUTE : 0);
}

// Also without owners: the group's bits of the mode are the list's mask, and on their own they would let the
// group in where the list keeps it out. libarchive passes over lists that stand among the xattrs.
void add_acl(archive_entry& entry, const Xattr& xattr) {
  const Result<Acl> acl = Acl::parse(xattr.value);
  if (!acl.ok()) return;
  const int type = xattr.name == kAccessAclXattr ? ARCHIVE_ENTRY_ACL_TYPE_ACCESS : ARCHIVE_ENTRY_ACL_TYPE_DEFAULT;
  for (const AclEntry& one : acl->entries())
    archive_entry_acl_add_entry(&entry, type, acl_permissions(one), acl_tag(one.tag), static_cast<int>(one.id),
                                nullptr);
}

class Extractor {
 public:
  static Result<Extractor> create(PackReader& reader, const ExtractOptions& options) {
    // libarchive refuses symlinks anywhere in a path; those above the target are the user's own.
    std::unique_ptr<char, void (*)(void*)> folder(realpath(options.folder.c_str(), nullptr), std::free);
    if (!folder) return error_from_errno(errno, "cannot extract to '" + options.folder + "'");
    Disk disk(archive_write_disk_new());
    WFS_CHECK(disk != nullptr);
    int flags = ARCHIVE_EXTRACT_PERM | ARCHIVE_EXTRACT_TIME | ARCHIVE_EXTRACT_XATTR | ARCHIVE_EXTRACT_ACL |
                ARCHIVE_EXTRACT_SECURE_SYMLINKS | ARCHIVE_EXTRACT_SECURE_NODOTDOT;
    if (options.owners_and_devices) flags |= ARCHIVE_EXTRACT_OWNER;
    archive_write_disk_set_options(disk.get(), flags);
    return Extractor(reader, options, folder.get(), std::move(disk));
  }

  Status extract(const MemberPlace& place) {
    const Member& member = place.member;
    if (is_device(member.type) && !options_.owners_and_devices) {
      ++report_.skipped;
      return ok_status();
    }
    Entry entry = make_entry(member);
    WFS_TRY(check(archive_write_header(disk_.get(), entry.get()), member));
    WFS_TRY(write_content(place));
    WFS_TRY(check(archive_write_finish_entry(disk_.get()), member));
    ++report_.members;
    return ok_status();
  }

  // Directories get their modes and times only now.
  Result<ExtractReport> finish() {
    if (archive_write_close(disk_.get()) < ARCHIVE_WARN) {
      return error_from_errno(archive_errno(disk_.get()), "cannot finish extracting to '" + folder_ + "'");
    }
    return report_;
  }

 private:
  Extractor(PackReader& reader, const ExtractOptions& options, std::string folder, Disk disk)
      : reader_(reader), options_(options), folder_(std::move(folder)), disk_(std::move(disk)) {}

  Entry make_entry(const Member& member) const {
    Entry entry(archive_entry_new());
    WFS_CHECK(entry != nullptr);
    archive_entry_set_pathname(entry.get(), in_folder(member.path).c_str());
    archive_entry_set_mode(entry.get(), file_type(member.type) | member.mode);
    archive_entry_set_uid(entry.get(), member.uid);
    archive_entry_set_gid(entry.get(), member.gid);
    archive_entry_set_mtime(entry.get(), member.mtime.seconds(), member.mtime.nanoseconds());
    if (member.atime) archive_entry_set_atime(entry.get(), member.atime->seconds(), member.atime->nanoseconds());
    if (member.type == MemberType::kFile) archive_entry_set_size(entry.get(), static_cast<int64_t>(member.size));
    if (member.type == MemberType::kSymlink) archive_entry_set_symlink(entry.get(), member.link_target.c_str());
    if (member.type == MemberType::kHardLink) {
      archive_entry_set_hardlink(entry.get(), in_folder(member.link_target).c_str());
    }
    if (is_device(member.type)) archive_entry_set_rdev(entry.get(), makedev(member.device_major, member.device_minor));
    for (const Xattr& xattr : member.xattrs) {
      if (is_acl_xattr(xattr.name)) add_acl(*entry, xattr);
      if (!options_.owners_and_devices && !xattr.name.starts_with("user.")) continue;
      archive_entry_xattr_add_entry(entry.get(), xattr.name.c_str(), xattr.value.data(), xattr.value.size());
    }
    return entry;
  }

  Status write_content(const MemberPlace& place) {
    if (place.member.type != MemberType::kFile) return ok_status();
    const std::vector<ByteRange> whole{{0, place.member.size}};
    uint64_t content_at = 0;
    for (const ByteRange& range : place.member.data_ranges.value_or(whole)) {
      WFS_TRY(write_range(place, range, content_at));
      content_at += range.length;
    }
    report_.bytes += content_at;
    return ok_status();
  }

  Status write_range(const MemberPlace& place, ByteRange range, uint64_t content_at) {
    for (uint64_t done = 0; done < range.length;) {
      const uint64_t length = std::min(range.length - done, limits::kFrameBytes);
      WFS_ASSIGN(Bytes bytes, reader_.read_content(place, {content_at + done, length}));
      const auto offset = static_cast<int64_t>(range.offset + done);
      WFS_TRY(check(archive_write_data_block(disk_.get(), bytes.data(), bytes.size(), offset), place.member));
      done += length;
    }
    return ok_status();
  }

  // Warnings (an xattr that the target does not take) do not stop the rest.
  Status check(int64_t code, const Member& member) const {
    if (code >= ARCHIVE_WARN) return ok_status();
    const char* text = archive_error_string(disk_.get());
    const int number = archive_errno(disk_.get());
    Code kind = number > 0 ? error_from_errno(number, "").code() : Code::kIo;
    return Error(kind,
                 fmt::format("cannot extract '{}': {}", printable(member.path), text == nullptr ? "unknown" : text));
  }

  std::string in_folder(const std::string& path) const { return folder_ + "/" + path; }

  PackReader& reader_;
  const ExtractOptions options_;
  const std::string folder_;
  Disk disk_;
  ExtractReport report_;
};

}  // namespace

Result<ExtractReport> extract_pack(PackReader& reader, const ExtractOptions& options,
                                   const std::function<void(const Member&)>& progress) {
  WFS_ASSIGN(Extractor extractor, Extractor::create(reader, options));
  Status visited = reader.for_each_member([&](const MemberPlace& place) -> Status {
    if (is_internal(place.member) && !options.internal) return ok_status();
    if (progress) progress(place.member);
    return extractor.extract(place);
  });
  if (!visited) return visited.error();
  return extractor.finish();
}

}  // namespace walrusfs::pack
