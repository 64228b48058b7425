// `.walrusfs/changes`: the index rows that changed since the pack before, as text lines. Plain structs, a
// writer, and a strict parser of hostile input; nothing here knows the index. docs/formats.md has the grammar.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"
#include "codec/pack/pack_types.h"

namespace walrusfs::pack {

// The pack before this one in the volume's chain.
struct ChangesPredecessor {
  PackId pack{};
  BlobId blob;
  Sequence sequence{};  // of its cut
  FramesPlace frames;
  bool operator==(const ChangesPredecessor&) const = default;
};

struct ChangesHeader {
  std::string volume;   // its id: 1 to 64 of [0-9A-Za-z_-]
  PackId pack{};        // this pack's own number
  Sequence sequence{};  // the index transaction that this cut shows
  Timestamp time;
  // False for the packs of a cut that fills several, except for the last: their rows and bytes count
  // only together with those of the later ones up to a complete one.
  bool complete = true;
  std::optional<ChangesPredecessor> predecessor;  // none in a volume's first pack
  bool operator==(const ChangesHeader&) const = default;
};

struct InodeRow {
  InodeId inode{};
  uint32_t mode = 0;  // with the type bits
  uint32_t uid = 0;
  uint32_t gid = 0;
  uint64_t size = 0;
  uint32_t nlink = 0;
  uint32_t device_major = 0;
  uint32_t device_minor = 0;
  uint32_t flags = 0;  // chattr
  Timestamp atime;
  Timestamp mtime;
  Timestamp ctime;
  Timestamp btime;
  std::string symlink_target;
  bool operator==(const InodeRow&) const = default;
};
struct InodeGone {
  InodeId inode{};
  bool operator==(const InodeGone&) const = default;
};

struct EntryRow {
  InodeId parent{};
  std::string name;
  InodeId inode{};
  uint64_t cookie = 0;
  bool operator==(const EntryRow&) const = default;
};
struct EntryGone {
  InodeId parent{};
  std::string name;
  bool operator==(const EntryGone&) const = default;
};

// All xattrs of an inode; replaces what it had.
struct XattrRows {
  InodeId inode{};
  std::vector<Xattr> xattrs;
  bool operator==(const XattrRows&) const = default;
};

// All extents of a file, ascending and apart; replaces what it had. What lies between them is a hole.
struct ExtentRow {
  uint64_t file_offset = 0;
  uint64_t length = 0;
  PackId pack{};  // 0: the pack that carries this text
  uint64_t t_offset = 0;
  bool operator==(const ExtentRow&) const = default;
};
struct ExtentRows {
  InodeId inode{};
  std::vector<ExtentRow> extents;
  bool operator==(const ExtentRows&) const = default;
};

// How to read an older pack.
struct PackRow {
  PackId pack{};
  BlobId blob;
  uint64_t blob_bytes = 0;
  uint64_t t_bytes = 0;
  uint64_t z_bytes = 0;
  FramesPlace frames;
  Bytes age_head;  // empty in a public volume
  bool operator==(const PackRow&) const = default;
};
struct PackGone {
  PackId pack{};
  bool operator==(const PackGone&) const = default;
};

using ChangesRow = std::variant<InodeRow, InodeGone, EntryRow, EntryGone, XattrRows, ExtentRows, PackRow, PackGone>;

// Composes the text row by row, so that the rows of a large cut need not be held twice.
class ChangesWriter {
 public:
  explicit ChangesWriter(const ChangesHeader& header);
  void add(const ChangesRow& row);
  // The whole text, once.
  std::string finish();

 private:
  std::string text_;
  uint64_t lines_ = 0;
};

struct Changes {
  ChangesHeader header;
  std::vector<ChangesRow> rows;  // in the order of the text; later rows win
  bool operator==(const Changes&) const = default;
};

// kNewerVersion for a format that is not known here; kCorrupt names the line. What is accepted prints
// back to the same text.
Result<Changes> parse_changes(std::string_view text);

}  // namespace walrusfs::pack
