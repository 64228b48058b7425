// What a member may be, whether we write it or somebody else did.
#include <fmt/format.h>

#include <algorithm>

#include "base/limits.h"
#include "codec/pack/tar_block.h"
#include "codec/pack/tar_format.h"
#include "codec/pack/text_fields.h"

namespace walrusfs::pack {
namespace {

Error unfit(const Member& member, std::string_view why) {
  return Error(Code::kInvalidArgument, fmt::format("'{}' cannot be packed: {}", printable(member.path), why));
}

// Relative, and every part a name: nothing that leaves the folder it is extracted to.
bool is_safe_path(std::string_view path) {
  if (path.empty() || path.size() > limits::kTarPathBytes || path.find('\0') != path.npos) return false;
  for (size_t at = 0; at <= path.size();) {
    size_t end = std::min(path.find('/', at), path.size());
    std::string_view part = path.substr(at, end - at);
    if (part.empty() || part == "." || part == "..") return false;
    at = end + 1;
  }
  return true;
}

bool is_link(MemberType type) { return type == MemberType::kHardLink || type == MemberType::kSymlink; }

Status check_link(const Member& member) {
  const std::string& target = member.link_target;
  if (!is_link(member.type)) {
    return target.empty() ? ok_status() : Status(unfit(member, "only links have a target"));
  }
  if (target.empty() || target.find('\0') != target.npos) return unfit(member, "its link target is empty or has a NUL");
  if (member.type == MemberType::kSymlink) {
    return target.size() <= limits::kSymlinkBytes ? ok_status() : Status(unfit(member, "its link target is too long"));
  }
  if (!is_safe_path(target)) return unfit(member, "its hard link leads out of the pack");
  return member.xattrs.empty() ? ok_status() : Status(unfit(member, "a hard link has no xattrs of its own"));
}

Status check_xattrs(const Member& member) {
  size_t sum = 0;
  for (const Xattr& xattr : member.xattrs) {
    sum += xattr.name.size() + xattr.value.size();
    if (xattr.name.empty() || xattr.name.size() > limits::kXattrNameBytes ||
        xattr.name.find('\0') != std::string::npos || xattr.value.size() > limits::kXattrValueBytes ||
        sum > limits::kXattrsPerInodeBytes) {
      return unfit(member, "an extended attribute has an impossible name or is too large");
    }
  }
  return ok_status();
}

Status check_content(const Member& member) {
  if (member.type != MemberType::kFile) {
    if (member.size != 0 || member.data_ranges) return unfit(member, "only files have content");
    return ok_status();
  }
  if (member.size > limits::kFileBytes) return unfit(member, "it is larger than files may be");
  if (!member.data_ranges) return ok_status();
  if (member.data_ranges->size() > limits::kSparseRangesPerMember) {
    return Error(Code::kTooLarge, fmt::format("'{}' has too many holes for one member", printable(member.path)));
  }
  uint64_t end = 0;
  for (const ByteRange& range : *member.data_ranges) {
    if (range.offset < end || range.length == 0 || range.offset > member.size ||
        range.length > member.size - range.offset) {
      return unfit(member, "its data ranges overlap, are empty or lie outside of it");
    }
    end = range.end();
  }
  return ok_status();
}

}  // namespace

Status check_member(const Member& member) {
  if (!is_safe_path(member.path)) {
    return Error(Code::kInvalidArgument,
                 fmt::format("'{}' is no path for a pack: it is empty, too long, absolute, or has '.', '..', an empty "
                             "part or a NUL",
                             printable(member.path)));
  }
  if (member.mode > 07777) return unfit(member, "its mode has more than permission bits");
  if (member.device_major > kTarLargestOwner || member.device_minor > kTarLargestOwner) {
    return unfit(member, "its device number is too large");
  }
  if (member.comment.size() > limits::kTarPathBytes || member.comment.find('\0') != std::string::npos) {
    return unfit(member, "its comment is too long or has a NUL");
  }
  WFS_TRY(check_link(member));
  WFS_TRY(check_xattrs(member));
  return check_content(member);
}

}  // namespace walrusfs::pack
