// Makes the next pack of a cut a fact: its file synced in the spool, its blob ID known, its rows in the
// index. Only then may anything of it be sent: age's key is random, so a pack built twice is two blobs.
//
// For one thread.
#pragma once

#include <optional>

#include "base/files.h"
#include "client/cancel.h"
#include "codec/shape.h"
#include "fs/io/cut_packer.h"
#include "meta/index.h"

namespace walrusfs {

class PackBuilder {
 public:
  struct World {
    Index& index;
    HeldSpool& spool;
    Files& files;
    Clock& clock;
    const CancelToken& cancel;
  };
  // Everything in `world` must outlive the builder.
  PackBuilder(const World& world, CodeShape shape, unsigned encode_threads)
      : world_(world), shape_(shape), encode_threads_(encode_threads) {}

  // After a failure nothing is left on disk or in the index, and the cut stands where it stood.
  // kNoSpace: the disk is full; a smaller pack may fit.
  Result<PackRow> build_next(CutPacker& cut, uint64_t limit_bytes, const std::optional<PackRow>& predecessor);

 private:
  Result<PackRow> build(CutPacker& cut, const CutPacker::Target& target);
  Result<PackedContent> write_file(CutPacker& cut, const CutPacker::Target& target, const std::string& path);

  const World world_;
  const CodeShape shape_;
  const unsigned encode_threads_;
};

// The blob ID of a file's content.
Result<BlobId> compute_blob_id(Files& files, const std::string& path, const CodeShape& shape, unsigned threads,
                               const CancelToken& cancel);

}  // namespace walrusfs
