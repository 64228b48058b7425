// Small types that carry meaning where a bare integer or byte string would not.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace walrusfs {

// 32 bytes of BLAKE2b-256.
using Digest = std::array<uint8_t, 32>;

// The commitment that names a Walrus blob (spec "Red Stuff" section 7). Text form: URL base64
// without padding, 43 characters.
struct BlobId {
  Digest bytes{};

  static Result<BlobId> parse(std::string_view text);
  std::string to_string() const { return to_base64url(bytes); }
  auto operator<=>(const BlobId&) const = default;
};

// An inode of one volume; never reused. The root is 1 (as the kernel wants it).
enum class InodeId : uint64_t {};
constexpr InodeId kRootInode{1};
constexpr uint64_t raw(InodeId id) { return static_cast<uint64_t>(id); }

// A pack of one volume, in order of making; 0 is "none" and, inside `.walrusfs/changes`, "this pack".
enum class PackId : uint64_t {};
constexpr uint64_t raw(PackId id) { return static_cast<uint64_t>(id); }

// A staging file in the spool; never reused.
enum class StagingId : uint64_t {};
constexpr uint64_t raw(StagingId id) { return static_cast<uint64_t>(id); }

// A committed transaction of the index, counted from 1.
enum class Sequence : uint64_t {};
constexpr uint64_t raw(Sequence s) { return static_cast<uint64_t>(s); }

// Bytes [offset, offset + length).
struct ByteRange {
  uint64_t offset = 0;
  uint64_t length = 0;

  uint64_t end() const { return offset + length; }
  bool empty() const { return length == 0; }
  auto operator<=>(const ByteRange&) const = default;
};

}  // namespace walrusfs

template <>
struct std::hash<walrusfs::BlobId> {
  size_t operator()(const walrusfs::BlobId& id) const noexcept {
    return walrusfs::load_le<size_t>(id.bytes.data());
  }
};
