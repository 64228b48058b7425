// The aggregator: reads blobs for HTTP clients, from storage nodes, with the quirks of the official one (closed
// ranges only, strict queries, unquoted ETag). Routes: /v1/blobs/{id}, /v1/blobs/by-object-id/{object},
// /v1/blobs/{id}/byte-range, /v1alpha/blobs/{id}/stream, /status. No sockets here.
//
// Safe to call from any thread.
#pragma once

#include <atomic>
#include <string>

#include "base/files.h"
#include "localnet/blob_reader.h"
#include "localnet/envelope.h"
#include "localnet/gate.h"
#include "localnet/ledger.h"

namespace walrusfs::localnet {

class Aggregator {
 public:
  // `scratch_folder` exists and is the aggregator's own. All must outlive it.
  Aggregator(BlobReader& reader, const Ledger& ledger, Files& files, std::string scratch_folder);

  HttpAnswer answer(HttpCall& call);
  // 416: what a Range header that cannot be read is answered with.
  static HttpAnswer malformed_range();

 private:
  HttpAnswer answer_v1(HttpCall& call, const std::vector<std::string>& path);
  HttpAnswer whole_or_range(HttpCall& call, const BlobId& blob);
  HttpAnswer by_object(HttpCall& call, const std::string& object_id);
  HttpAnswer range_header(HttpCall& call, const BlobId& blob, const std::string& header);
  HttpAnswer whole(HttpCall& call, const BlobId& blob, bool strict);
  HttpAnswer byte_range(HttpCall& call, const BlobId& blob);
  HttpAnswer stream(HttpCall& call, const BlobId& blob);

  // Reads into memory when the range is small, else hands out a stream whose first row is there already.
  HttpAnswer send(const BlobId& blob, const MetadataPtr& metadata, ByteRange range, bool whole_blob);
  Status check_strictly(const BlobId& blob, const MetadataPtr& metadata);
  HttpAnswer dressed(HttpCall& call, HttpAnswer answer, const std::string& etag) const;

  BlobReader& reader_;
  const Ledger& ledger_;
  Files& files_;
  const std::string scratch_folder_;
  std::atomic<uint64_t> scratch_files_{0};
  Gate gate_;
};

}  // namespace walrusfs::localnet
