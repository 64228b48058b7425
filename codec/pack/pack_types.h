// The words that writer, reader and index share about packs. docs/formats.md is the full story:
// T is the tar stream, Z its zstd frames, A the age file around them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/ids.h"

namespace walrusfs::pack {

// One zstd frame: T bytes [t_offset, +t_length) are the content of Z bytes [z_offset, +z_length),
// whose BLAKE2b-256 is `hash`.
struct FrameInfo {
  uint64_t t_offset = 0;
  uint64_t t_length = 0;
  uint64_t z_offset = 0;
  uint64_t z_length = 0;
  Digest hash{};
  bool operator==(const FrameInfo&) const = default;
};

// Where `.walrusfs/frames` lies in Z (its frames, up to the seek table), and the BLAKE2b-256 of those Z bytes.
struct FramesPlace {
  uint64_t z_offset = 0;
  uint64_t z_length = 0;
  Digest hash{};
  bool operator==(const FramesPlace&) const = default;
};

// What the index keeps about a finished pack.
struct PackSummary {
  std::vector<FrameInfo> frames;  // all frames before `.walrusfs/frames`
  FramesPlace frames_place;
  uint64_t t_bytes = 0;
  uint64_t z_bytes = 0;     // with the seek table
  uint64_t blob_bytes = 0;  // what was written to the sink
  Bytes age_head;           // header and nonce, the first bytes of the blob; empty in a public volume
};

enum class MemberType { kFile, kHardLink, kSymlink, kCharDevice, kBlockDevice, kDirectory, kFifo };

struct Xattr {
  std::string name;
  Bytes value;
  bool operator==(const Xattr&) const = default;
};

// One member of T.
struct Member {
  std::string path;  // any bytes but NUL; relative, without "." and ".." parts, no '/' at the end
  MemberType type = MemberType::kFile;
  uint32_t mode = 0;  // permission bits, 07777
  uint32_t uid = 0;
  uint32_t gid = 0;
  Timestamp mtime;
  std::optional<Timestamp> atime;
  std::optional<Timestamp> ctime;
  uint32_t device_major = 0;
  uint32_t device_minor = 0;
  std::string link_target;  // symlink: the text; hard link: the path of a member before it in this pack
  std::vector<Xattr> xattrs;
  uint64_t size = 0;  // of a kFile, with its holes
  // For a file with holes: where its data is; ascending, apart, not empty, inside `size`. The content
  // written is these ranges one after the other. Read back they are wider: whole blocks of 512 bytes.
  std::optional<std::vector<ByteRange>> data_ranges;
  std::string comment;  // pax "comment": for people who look; every tar passes over it

  // How many bytes of content PackWriter::write() wants (no sparse map, no padding).
  uint64_t content_bytes() const;
  bool operator==(const Member&) const = default;
};

constexpr char kInternalFolder[] = ".walrusfs";
constexpr char kChangesPath[] = ".walrusfs/changes";
constexpr char kFramesPath[] = ".walrusfs/frames";

// ".walrusfs/extents/<inode>/<offset>": bytes of a big or partly rewritten file, a kFile member whose content
// belongs at `file_offset`. The offset has 16 digits, so that names sort as the bytes do.
std::string extent_path(InodeId inode, uint64_t file_offset);
// ".walrusfs/inodes/<inode>": attributes that changed while the bytes stay in older packs, and kinds that
// tar does not have (sockets). A kFile member of size 0 that carries mode, owner, times and xattrs.
std::string inode_path(InodeId inode);

}  // namespace walrusfs::pack
