#include "localnet/aggregator.h"

#include "base/log.h"
#include "localnet/api_page.h"
#include "localnet/query.h"

namespace walrusfs::localnet {
namespace {

constexpr size_t kRequestsAtATime = 256, kRequestsWaiting = 320;  // the official defaults
constexpr uint64_t kInMemoryBytes = 16 << 20;  // larger answers are made while they are sent
constexpr SpoolLimits kCheckLimits{4 << 20, uint64_t{16} << 30};

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

HttpAnswer bad_blob_id() { return text_answer(400, "Invalid URL: failed to parse the blob ID"); }

HttpAnswer exclusive_checks() {
  return error_answer({400, "INVALID_ARGUMENT", "INVALID_CONSISTENCY_CHECK", kDaemonDomain,
                       "the strict and the skipped consistency check exclude each other"});
}

HttpAnswer routes_page() {
  return api_page("Walrus aggregator",
                  {{"GET", "/v1/blobs/{blob_id}", "a blob, or a closed range of it (header Range)"},
                   {"GET", "/v1/blobs/{blob_id}/byte-range?start=&amp;length=", "a part of a blob"},
                   {"GET", "/v1/blobs/by-object-id/{object_id}", "a blob, with its attributes as headers"},
                   {"GET", "/v1/blobs/by-quilt-patch-id/{patch_id}", "a file of a quilt"},
                   {"GET", "/v1/blobs/by-quilt-id/{quilt_id}/{identifier}", "a file of a quilt"},
                   {"GET", "/v1/quilts/{quilt_id}/patches", "the files of a quilt"},
                   {"GET", "/v1alpha/blobs/{blob_id}/stream", "a blob while it is read"},
                   {"GET, POST", "/v1alpha/blobs/concat", "several blobs, one after the other"},
                   {"GET", "/status", "OK"}});
}

// A route that is only read.
bool get_only(HttpCall& call, std::optional<HttpAnswer>* refusal) {
  if (call.method() == "GET") return true;
  *refusal = method_not_allowed();
  return false;
}

}  // namespace

Aggregator::Aggregator(BlobReader& reader, const Ledger& ledger, Files& files, Clock& clock, AggregatorOptions options)
    : reader_(reader),
      ledger_(ledger),
      options_(std::move(options)),
      checks_(files, options_.scratch_folder, "check-", kCheckLimits),
      quilts_(reader_, options_.attributes),
      not_found_(clock, options_.keep_not_found),
      gate_(kRequestsAtATime, kRequestsWaiting) {}

HttpAnswer Aggregator::malformed_range() {
  return bad_range(416, "the Range header must be one closed range: bytes=first-last");
}

HttpAnswer Aggregator::answer(HttpCall& call) {
  return not_found_.answer(call, [this](HttpCall& again) { return answer_now(again); });
}

HttpAnswer Aggregator::answer_now(HttpCall& call) {
  const auto path = split_path(call.path());
  if (!path) return unknown_route();
  if (call.path() == "/status") return call.method() == "GET" ? text_answer(200, "OK") : method_not_allowed();
  if (call.path() == "/v1/api") return call.method() == "GET" ? routes_page() : method_not_allowed();
  if (path->size() < 3) return unknown_route();
  GatePass pass(gate_);
  if (!pass.inside()) return text_answer(429, "the service is overloaded; try again later");
  std::optional<HttpAnswer> answered;
  if ((*path)[0] == "v1" && (*path)[1] == "blobs") answered = answer_blobs(call, *path);
  if ((*path)[0] == "v1alpha" && (*path)[1] == "blobs") answered = answer_alpha(call, *path);
  if ((*path)[0] == "v1" && (*path)[1] == "quilts" && path->size() == 4 && (*path)[3] == "patches")
    answered = answer_quilts(call, *path);
  return answered ? std::move(*answered) : unknown_route();
}

std::optional<HttpAnswer> Aggregator::answer_blobs(HttpCall& call, const Path& path) {
  std::optional<HttpAnswer> refusal;
  const std::string& what = path[2];
  const bool quilt_file = (path.size() == 4 && what == "by-quilt-patch-id") ||
                          (path.size() == 5 && what == "by-quilt-id");
  if (quilt_file) return answer_quilts(call, path);
  const bool by_object_id = path.size() == 4 && what == "by-object-id";
  const bool part = path.size() == 4 && path[3] == "byte-range";
  if (path.size() != 3 && !by_object_id && !part) return std::nullopt;
  if (!get_only(call, &refusal)) return refusal;
  if (by_object_id) return by_object(call, path[3]);
  const auto blob = BlobId::parse(what);
  if (!blob) return bad_blob_id();
  return part ? byte_range(call, *blob) : whole_or_range(call, *blob);
}

std::optional<HttpAnswer> Aggregator::answer_alpha(HttpCall& call, const Path& path) {
  std::optional<HttpAnswer> refusal;
  if (path.size() == 3 && path[2] == "concat")
    return call.method() == "GET" || call.method() == "POST" ? concat(call) : method_not_allowed();
  if (path.size() != 4 || path[3] != "stream") return std::nullopt;
  if (!get_only(call, &refusal)) return refusal;
  const auto blob = BlobId::parse(path[2]);
  return blob ? stream(call, *blob) : bad_blob_id();
}

HttpAnswer Aggregator::answer_quilts(HttpCall& call, const Path& path) {
  if (call.method() != "GET") return method_not_allowed();
  if (auto query = Query::parse(call.query(), {}); !query) return bad_query(query.error());
  if (path[1] == "quilts") return quilts_.list(path[2]);
  if (path[2] == "by-quilt-patch-id") return quilts_.by_patch_id(call, path[3]);
  return quilts_.by_identifier(call, path[3], path[4]);
}

HttpAnswer Aggregator::by_object(HttpCall& call, const std::string& object_id) {
  auto id = normalise_object_id(object_id);
  if (!id) return text_answer(400, "Invalid URL: failed to parse the object ID");
  auto object = ledger_.object(*id);
  if (!object) return object_not_resolved();
  HttpAnswer answer = whole_or_range(call, object->blob);
  if (answer.status < 300) add_attributes(ledger_.attributes(*id), &options_.attributes.allowed, answer);
  return answer;
}

HttpAnswer Aggregator::whole_or_range(HttpCall& call, const BlobId& blob) {
  auto query = Query::parse(call.query(), {"strict_consistency_check", "skip_consistency_check"});
  if (!query) return bad_query(query.error());
  auto strict = query->boolean("strict_consistency_check");
  auto skip = query->boolean("skip_consistency_check");
  if (!strict) return bad_query(strict.error());
  if (!skip) return bad_query(skip.error());
  if (strict->value_or(false) && skip->value_or(false)) return exclusive_checks();
  if (auto range = call.header("Range")) return range_header(call, blob, *range);
  return whole(call, blob, strict->value_or(false) ? Reading::kStrictly : Reading::kWhole);
}

HttpAnswer Aggregator::range_header(HttpCall& call, const BlobId& blob, const std::string& header) {
  auto wanted = parse_closed_range(header);
  if (!wanted) return malformed_range();
  auto metadata = reader_.metadata(blob);
  if (!metadata) return read_failure(metadata.error(), false);
  const auto [first, last] = *wanted;
  const uint64_t size = (*metadata)->blob_bytes();
  if (last >= size) return bad_range(416, "the range ends past the blob, which has " + std::to_string(size) + " bytes");
  HttpAnswer answer = send(blob, *metadata, {first, last - first + 1}, Reading::kRange);
  if (answer.status != 200) return answer;
  answer.status = 206;
  answer.with("Content-Range",
              "bytes " + std::to_string(first) + "-" + std::to_string(last) + "/" + std::to_string(size));
  return dressed(call, std::move(answer), blob.to_string());
}

HttpAnswer Aggregator::whole(HttpCall& call, const BlobId& blob, Reading how) {
  auto metadata = reader_.metadata(blob);
  if (!metadata) return read_failure(metadata.error(), true);
  if (too_large((*metadata)->blob_bytes())) return blob_too_large((*metadata)->blob_bytes(), options_.max_blob_bytes);
  if (how == Reading::kStrictly) {
    if (Status good = check_strictly(blob, *metadata); !good) return read_failure(good.error(), true);
  }
  HttpAnswer answer = send(blob, *metadata, {0, (*metadata)->blob_bytes()}, how);
  return answer.status == 200 ? dressed(call, std::move(answer), blob.to_string()) : answer;
}

HttpAnswer Aggregator::stream(HttpCall& call, const BlobId& blob) {
  auto query = Query::parse(call.query(), {});
  if (!query) return bad_query(query.error());
  HttpAnswer answer = whole(call, blob, Reading::kStream);
  if (answer.status == 503) return sliver_retrieval_failed();
  return answer.status == 200 ? std::move(answer.with("x-walrus-streaming", "true")) : answer;
}

HttpAnswer Aggregator::byte_range(HttpCall& call, const BlobId& blob) {
  auto query = Query::parse(call.query(), {"start", "length"});
  if (!query) return bad_query(query.error());
  auto start = query->number("start"), length = query->number("length");
  if (!start) return bad_query(start.error());
  if (!length) return bad_query(length.error());
  if (!*start || !*length)
    return text_answer(400, std::string("Failed to deserialize query string: missing field `") +
                                (*start ? "length" : "start") + "`");
  auto metadata = reader_.metadata(blob);
  if (!metadata) return read_failure(metadata.error(), false);
  const uint64_t size = (*metadata)->blob_bytes(), from = **start, count = **length;
  if (count == 0 || from > size || count > size - from)
    return bad_range(400, "the range is empty or ends past the blob, which has " + std::to_string(size) + " bytes");
  HttpAnswer answer = send(blob, *metadata, {from, count}, Reading::kRange);
  if (answer.status != 200) return answer;
  return dressed(call, std::move(answer),
                 blob.to_string() + "-" + std::to_string(from) + "-" + std::to_string(count));
}

// The ids are resolved before anything is sent; what goes wrong after the first byte breaks the connection off.
HttpAnswer Aggregator::concat(HttpCall& call) {
  ConcatRequest request = call.method() == "GET" ? concat_from_query(call.query()) : concat_from_body(call);
  if (!request.wish) return std::move(request.refusal);
  if (request.wish->strict && request.wish->skip) return exclusive_checks();
  ConcatParts resolved = resolve_concat(ledger_, request.wish->ids);
  if (resolved.refusal) return std::move(*resolved.refusal);
  const auto first = reader_.metadata(resolved.parts.front().blob);
  if (!first && first.error().code() == Code::kNotFound) return blob_not_found();
  if (!first)
    return error_answer({500, "INTERNAL", "BLOB_READ_FAILED", kDaemonDomain, first.error().message()});
  HttpAnswer answer = dressed(call, {}, concat_etag(request.wish->ids));
  if (const std::string& object = resolved.parts.front().object; !object.empty())
    add_attributes(ledger_.attributes(object), &options_.attributes.allowed, answer);
  HttpStream parts;
  parts.chunked = true;
  parts.write_all = [this, list = std::move(resolved.parts), strict = request.wish->strict](const ByteSink& sink) {
    return write_parts(list, strict, sink);
  };
  answer.stream = std::move(parts);
  return answer;
}

bool Aggregator::write_parts(const std::vector<ConcatPart>& parts, bool strict, const ByteSink& sink) {
  for (const ConcatPart& part : parts) {
    Status written = write_part(part.blob, strict, sink);
    if (written.ok()) continue;
    if (written.error().code() != Code::kCancelled)
      log_warn("aggregator: a concatenation broke off at {}: {}", part.blob.to_string(), written.error().to_string());
    return false;
  }
  return true;
}

Status Aggregator::write_part(const BlobId& blob, bool strict, const ByteSink& sink) {
  WFS_ASSIGN(const MetadataPtr metadata, reader_.metadata(blob));
  if (too_large(metadata->blob_bytes())) return Error(Code::kTooLarge, "it is larger than this aggregator serves");
  if (strict) WFS_TRY(check_strictly(blob, metadata));
  if (metadata->blob_bytes() == 0) return {};
  return reader_.read(blob, metadata, {0, metadata->blob_bytes()}, sink);
}

HttpAnswer Aggregator::send(const BlobId& blob, const MetadataPtr& metadata, ByteRange range, Reading how) {
  HttpAnswer answer;
  if (range.empty()) return answer;  // the empty blob
  const bool whole_blob = how != Reading::kRange;
  if (range.length <= kInMemoryBytes && how != Reading::kStream) {
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
  const auto spool = checks_.spool();
  Status spooled;
  if (metadata->blob_bytes() > 0) {
    Status read = reader_.read(blob, metadata, {0, metadata->blob_bytes()}, [&](ByteView piece) {
      spooled = spool->append(piece);
      return spooled.ok();
    });
    WFS_TRY(spooled);
    WFS_TRY(read);
  }
  WFS_ASSIGN(ByteView content, spool->view());
  WFS_ASSIGN(BlobMetadata recomputed, compute_metadata(metadata->shape(), content));
  if (recomputed.blob_id() != blob)
    return Error(Code::kCorrupt, "the blob was encoded inconsistently: its content does not give its ID");
  return {};
}

}  // namespace walrusfs::localnet
