// Builds a quilt: one blob out of many files, each in columns of its own. Specification section 17.
//
// Byte for byte what official encoders make, so that blob ID and patch IDs agree. Contents are read
// piece by piece, in memory of 16 MiB or one row of the matrix (44 MB at most with 1000 shards),
// whatever the quilt's size. Not safe for several threads.
#pragma once

#include <map>
#include <string>

#include "base/byte_stream.h"
#include "codec/quilt/index.h"

namespace walrusfs::quilt {

// What was or will be built. The patch ID of a file is {blob ID of the quilt, columns of its entry}.
struct Plan {
  uint16_t symbol_bytes = 0;
  uint64_t quilt_bytes = 0;
  Index index;
};

class Builder {
 public:
  explicit Builder(const CodeShape& shape) : shape_(shape) {}

  // Files may come in any order. `content` must outlive the builder and not change. kExists when the
  // identifier was there before, kInvalidArgument when it is none, kTooLarge for one file too many or
  // for a file too large.
  Status add(const std::string& identifier, const Tags& tags, ByteSource& content);

  // kTooLarge when the files do not fit.
  Result<Plan> plan() const;
  // The quilt's bytes, and what was planned.
  Result<Plan> write(ByteSink& out) const;

 private:
  struct File {
    Tags tags;
    Bytes header;
    ByteSource* content;
    uint64_t content_bytes;
  };

  const CodeShape shape_;
  std::map<std::string, File> files_;  // the order of the layout
};

}  // namespace walrusfs::quilt
