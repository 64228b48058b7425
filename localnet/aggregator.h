// The aggregator: reads blobs and files of quilts for HTTP clients, from storage nodes, with the quirks of the official
// one (closed ranges only, strict queries, unquoted ETag). Routes: HTTP API, section 2.1. No sockets here.
//
// Safe to call from any thread.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/files.h"
#include "localnet/aggregator_answers.h"
#include "localnet/aggregator_concat.h"
#include "localnet/aggregator_quilts.h"
#include "localnet/blob_reader.h"
#include "localnet/gate.h"
#include "localnet/ledger.h"
#include "localnet/not_found_cache.h"
#include "localnet/spool_folder.h"

namespace walrusfs::localnet {

struct AggregatorOptions {
  std::string scratch_folder;   // exists, the aggregator's own
  uint64_t max_blob_bytes = 0;  // larger ones are refused; 0: none is
  Millis keep_not_found{0};     // as a cache in front would; 0: not at all
  AttributeRule attributes;
};

class Aggregator {
 public:
  // All must outlive it.
  Aggregator(BlobReader& reader, const Ledger& ledger, Files& files, Clock& clock, AggregatorOptions options);

  HttpAnswer answer(HttpCall& call);
  // 416: what a Range header that cannot be read is answered with.
  static HttpAnswer malformed_range();

 private:
  using Path = std::vector<std::string>;
  enum class Reading { kRange, kWhole, kStrictly, kStream };

  HttpAnswer answer_now(HttpCall& call);
  // Nothing when the path is no route.
  std::optional<HttpAnswer> answer_blobs(HttpCall& call, const Path& path);
  std::optional<HttpAnswer> answer_alpha(HttpCall& call, const Path& path);
  HttpAnswer answer_quilts(HttpCall& call, const Path& path);

  HttpAnswer whole_or_range(HttpCall& call, const BlobId& blob);
  HttpAnswer by_object(HttpCall& call, const std::string& object_id);
  HttpAnswer range_header(HttpCall& call, const BlobId& blob, const std::string& header);
  HttpAnswer whole(HttpCall& call, const BlobId& blob, Reading how);
  HttpAnswer byte_range(HttpCall& call, const BlobId& blob);
  HttpAnswer stream(HttpCall& call, const BlobId& blob);
  HttpAnswer concat(HttpCall& call);
  bool write_parts(const std::vector<ConcatPart>& parts, bool strict, const ByteSink& sink);
  Status write_part(const BlobId& blob, bool strict, const ByteSink& sink);

  bool too_large(uint64_t blob_bytes) const {
    return options_.max_blob_bytes > 0 && blob_bytes > options_.max_blob_bytes;
  }
  // Reads into memory when the range is small and no stream was asked for, else hands out a stream whose first row is
  // there already.
  HttpAnswer send(const BlobId& blob, const MetadataPtr& metadata, ByteRange range, Reading how);
  Status check_strictly(const BlobId& blob, const MetadataPtr& metadata);

  BlobReader& reader_;
  const Ledger& ledger_;
  const AggregatorOptions options_;
  SpoolFolder checks_;  // blobs that are encoded again
  AggregatorQuilts quilts_;
  NotFoundCache not_found_;
  Gate gate_;
};

}  // namespace walrusfs::localnet
