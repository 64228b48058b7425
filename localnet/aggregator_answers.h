// How the aggregator's answers look: headers, and errors with their reasons. HTTP API, sections 2.2 and 2.4.
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "localnet/envelope.h"
#include "localnet/http_types.h"

namespace walrusfs::localnet {

// Attributes of a blob object, or tags of a file in a quilt.
using Attributes = std::vector<std::pair<std::string, std::string>>;

struct AttributeRule {
  // Which may become headers, in lower case; the official default.
  std::set<std::string> allowed = {"content-type",     "authorization",    "content-disposition", "content-encoding",
                                   "content-language", "content-location", "link"};
  bool all_quilt_tags = false;
};

HttpAnswer method_not_allowed();
HttpAnswer unknown_route();
HttpAnswer bad_query(const Error& error);
HttpAnswer blob_not_found();
HttpAnswer object_not_resolved();
HttpAnswer blob_too_large(uint64_t blob_bytes, uint64_t cap_bytes);
HttpAnswer bad_range(int http, std::string why);
// Shortages are 503 on whole blobs and files of quilts only; on ranges the official aggregator says 500.
HttpAnswer read_failure(const Error& error, bool whole);
// A shortage while streaming.
HttpAnswer sliver_retrieval_failed();

// With the headers that every success has. Which type the content is, the request has to suggest.
HttpAnswer dressed(HttpCall& call, HttpAnswer answer, const std::string& etag);
// Those that are allowed and can stand in a header. The content type only if there is none yet.
void add_attributes(const Attributes& attributes, const std::set<std::string>* allowed, HttpAnswer& answer);
// Whether it can stand in a header: printable ASCII.
bool is_header_text(std::string_view text);

}  // namespace walrusfs::localnet
