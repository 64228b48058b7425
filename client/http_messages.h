// What the Walrus HTTP services say, turned into our words: no I/O here, all of it fed by hostile bytes.
//
// Safe to call from any thread.
#pragma once

#include <optional>

#include "client/blob_store.h"
#include "client/transport.h"

namespace walrusfs {

// "bytes=0-99" for the first hundred bytes: aggregators take closed ranges only. `range` is not empty.
std::string range_header(const ByteRange& range);

// "bytes 0-99/1234"; the total may be unknown ("*").
struct ContentRange {
  ByteRange range;
  std::optional<uint64_t> total_bytes;
};
std::optional<ContentRange> parse_content_range(std::string_view text);
std::optional<uint64_t> parse_decimal(std::string_view text);

// {"error":{"status","code","message","details":[{"reason","domain"}]}}
struct ErrorEnvelope {
  std::string message;
  std::string reason;
  std::string domain;
};
std::optional<ErrorEnvelope> parse_error_envelope(ByteView body);

// A body's first words, made printable and short: what a person needs to see that it is a proxy's error page.
std::string excerpt(ByteView body);

// The Error for a response of an aggregator that is not the bytes of `blob`. kNotFound and kInvalidArgument (the
// range) only when Walrus itself says so: a 404 without its envelope means a wrong URL.
Error aggregator_error(const std::string& origin, const BlobId& blob, const HttpResponse& response);

// The Error for a publisher's response with a status other than 200. `fresh_tokens`: the next attempt comes with
// another token, so a used one is no final failure.
Error publisher_error(const std::string& origin, const HttpResponse& response, bool fresh_tokens);

// The body of a publisher's 200: a receipt, or the error that can hide in it. The blob ID and size that it names are
// compared with the request's: kCorrupt when they differ.
Result<StoreReceipt> parse_store_answer(const std::string& origin, const StoreRequest& request, ByteView body);

// Query parameters of PUT /v1/blobs; `send_object_to` may be empty.
std::string store_path(const StoreRequest& request, const std::string& send_object_to);
std::string blob_path(const BlobId& blob);

}  // namespace walrusfs
