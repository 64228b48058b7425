// One member of a pax archive: from Member to header bytes and back (docs/formats.md 1.1). Internal to this folder.
#pragma once

#include <functional>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "codec/pack/pack_reader.h"
#include "codec/pack/pack_types.h"

namespace walrusfs::pack {

constexpr uint64_t kTarBlockBytes = 512;
constexpr uint64_t kTarEndBytes = 2 * kTarBlockBytes;

inline uint64_t tar_padding(uint64_t bytes) { return (kTarBlockBytes - bytes % kTarBlockBytes) % kTarBlockBytes; }

// Whether a member may stand in a pack: its path stays inside the target, what it holds fits its kind.
// kInvalidArgument says what is wrong.
Status check_member(const Member& member);

// How content stands in T. A sparse file's map has whole blocks only (GNU tar starts every range at a
// block of its own, libarchive does not; so all agree), and zeros fill what that adds to the data.
struct StoredContent {
  std::vector<ByteRange> map;          // the data ranges, widened to blocks; empty when not sparse
  std::vector<ByteRange> data;         // what the caller writes: the member's data ranges, or all of it
  std::vector<uint64_t> zeros_before;  // zeros to store before data[i]; one more: after the last
  uint64_t bytes = 0;                  // in all, without padding
};
StoredContent stored_content(const Member& member);

// Everything of the member that comes before its content, the sparse map included.
Result<Bytes> tar_headers(const Member& member, const StoredContent& content);
inline Result<Bytes> tar_headers(const Member& member) { return tar_headers(member, stored_content(member)); }

// Reads T bytes of a range that the caller has not checked against the end.
using TarFetch = std::function<Result<Bytes>(ByteRange)>;

// The member whose headers begin at `at`; it must end at or before `limit`. Reads the subset of pax that
// docs/formats.md describes: other kinds of members, and what check_member() refuses, are kCorrupt; records
// with unknown keywords are passed over.
Result<MemberPlace> parse_tar_member(const TarFetch& fetch, uint64_t at, uint64_t limit);

}  // namespace walrusfs::pack
