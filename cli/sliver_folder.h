// A folder with parts of one blob, one file each, as the API of storage nodes transports them:
//
//   metadata.bcs           blob ID, then blob metadata: the answer to GET /v1/blobs/ID/metadata
//   primary-00017.bcs      sliver data: the answer to GET /v1/blobs/ID/slivers/17/primary
//   secondary-00982.bcs    numbered as a sliver, not as a pair: it belongs to pair n-1-982
//
// Leading zeros in names are for sorting and may be left out. Nothing in a folder is believed: metadata counts when
// it verifies against the blob ID, a sliver when it verifies against the metadata.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/mapped_file.h"
#include "cli/sliver_name.h"
#include "codec/sliver.h"

namespace walrusfs::cli {

constexpr const char* kMetadataFile = "metadata.bcs";
std::string sliver_file(SliverName name);

// A file with a sliver's name.
struct SliverFile {
  std::string file;  // name in the folder
  SliverName name;
};

struct BadFile {
  std::string file;
  std::string reason;  // a sentence that names the file with its path
};

// A sliver whose bytes are a mapped file.
struct MappedSliver {
  MappedFile file;
  SliverView view;
};

class SliverFolder {
 public:
  // Lists the folder and verifies its metadata against `wanted`, or, without it, against the blob ID that the metadata
  // file itself names. The committee's size is what the metadata says (the blob ID depends on it). kNotFound without
  // metadata, kCorrupt when it does not verify. `files` must outlive this.
  static Result<SliverFolder> open(Files& files, const std::string& path, const std::optional<BlobId>& wanted);

  const BlobMetadata& metadata() const { return metadata_; }
  const BlobId& blob_id() const { return blob_id_; }
  std::string path_of(const std::string& file) const { return path_ + "/" + file; }

  // In the order of their numbers; two files may claim one sliver.
  const std::vector<SliverFile>& slivers(Axis axis) const { return axis == Axis::kPrimary ? primary_ : secondary_; }
  // Sliver names that cannot be: numbers beyond the committee, or no regular files.
  const std::vector<BadFile>& impossible() const { return impossible_; }
  // Everything else that lies there.
  const std::vector<std::string>& strangers() const { return strangers_; }

  // Maps one sliver; kCorrupt unless it is the one that its name tells, and, for load(), verifies. Safe from any
  // thread. All errors name the file.
  Result<MappedSliver> load(const SliverFile& from) const;
  Result<MappedSliver> load_unverified(const SliverFile& from) const;
  // Symbol `at` of a sliver (below its symbol count), reading little more; the sliver's frame is checked, its hash not.
  Result<Bytes> load_symbol(const SliverFile& from, size_t at) const;

  // Loads slivers on `threads` threads and hands each outcome to `take` in order, from this thread, until that answers
  // false.
  using Take = std::function<bool(const SliverFile& from, Result<MappedSliver> sliver)>;
  void load_all(std::span<const SliverFile> from, unsigned threads, const Take& take) const;

 private:
  SliverFolder(Files& files, std::string path, BlobId blob_id, BlobMetadata metadata)
      : files_(files), path_(std::move(path)), blob_id_(blob_id), metadata_(std::move(metadata)) {}
  Status list();

  Files& files_;
  std::string path_;
  BlobId blob_id_;
  BlobMetadata metadata_;
  std::vector<SliverFile> primary_;
  std::vector<SliverFile> secondary_;
  std::vector<BadFile> impossible_;
  std::vector<std::string> strangers_;
};

}  // namespace walrusfs::cli
