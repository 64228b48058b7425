// Several blobs in one answer, one after the other, for the aggregator. HTTP API, section 2.3.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "localnet/aggregator_answers.h"
#include "localnet/ledger.h"

namespace walrusfs::localnet {

struct ConcatWish {
  std::vector<std::string> ids;  // of blobs and of blob objects
  bool strict = false, skip = false;
};

// An id, resolved.
struct ConcatPart {
  BlobId blob;
  std::string object;  // empty when named by blob ID
};

// The wish, or the answer that refuses it.
struct ConcatRequest {
  std::optional<ConcatWish> wish;
  HttpAnswer refusal;
};
// Query of the GET form; its flags are refused, as the official one does.
ConcatRequest concat_from_query(const std::string& query);
// JSON body of the POST form.
ConcatRequest concat_from_body(HttpCall& call);

// All ids, or the answer that refuses one.
struct ConcatParts {
  std::vector<ConcatPart> parts;
  std::optional<HttpAnswer> refusal;
};
ConcatParts resolve_concat(const Ledger& ledger, const std::vector<std::string>& ids);
// Base64url of the SHA-256 of the ids with commas between them.
std::string concat_etag(const std::vector<std::string>& ids);

}  // namespace walrusfs::localnet
