#include "client/publisher.h"

#include <fmt/format.h>

#include "base/limits.h"
#include "client/http_messages.h"

namespace walrusfs {
namespace {

// An upload slower than this is given up, unless the deadline comes first.
constexpr uint64_t kSlowestUploadBytesPerSecond = 128 * limits::kKiB;

BodyPlan plan_answer(int, const std::vector<HttpHeader>&) {
  return {0, limits::kHttpMessageBytes, BodyPlan::Excess::kStop};
}

}  // namespace

HttpTimeouts Publisher::timeouts_for(uint64_t size_bytes) const {
  HttpTimeouts timeouts = options_.timeouts;
  // The answer comes when the blob is certified, typically after 10 to 60 s of silence.
  timeouts.first_byte = timeouts.whole;
  timeouts.whole += std::chrono::seconds(size_bytes / kSlowestUploadBytesPerSecond);
  return timeouts;
}

Result<std::vector<HttpHeader>> Publisher::headers_for(const StoreRequest& request, Deadline deadline) {
  std::vector<HttpHeader> headers = {{"Content-Type", "application/octet-stream"}};
  if (tokens_ == nullptr) return headers;
  const TokenClaims claims{request.epochs, request.size_bytes, options_.send_object_to};
  WFS_ASSIGN(std::string token, tokens_->token(claims, deadline));
  headers.push_back({"Authorization", "Bearer " + token});
  return headers;
}

Result<StoreReceipt> Publisher::store(const StoreRequest& request, Deadline deadline) {
  const CancelToken cancel(request.cancel, options_.cancel);
  if (cancel.cancelled()) return Error(Code::kCancelled, "the upload was cancelled");
  const std::string origin = url_origin(options_.url);
  HttpRequest put;
  put.method = "PUT";
  put.url = options_.url + store_path(request, options_.send_object_to);
  WFS_ASSIGN(put.headers, headers_for(request, deadline));
  put.body = request.content;
  put.body_range = {0, request.size_bytes};
  put.on_sent = request.on_progress;
  put.plan_body = plan_answer;
  put.timeouts = timeouts_for(request.size_bytes);
  put.deadline = deadline;
  put.cancel = &cancel;

  WFS_ASSIGN(HttpResponse response, transport_.perform(put));
  if (response.status != 200) {
    return publisher_error(origin, response, tokens_ != nullptr && tokens_->gives_fresh_tokens());
  }
  return parse_store_answer(origin, request, response.body);
}

}  // namespace walrusfs
