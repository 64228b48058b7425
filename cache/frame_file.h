// One frame in one file of the frame cache. All integers little-endian:
//
//   0  8  magic "WFSFRAME"
//   8  4  version, 1
//  12  4  zero
//  16 32  hash of the frame's compressed bytes (the key)
//  48  8  t_offset (the key)
//  56  8  length of the frame
//  64  8  CRC-64 over bytes 0 to 63 and the frame
//  72  …  the frame, to the file's end
//
// The file's name is <hash in hex>-<t_offset in hex>, in a folder named by the hash's first byte, so that
// a scan learns the key from the name. CRC-64 guards against accidents; who can write into the
// 0700 folder on purpose could as well replace the program.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/files.h"
#include "cache/frame_cache.h"

namespace walrusfs {

constexpr uint64_t kFrameFileHeaderBytes = 72;

// What a frame of so many bytes occupies on disk, in whole blocks.
uint64_t frame_file_bytes(uint64_t frame_bytes);

std::string frame_file_folder(const FrameKey& key);  // "3f"
std::string frame_file_name(const FrameKey& key);    // without its folder
// The key that a name says, if it is exactly the name we would give.
std::optional<FrameKey> parse_frame_file_name(std::string_view name);

Status write_frame_file(File& file, const FrameKey& key, ByteView frame);
// kCorrupt when anything does not check out: magic, version, key, length or checksum.
Result<Bytes> read_frame_file(File& file, const FrameKey& key);

}  // namespace walrusfs
