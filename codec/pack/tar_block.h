// The 512-byte ustar header. Internal to this folder.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/acl.h"

namespace walrusfs::pack {

struct TarBlock {
  char name[100];
  char mode[8];
  char uid[8];
  char gid[8];
  char size[12];
  char mtime[12];
  char checksum[8];
  char type;
  char link_name[100];
  char magic[6];
  char version[2];
  char user_name[32];
  char group_name[32];
  char device_major[8];
  char device_minor[8];
  char prefix[155];
  char unused[12];
};
static_assert(sizeof(TarBlock) == 512 && alignof(TarBlock) == 1);

constexpr char kTarExtendedType = 'x';
constexpr uint64_t kTarLargestOwner = 07777777;     // 7 octal digits
constexpr uint64_t kTarLargestSize = 077777777777;  // 11 octal digits
constexpr char kSparseNamePrefix[] = "GNUSparseFile.0/";
constexpr char kXattrKeyword[] = "SCHILY.xattr.";

// Access control lists stand twice: as the xattr that Linux has, and as the text that tar programs restore.
struct AclRecord {
  std::string_view keyword;
  std::string_view xattr;
};
constexpr AclRecord kAclRecords[] = {{"SCHILY.acl.access", kAccessAclXattr}, {"SCHILY.acl.default", kDefaultAclXattr}};

// The sum of the header's bytes with the checksum field as spaces.
uint32_t tar_checksum(const TarBlock& block);

}  // namespace walrusfs::pack
