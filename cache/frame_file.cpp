#include "cache/frame_file.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "base/checksum.h"
#include "base/limits.h"

namespace walrusfs {
namespace {

constexpr std::string_view kMagic = "WFSFRAME";
constexpr uint32_t kVersion = 1;
constexpr size_t kChecksumAt = 64;
constexpr uint64_t kBlockBytes = 4096;
static_assert(kChecksumAt + sizeof(uint64_t) == kFrameFileHeaderBytes);

using Header = std::array<uint8_t, kFrameFileHeaderBytes>;

// The header as it must be for this key and frame.
Header make_header(const FrameKey& key, ByteView frame) {
  Header header{};
  std::copy(kMagic.begin(), kMagic.end(), header.begin());
  store_le(&header[8], kVersion);
  std::copy(key.hash.begin(), key.hash.end(), &header[16]);
  store_le(&header[48], key.t_offset);
  store_le(&header[56], static_cast<uint64_t>(frame.size()));
  store_le(&header[kChecksumAt], crc64(frame, crc64(ByteView(header).first(kChecksumAt))));
  return header;
}

}  // namespace

uint64_t frame_file_bytes(uint64_t frame_bytes) {
  return (kFrameFileHeaderBytes + frame_bytes + kBlockBytes - 1) / kBlockBytes * kBlockBytes;
}

std::string frame_file_folder(const FrameKey& key) { return fmt::format("{:02x}", key.hash[0]); }

std::string frame_file_name(const FrameKey& key) { return fmt::format("{}-{:x}", to_hex(key.hash), key.t_offset); }

std::optional<FrameKey> parse_frame_file_name(std::string_view name) {
  constexpr size_t kHexBytes = 2 * sizeof(Digest);
  if (name.size() <= kHexBytes + 1) return std::nullopt;
  auto hash = from_hex(name.substr(0, kHexBytes));
  if (!hash.ok()) return std::nullopt;
  FrameKey key;
  std::copy(hash->begin(), hash->end(), key.hash.begin());
  (void)std::from_chars(name.data() + kHexBytes + 1, name.data() + name.size(), key.t_offset, 16);
  return frame_file_name(key) == name ? std::optional(key) : std::nullopt;
}

Status write_frame_file(File& file, const FrameKey& key, ByteView frame) {
  WFS_TRY(file.write_at(kFrameFileHeaderBytes, frame));
  return file.write_at(0, make_header(key, frame));
}

Result<Bytes> read_frame_file(File& file, const FrameKey& key) {
  WFS_ASSIGN(const uint64_t size, file.size());
  if (size < kFrameFileHeaderBytes || size > kFrameFileHeaderBytes + limits::kFrameBytes) {
    return Error(Code::kCorrupt, fmt::format("a cached frame's file has the impossible size of {} bytes", size));
  }
  Header header{};
  Bytes frame(size - kFrameFileHeaderBytes);
  WFS_ASSIGN(const size_t header_bytes, file.read_at(0, header));
  WFS_ASSIGN(const size_t frame_bytes, file.read_at(kFrameFileHeaderBytes, frame));
  if (header_bytes != header.size() || frame_bytes != frame.size() || header != make_header(key, frame)) {
    return Error(Code::kCorrupt, "a cached frame does not check out");
  }
  return frame;
}

}  // namespace walrusfs
