// The 512-byte ustar header. Internal to this folder.
#pragma once

#include <cstdint>

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

// The sum of the header's bytes with the checksum field as spaces.
uint32_t tar_checksum(const TarBlock& block);

}  // namespace walrusfs::pack
