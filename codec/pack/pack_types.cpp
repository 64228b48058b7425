#include "codec/pack/pack_types.h"

#include <fmt/format.h>

namespace walrusfs::pack {

uint64_t Member::content_bytes() const {
  if (type != MemberType::kFile) return 0;
  if (!data_ranges) return size;
  uint64_t sum = 0;
  for (const ByteRange& range : *data_ranges) sum += range.length;
  return sum;
}

std::string extent_path(InodeId inode, uint64_t file_offset) {
  return fmt::format("{}/extents/{}/{:016}", kInternalFolder, raw(inode), file_offset);
}

std::string inode_path(InodeId inode) { return fmt::format("{}/inodes/{}", kInternalFolder, raw(inode)); }

}  // namespace walrusfs::pack
