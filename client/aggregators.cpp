#include "client/aggregators.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/log.h"
#include "client/blob_checks.h"
#include "client/http_messages.h"
#include "client/pause.h"

namespace walrusfs {
namespace {

// Pauses between rounds while a blob of ours is not found yet: 1, 2, 4, 8, 16, 16 ... seconds.
constexpr Millis kFirstPause{1'000};
constexpr Millis kLongestPause{16'000};
// However short the time, a server gets this long for its first byte.
constexpr Millis kLeastFirstByte{100};

BodyPlan plan_ranged_body(const ByteRange& range, int status) {
  // Older aggregators and caches answer a ranged request with the whole blob.
  if (status == 200) return {range.offset, range.length, BodyPlan::Excess::kStop};
  if (status == 206) return {0, range.length, BodyPlan::Excess::kRefuse};
  return {0, limits::kHttpMessageBytes, BodyPlan::Excess::kStop};
}

// The error of all sources together. While one of them may still come round, so may the read; wrong bytes are told
// before absence, and "does not exist" only when nobody says anything else of weight.
Code code_of_all(const std::vector<Error>& errors) {
  for (Code code : {Code::kUnavailable, Code::kTimeout, Code::kCorrupt, Code::kInvalidArgument, Code::kNotFound}) {
    for (const Error& error : errors) {
      if (error.code() == code) return code;
    }
  }
  return errors.front().code();
}

Error combine(const std::vector<Error>& errors) {
  if (errors.size() == 1) return errors.front();
  std::string message;
  for (const Error& error : errors) message += (message.empty() ? "" : "; ") + error.message();
  return Error(code_of_all(errors), message);
}

Error short_body(const std::string& url, const BlobId& blob, size_t got, uint64_t wanted) {
  return Error(Code::kUnavailable,
               fmt::format("{} sent {} of {} bytes of blob {}", url_origin(url), got, wanted, blob.to_string()));
}

std::optional<uint64_t> content_length(const HttpResponse& response) {
  return parse_decimal(find_header(response.headers, "Content-Length"));
}

Status check_content_range(const std::string& url, const HttpResponse& response, const ByteRange& range) {
  const std::string_view text = find_header(response.headers, "Content-Range");
  if (text.empty()) return ok_status();  // the verifier will tell
  const auto parsed = parse_content_range(text);
  if (parsed && parsed->range == range) return ok_status();
  return Error(Code::kCorrupt, fmt::format("{} was asked for \"{}\" and served \"{}\"", url_origin(url),
                                           range_header(range), excerpt(as_bytes(text))));
}

}  // namespace

Aggregators::Aggregators(Transport& transport, Clock& clock, AggregatorOptions options)
    : transport_(transport), clock_(clock), options_(std::move(options)), health_(options_.urls.size()) {}

Result<Bytes> Aggregators::read(const BlobId& blob, ByteRange range, const Verifier& verify, Deadline deadline) {
  Bytes bytes;
  WFS_TRY(ask_all(blob, deadline, [&](const std::string& url, const HttpTimeouts& timeouts) -> Status {
    WFS_ASSIGN(Bytes served, fetch(url, blob, range, timeouts, deadline));
    if (auto verdict = verify(served); !verdict.ok()) {
      return Error(Code::kCorrupt, fmt::format("{} served wrong bytes {} to {} of blob {}: {}", url_origin(url),
                                               range.offset, range.end(), blob.to_string(), verdict.error().message()));
    }
    bytes = std::move(served);
    return ok_status();
  }));
  return bytes;
}

Result<uint64_t> Aggregators::size_bytes(const BlobId& blob, Deadline deadline) {
  uint64_t size = 0;
  WFS_TRY(ask_all(blob, deadline, [&](const std::string& url, const HttpTimeouts& timeouts) -> Status {
    WFS_ASSIGN(size, probe(url, blob, timeouts, deadline));
    return ok_status();
  }));
  return size;
}

Status Aggregators::ask_all(const BlobId& blob, Deadline deadline, const Attempt& attempt) {
  Millis pause = kFirstPause;
  for (size_t round = 0;; ++round) {
    const Status outcome = ask_round(blob, deadline, attempt, round);
    if (outcome.ok() || outcome.error().code() != Code::kNotFound || !in_grace(blob)) return outcome;
    log_debug("blob {} was stored a moment ago and is not found yet; asking again in {} ms", blob.to_string(),
              pause.count());
    const Status waited = pause_for(clock_, pause, deadline, options_.cancel);
    if (!waited.ok()) return waited.error().code() == Code::kCancelled ? waited : outcome;
    pause = std::min(pause * 2, kLongestPause);
  }
}

Status Aggregators::ask_round(const BlobId& blob, Deadline deadline, const Attempt& attempt, size_t round) {
  std::vector<size_t> order;
  {
    MutexLock lock(mutex_);
    order = health_.order(clock_.monotonic());
  }
  // A cache that remembers "not found" should not be the first to be asked every time.
  std::rotate(order.begin(), order.begin() + static_cast<ptrdiff_t>(round % order.size()), order.end());

  std::vector<Error> errors;
  for (size_t i = 0; i < order.size(); ++i) {
    if (is_cancelled(options_.cancel)) return Error(Code::kCancelled, "reading was cancelled");
    if (clock_.passed(deadline)) {
      errors.emplace_back(Code::kTimeout, fmt::format("no time was left to read blob {}", blob.to_string()));
      break;
    }
    const Status outcome = attempt(options_.urls[order[i]], share_of(deadline, order.size() - i));
    judge(order[i], outcome);
    if (outcome.ok() || outcome.error().code() == Code::kCancelled) return outcome;
    errors.push_back(outcome.error());
  }
  return combine(errors);
}

void Aggregators::judge(size_t source, const Status& outcome) {
  if (!outcome.ok() && outcome.error().code() == Code::kCorrupt) {
    log_warn("{}; it will be asked last for a while", outcome.error().message());
  }
  MutexLock lock(mutex_);
  if (outcome.ok()) {
    health_.succeeded(source);
  } else if (outcome.error().code() == Code::kCorrupt) {
    health_.lied(source, clock_.monotonic());
  } else if (outcome.error().retryable()) {
    health_.failed(source, clock_.monotonic());
  }
}

// A silent server must not use up the time of those after it.
HttpTimeouts Aggregators::share_of(Deadline deadline, size_t sources_left) {
  HttpTimeouts timeouts = options_.timeouts;
  if (sources_left < 2) return timeouts;
  const Millis share = std::max(clock_.left(deadline) / static_cast<int>(sources_left), kLeastFirstByte);
  timeouts.connect = std::min(timeouts.connect, share);
  timeouts.first_byte = std::min(timeouts.first_byte, share);
  timeouts.stall = std::min(timeouts.stall, share);
  return timeouts;
}

bool Aggregators::in_grace(const BlobId& blob) {
  MutexLock lock(mutex_);
  auto found = grace_.find(blob);
  if (found == grace_.end()) return false;
  if (!clock_.passed(found->second)) return true;
  grace_.erase(found);
  return false;
}

void Aggregators::note_stored(const BlobId& blob) {
  const Deadline end = clock_.in(options_.grace_after_store);
  MutexLock lock(mutex_);
  if (grace_.size() >= limits::kRecentStores) {
    std::erase_if(grace_, [this](const auto& item) { return clock_.passed(item.second); });
  }
  if (grace_.size() < limits::kRecentStores) grace_.insert_or_assign(blob, end);
}

Result<HttpResponse> Aggregators::ranged_get(const std::string& url, const BlobId& blob, ByteRange range,
                                             const HttpTimeouts& timeouts, Deadline deadline) {
  HttpRequest request;
  request.url = url + blob_path(blob);
  request.headers = {{"Range", range_header(range)}};
  request.plan_body = [range](int status, const auto&) { return plan_ranged_body(range, status); };
  request.timeouts = timeouts;
  request.deadline = deadline;
  request.cancel = options_.cancel;
  return transport_.perform(request);
}

Result<Bytes> Aggregators::fetch(const std::string& url, const BlobId& blob, ByteRange range,
                                 const HttpTimeouts& timeouts, Deadline deadline) {
  WFS_ASSIGN(HttpResponse response, ranged_get(url, blob, range, timeouts, deadline));
  if (response.status == 206) {
    WFS_TRY(check_content_range(url, response, range));
  } else if (response.status == 200) {
    const auto total = content_length(response);
    if (total && range.end() > *total) return range_beyond_end(blob, range, *total);
  } else {
    return aggregator_error(url_origin(url), blob, response);
  }
  if (response.body.size() != range.length) return short_body(url, blob, response.body.size(), range.length);
  return std::move(response.body);
}

Result<uint64_t> Aggregators::probe(const std::string& url, const BlobId& blob, const HttpTimeouts& timeouts,
                                    Deadline deadline) {
  WFS_ASSIGN(HttpResponse response, ranged_get(url, blob, {0, 1}, timeouts, deadline));
  if (response.status == 206) {
    const auto range = parse_content_range(find_header(response.headers, "Content-Range"));
    if (range && range->total_bytes) return *range->total_bytes;
    return Error(Code::kUnavailable,
                 fmt::format("{} does not tell the size of blob {}", url_origin(url), blob.to_string()));
  }
  if (response.status == 200) {
    if (const auto total = content_length(response)) return *total;
    if (!response.stopped) return uint64_t{response.body.size()};
    return Error(Code::kUnavailable,
                 fmt::format("{} does not tell the size of blob {}", url_origin(url), blob.to_string()));
  }
  const Error error = aggregator_error(url_origin(url), blob, response);
  if (response.status == 416 && error.code() == Code::kInvalidArgument) return uint64_t{0};  // not even one byte
  return error;
}

}  // namespace walrusfs
