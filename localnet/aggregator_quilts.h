// Files out of quilts, for the aggregator: by patch ID, by identifier, and the list of them. Only the columns that hold
// what is asked for are fetched. HTTP API, sections 2.1 and 2.7.
//
// Safe to call from any thread.
#pragma once

#include <memory>
#include <string>

#include "codec/quilt/reader.h"
#include "localnet/aggregator_answers.h"
#include "localnet/blob_reader.h"

namespace walrusfs::localnet {

class AggregatorQuilts {
 public:
  // Both must outlive it.
  AggregatorQuilts(BlobReader& reader, const AttributeRule& rule) : reader_(reader), rule_(rule) {}

  HttpAnswer by_patch_id(HttpCall& call, const std::string& patch_id);
  HttpAnswer by_identifier(HttpCall& call, const std::string& quilt_id, const std::string& identifier);
  HttpAnswer list(const std::string& quilt_id);

 private:
  struct Opened;

  Result<std::shared_ptr<Opened>> open(const BlobId& quilt);
  HttpAnswer send(HttpCall& call, const BlobId& quilt, std::shared_ptr<Opened> opened, quilt::QuiltFile file);

  BlobReader& reader_;
  const AttributeRule& rule_;
};

}  // namespace walrusfs::localnet
