// Rows → text.
#include "codec/pack/changes.h"

#include <fmt/format.h>

#include "codec/pack/text_fields.h"

namespace walrusfs::pack {
namespace {

std::string previous_line(const std::optional<ChangesPredecessor>& previous) {
  if (!previous) return "previous -\n";
  return fmt::format("previous {} {} {} {}\n", raw(previous->pack), previous->blob.to_string(), raw(previous->sequence),
                     place_fields(previous->frames));
}

std::string text_of(const InodeRow& row) {
  return fmt::format("inode {} {:o} {} {} {} {} {} {} {} {} {} {} {} {}\n", raw(row.inode), row.mode, row.uid, row.gid,
                     row.size, row.nlink, row.device_major, row.device_minor, row.flags, row.atime.ns, row.mtime.ns,
                     row.ctime.ns, row.btime.ns, percent_encode(row.symlink_target));
}

std::string text_of(const InodeGone& row) { return fmt::format("noinode {}\n", raw(row.inode)); }

std::string text_of(const EntryRow& row) {
  return fmt::format("entry {} {} {} {}\n", raw(row.parent), percent_encode(row.name), raw(row.inode), row.cookie);
}

std::string text_of(const EntryGone& row) {
  return fmt::format("noentry {} {}\n", raw(row.parent), percent_encode(row.name));
}

std::string text_of(const XattrRows& row) {
  std::string text = fmt::format("xattrs {} {}\n", raw(row.inode), row.xattrs.size());
  for (const Xattr& xattr : row.xattrs) {
    text += fmt::format("xattr {} {}\n", percent_encode(xattr.name), percent_encode(as_text(xattr.value)));
  }
  return text;
}

std::string text_of(const ExtentRows& row) {
  std::string text = fmt::format("extents {} {}\n", raw(row.inode), row.extents.size());
  for (const ExtentRow& extent : row.extents) {
    text += fmt::format("extent {} {} {} {}\n", extent.file_offset, extent.length, raw(extent.pack), extent.t_offset);
  }
  return text;
}

std::string text_of(const PackRow& row) {
  return fmt::format("pack {} {} {} {} {} {} {}\n", raw(row.pack), row.blob.to_string(), row.blob_bytes, row.t_bytes,
                     row.z_bytes, place_fields(row.frames), row.age_head.empty() ? "-" : to_base64url(row.age_head));
}

std::string text_of(const PackGone& row) { return fmt::format("nopack {}\n", raw(row.pack)); }

uint64_t line_count(const ChangesRow& row) {
  if (auto* xattrs = std::get_if<XattrRows>(&row)) return 1 + xattrs->xattrs.size();
  if (auto* extents = std::get_if<ExtentRows>(&row)) return 1 + extents->extents.size();
  return 1;
}

}  // namespace

ChangesWriter::ChangesWriter(const ChangesHeader& header) {
  text_ = fmt::format("walrusfs-changes 1\nvolume {}\npack {}\nsequence {}\ntime {}\ncut {}\n", header.volume,
                      raw(header.pack), raw(header.sequence), header.time.ns, header.complete ? "complete" : "partial");
  text_ += previous_line(header.predecessor);
}

void ChangesWriter::add(const ChangesRow& row) {
  text_ += std::visit([](const auto& kind) { return text_of(kind); }, row);
  lines_ += line_count(row);
}

std::string ChangesWriter::finish() {
  text_ += fmt::format("end {}\n", lines_);
  return std::move(text_);
}

}  // namespace walrusfs::pack
