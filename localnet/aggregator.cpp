#include "localnet/aggregator.h"

#include "base/log.h"
#include "localnet/byte_spool.h"
#include "localnet/query.h"

namespace walrusfs::localnet {
namespace {

constexpr size_t kRequestsAtATime = 256, kRequestsWaiting = 320;  // the official defaults
constexpr uint64_t kInMemoryBytes = 16 << 20;  // larger answers are made while they are sent
constexpr uint64_t kSpoolMemoryBytes = 4 << 20;

HttpAnswer blob_not_found() {
  return error_answer({404, "NOT_FOUND", "BLOB_NOT_FOUND", kDaemonDomain,
                       "the requested blob ID does not exist on Walrus, ensure that it was entered correctly"});
}

HttpAnswer bad_range(int http, std::string why) {
  return error_answer({http, http == 416 ? "RANGE_NOT_SATISFIABLE" : "INVALID_ARGUMENT", "INVALID_BYTE_RANGE",
                       kDaemonDomain, std::move(why)});
}

// Shortages are 503 on whole-blob reads only; on ranges the official aggregator says 500.
HttpAnswer read_failure(const Error& error, bool whole_blob) {
  if (error.code() == Code::kNotFound) return blob_not_found();
  if (error.code() == Code::kPermission)
    return error_answer({451, "UNAVAILABLE_FOR_LEGAL_REASONS", "FORBIDDEN_BLOB", kDaemonDomain, error.message()});
  log_warn("aggregator: {}", error.to_string());
  if (error.retryable() && whole_blob)
    return error_answer({503, "UNAVAILABLE", "BLOB_UNAVAILABLE", kDaemonDomain, error.message()});
  return error_answer(internal_error(error.message()));
}

// "bytes=a-b" and nothing else.
std::optional<std::pair<uint64_t, uint64_t>> parse_closed_range(std::string_view header) {
  constexpr std::string_view kUnit = "bytes=";
  if (!header.starts_with(kUnit)) return std::nullopt;
  header.remove_prefix(kUnit.size());
  size_t dash = header.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  auto first = parse_decimal(header.substr(0, dash));
  auto last = parse_decimal(header.substr(dash + 1));
  if (!first || !last || *first > *last) return std::nullopt;
  return std::pair(*first, *last);
}

HttpAnswer method_not_allowed() { return text_answer(405, ""); }
HttpAnswer unknown_route() { return text_answer(404, ""); }

}  // namespace

Aggregator::Aggregator(BlobReader& reader, const Ledger& ledger, Files& files, std::string scratch_folder)
    : reader_(reader),
      ledger_(ledger),
      files_(files),
      scratch_folder_(std::move(scratch_folder)),
      gate_(kRequestsAtATime, kRequestsWaiting) {}

HttpAnswer Aggregator::malformed_range() {
  return bad_range(416, "the Range header must be one closed range: bytes=first-last");
}

HttpAnswer Aggregator::answer(HttpCall& call) {
  auto path = split_path(call.path());
  if (!path) return unknown_route();
  if (path->size() == 1 && path->front() == "status")
    return call.method() == "GET" ? text_answer(200, "OK") : method_not_allowed();
  if (path->size() < 3 || (*path)[1] != "blobs") return unknown_route();
  if ((*path)[0] != "v1" && (*path)[0] != "v1alpha") return unknown_route();
  GatePass pass(gate_);
  if (!pass.inside()) return text_answer(429, "the service is overloaded; try again later");
  return answer_v1(call, *path);
}

HttpAnswer Aggregator::answer_v1(HttpCall& call, const std::vector<std::string>& path) {
  const bool alpha = path[0] == "v1alpha";
  const bool known = alpha ? path.size() == 4 && path[3] == "stream"
                           : path.size() == 3 || (path.size() == 4 && (path[3] == "byte-range" ||
                                                                       path[2] == "by-object-id"));
  if (!known) return unknown_route();
  if (call.method() != "GET") return method_not_allowed();
  if (path[2] == "by-object-id" && path.size() == 4) return by_object(call, path[3]);
  auto blob = BlobId::parse(path[2]);
  if (!blob) return text_answer(400, "Invalid URL: failed to parse the blob ID");
  if (alpha) return stream(call, *blob);
  return path.size() == 3 ? whole_or_range(call, *blob) : byte_range(call, *blob);
}

HttpAnswer Aggregator::by_object(HttpCall& call, const std::string& object_id) {
  auto id = normalise_object_id(object_id);
  if (!id) return text_answer(400, "Invalid URL: failed to parse the object ID");
  auto object = ledger_.object(*id);
  if (!object)
    return error_answer({404, "NOT_FOUND", "OBJECT_ID_RESOLUTION_FAILED", kDaemonDomain,
                         "there is no blob object with this ID"});
  return whole_or_range(call, object->blob);
}

HttpAnswer Aggregator::whole_or_range(HttpCall& call, const BlobId& blob) {
  auto query = Query::parse(call.query(), {"strict_consistency_check", "skip_consistency_check"});
  if (!query) return text_answer(400, query.error().message());
  auto strict = query->boolean("strict_consistency_check");
  auto skip = query->boolean("skip_consistency_check");
  if (!strict) return text_answer(400, strict.error().message());
  if (!skip) return text_answer(400, skip.error().message());
  if (strict->value_or(false) && skip->value_or(false))
    return error_answer({400, "INVALID_ARGUMENT", "INVALID_CONSISTENCY_CHECK", kDaemonDomain,
                         "the strict and the skipped consistency check exclude each other"});
  if (auto range = call.header("Range")) return range_header(call, blob, *range);
  return whole(call, blob, strict->value_or(false));
}

HttpAnswer Aggregator::range_header(HttpCall& call, const BlobId& blob, const std::string& header) {
  auto wanted = parse_closed_range(header);
  if (!wanted) return malformed_range();
  auto metadata = reader_.metadata(blob);
  if (!metadata) return read_failure(metadata.error(), false);
  const auto [first, last] = *wanted;
  const uint64_t size = (*metadata)->blob_bytes();
  if (last >= size) return bad_range(416, "the range ends past the blob, which has " + std::to_string(size) + " bytes");
  HttpAnswer answer = send(blob, *metadata, {first, last - first + 1}, false);
  if (answer.status != 200) return answer;
  answer.status = 206;
  answer.with("Content-Range",
              "bytes " + std::to_string(first) + "-" + std::to_string(last) + "/" + std::to_string(size));
  return dressed(call, std::move(answer), blob.to_string());
}

HttpAnswer Aggregator::whole(HttpCall& call, const BlobId& blob, bool strict) {
  auto metadata = reader_.metadata(blob);
  if (!metadata) return read_failure(metadata.error(), true);
  if (strict) {
    if (Status good = check_strictly(blob, *metadata); !good) return read_failure(good.error(), true);
  }
  HttpAnswer answer = send(blob, *metadata, {0, (*metadata)->blob_bytes()}, true);
  return answer.status == 200 ? dressed(call, std::move(answer), blob.to_string()) : answer;
}

HttpAnswer Aggregator::stream(HttpCall& call, const BlobId& blob) {
  auto query = Query::parse(call.query(), {});
  if (!query) return text_answer(400, query.error().message());
  HttpAnswer answer = whole(call, blob, false);
  return answer.status == 200 ? std::move(answer.with("x-walrus-streaming", "true")) : answer;
}

HttpAnswer Aggregator::byte_range(HttpCall& call, const BlobId& blob) {
  auto query = Query::parse(call.query(), {"start", "length"});
  if (!query) return text_answer(400, query.error().message());
  auto start = query->number("start"), length = query->number("length");
  if (!start) return text_answer(400, start.error().message());
  if (!length) return text_answer(400, length.error().message());
  if (!*start || !*length)
    return text_answer(400, std::string("Failed to deserialize query string: missing field `") +
                                (*start ? "length" : "start") + "`");
  auto metadata = reader_.metadata(blob);
  if (!metadata) return read_failure(metadata.error(), false);
  const uint64_t size = (*metadata)->blob_bytes(), from = **start, count = **length;
  if (count == 0 || from > size || count > size - from)
    return bad_range(400, "the range is empty or ends past the blob, which has " + std::to_string(size) + " bytes");
  HttpAnswer answer = send(blob, *metadata, {from, count}, false);
  if (answer.status != 200) return answer;
  return dressed(call, std::move(answer),
                 blob.to_string() + "-" + std::to_string(from) + "-" + std::to_string(count));
}

HttpAnswer Aggregator::send(const BlobId& blob, const MetadataPtr& metadata, ByteRange range, bool whole_blob) {
  HttpAnswer answer;
  if (range.empty()) return answer;  // the empty blob
  if (range.length <= kInMemoryBytes) {
    Status read = reader_.read(blob, metadata, range, [&](ByteView piece) {
      answer.body.append(as_text(piece));
      return true;
    });
    return read.ok() ? answer : read_failure(read.error(), whole_blob);
  }
  auto parts = slivers_of_range(metadata->shape(), metadata->blob_bytes(), range);
  auto first = parts ? reader_.row(blob, metadata, parts->front().sliver) : Result<Row>(parts.error());
  if (!first) return read_failure(first.error(), whole_blob);
  auto write_all = [this, blob, metadata, range](const ByteSink& sink) {
    Status sent = reader_.read(blob, metadata, range, sink);
    if (!sent && sent.error().code() != Code::kCancelled)
      log_warn("aggregator: {} broke off: {}", blob.to_string(), sent.error().to_string());
    return sent.ok();
  };
  answer.stream = HttpStream{range.length, std::move(write_all)};
  return answer;
}

// Encodes the whole blob again and compares the ID: finds bad hashes that no read would touch.
Status Aggregator::check_strictly(const BlobId& blob, const MetadataPtr& metadata) {
  ByteSpool spool(files_, scratch_folder_ + "/check-" + std::to_string(scratch_files_++), kSpoolMemoryBytes);
  Status spooled;
  if (metadata->blob_bytes() > 0) {
    Status read = reader_.read(blob, metadata, {0, metadata->blob_bytes()}, [&](ByteView piece) {
      spooled = spool.append(piece);
      return spooled.ok();
    });
    WFS_TRY(spooled);
    WFS_TRY(read);
  }
  WFS_ASSIGN(ByteView content, spool.view());
  WFS_ASSIGN(BlobMetadata recomputed, compute_metadata(metadata->shape(), content));
  if (recomputed.blob_id() != blob)
    return Error(Code::kCorrupt, "the blob was encoded inconsistently: its content does not give its ID");
  return {};
}

HttpAnswer Aggregator::dressed(HttpCall& call, HttpAnswer answer, const std::string& etag) const {
  answer.with("ETag", etag);
  answer.with("Cache-Control", "public, max-age=86400, stale-while-revalidate=3600");
  answer.with("X-Content-Type-Options", "nosniff");
  auto accept = call.header("Accept");
  if (accept && !accept->empty() && accept->find('*') == std::string::npos) {
    answer.content_type = *accept;
  } else {
    answer.content_type = call.header("Content-Type").value_or("");
  }
  return answer;
}

}  // namespace walrusfs::localnet
