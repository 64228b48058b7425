// The read-only attributes user.walrus.*: their names and texts. They are not listed, so that a copy that
// takes xattrs along does not try to set them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "fs/vfs/vfs.h"

namespace walrusfs {

constexpr std::string_view kStateXattr = "user.walrus.state";      // "dirty", "journaled" …
constexpr std::string_view kPackXattr = "user.walrus.pack";        // numbers of packs, in order of the file
constexpr std::string_view kBlobIdXattr = "user.walrus.blob_id";   // their blob IDs
constexpr std::string_view kExtentsXattr = "user.walrus.extents";  // a line each: offset length source id offset

bool is_virtual_xattr(std::string_view name);
std::string_view file_state_name(FileState state);
// Each once, in the order in which the file's bytes come from them.
std::vector<PackId> packs_of(const std::vector<Extent>& extents);
std::string packs_text(const std::vector<PackId>& packs);
// At most limits::kXattrValueBytes; ends with "more" when there was more.
std::string extents_text(const std::vector<Extent>& extents);

}  // namespace walrusfs
