#include "fs/io/change_rows.h"

#include <sys/sysmacros.h>

#include "codec/pack/age.h"

namespace walrusfs {
namespace {

constexpr uint64_t kNumber = 21;  // 20 digits or a sign and 19, and the space
constexpr uint64_t kWord = 8;     // the longest keyword and its space, or newline
constexpr uint64_t kDigest = 65;

uint64_t encoded(size_t raw_bytes) { return 3 * uint64_t{raw_bytes} + 2; }

pack::FramesPlace place_of(const PackRow& row) {
  return {row.frames_member.z_offset, row.frames_member.z_length, row.frames_member.hash};
}

struct TextBound {
  uint64_t operator()(const pack::InodeRow& row) const {
    return kWord + 13 * kNumber + encoded(row.symlink_target.size());
  }
  uint64_t operator()(const pack::InodeGone&) const { return kWord + kNumber + 1; }
  uint64_t operator()(const pack::EntryRow& row) const { return kWord + 3 * kNumber + encoded(row.name.size()); }
  uint64_t operator()(const pack::EntryGone& row) const { return kWord + kNumber + encoded(row.name.size()) + 1; }
  uint64_t operator()(const pack::XattrRows& rows) const {
    uint64_t bytes = kWord + 2 * kNumber;
    for (const pack::Xattr& xattr : rows.xattrs)
      bytes += kWord + encoded(xattr.name.size()) + encoded(xattr.value.size());
    return bytes;
  }
  uint64_t operator()(const pack::ExtentRows& rows) const {
    return kWord + 2 * kNumber + rows.extents.size() * (kWord + 4 * kNumber);
  }
  uint64_t operator()(const pack::PackRow& row) const {
    return kWord + 6 * kNumber + 2 * kDigest + 2 * uint64_t{row.age_head.size()} + 4;
  }
  uint64_t operator()(const pack::PackGone&) const { return kWord + kNumber + 1; }
};

}  // namespace

pack::ChangesRow to_changes_row(const InodeRow& row) {
  pack::InodeRow out;
  out.inode = row.id;
  out.mode = row.mode;
  out.uid = row.uid;
  out.gid = row.gid;
  out.size = row.size;
  out.nlink = row.nlink;
  out.device_major = major(row.rdev);
  out.device_minor = minor(row.rdev);
  out.atime = row.atime;
  out.mtime = row.mtime;
  out.ctime = row.ctime;
  out.btime = row.btime;
  out.symlink_target = row.symlink_target;
  return out;
}

pack::ChangesRow to_changes_row(const EntryRow& row) {
  return pack::EntryRow{row.parent, row.name, row.target.child, row.target.cookie};
}

pack::ChangesRow to_changes_row(InodeId inode, const Xattrs& xattrs) {
  return pack::XattrRows{inode, to_pack_xattrs(xattrs)};
}

Result<pack::ChangesRow> to_changes_row(const PackRow& row) {
  uint64_t z_bytes = row.blob_bytes;
  if (!row.age_header.empty()) {
    if (row.blob_bytes < row.age_header.size()) {
      return Error(Code::kCorrupt, "the index says that pack " + std::to_string(raw(row.id)) +
                                       " is smaller than its header; run `walrusfs check`");
    }
    WFS_ASSIGN(z_bytes, pack::age_plain_bytes(row.blob_bytes - row.age_header.size()));
  }
  return pack::ChangesRow(
      pack::PackRow{row.id, row.blob, row.blob_bytes, row.t_bytes, z_bytes, place_of(row), row.age_header});
}

uint64_t text_bound(const pack::ChangesRow& row) { return std::visit(TextBound{}, row); }

pack::ChangesPredecessor predecessor_of(const PackRow& row) {
  const Sequence sequence = raw(row.cut) != 0 ? row.cut : row.previous_cut;
  return {row.id, row.blob, sequence, place_of(row)};
}

std::vector<pack::Xattr> to_pack_xattrs(const Xattrs& xattrs) {
  std::vector<pack::Xattr> out;
  out.reserve(xattrs.size());
  for (const auto& [name, value] : xattrs) out.push_back({name, value});
  return out;
}

}  // namespace walrusfs
