#include "in_process.h"

#include <algorithm>

#include "base/checksum.h"

namespace walrusfs::sim {
namespace {

constexpr Millis kConnectTime{5};
constexpr Millis kPatience{60'000};  // of the client, for each answer
constexpr size_t kPieceBytes = 1000;

std::string lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

std::string summary(const Result<HttpReply>& reply) {
  if (!reply) return std::string(code_name(reply.error().code()));
  return std::to_string(reply->status) + " " + std::to_string(reply->body.size()) + " " +
         std::to_string(crc32c(as_bytes(reply->body)));
}

}  // namespace

InProcessCall::InProcessCall(const WireRequest& request) : method_(request.method) {
  const size_t mark = request.target.find('?');
  path_ = request.target.substr(0, mark);
  if (mark != std::string::npos) query_ = request.target.substr(mark + 1);
  for (const auto& [name, value] : request.headers) headers_[lower_case(name)] = value;
  if (!request.body) return;
  body_ = to_bytes(*request.body);
  headers_.emplace("content-type", "application/octet-stream");
  headers_.emplace("content-length", std::to_string(body_.size()));
}

std::optional<std::string> InProcessCall::header(const std::string& name) const {
  auto found = headers_.find(lower_case(name));
  return found == headers_.end() ? std::nullopt : std::optional(found->second);
}

bool InProcessCall::read_body(const localnet::ByteSink& sink) {
  ByteView rest = body_;
  while (!rest.empty() && sink(rest.first(std::min(rest.size(), kPieceBytes))))
    rest = rest.subspan(std::min(rest.size(), kPieceBytes));
  return true;
}

std::optional<HttpReply> ask(const HttpHandler& handler, const WireRequest& request) {
  InProcessCall call(request);
  HttpAnswer answer = handler(call);
  if (answer.cut) return std::nullopt;
  HttpReply reply{answer.status, std::move(answer.body)};
  if (!answer.stream) return reply;
  const bool whole = answer.stream->write_all([&](ByteView piece) {
    reply.body.append(as_text(piece));
    return true;
  });
  return whole ? std::optional(std::move(reply)) : std::nullopt;
}

Result<HttpReply> InProcessWire::send(const WireRequest& request) {
  const bool kept = world_.rng.below(2) == 0;
  Result<HttpReply> reply = send_once(request);
  if (!reply && reply.error().code() == Code::kUnavailable && kept) reply = send_once(request);
  return reply;
}

Result<HttpReply> InProcessWire::send_once(const WireRequest& request) {
  const Deadline patience = world_.clock.in(kPatience);
  world_.clock.advance(latency_.draw(world_.rng));
  Result<HttpReply> reply = Error(Code::kUnavailable, name_ + ": connection refused");
  if (!handler_) {
    world_.clock.advance(kConnectTime);
  } else if (auto answered = ask(handler_, request)) {
    world_.clock.advance(latency_.draw(world_.rng));
    reply = std::move(*answered);
    if (reply->body.size() > request.max_answer_bytes) reply = Error(Code::kTooLarge, name_ + ": too long an answer");
  } else {
    reply = Error(Code::kUnavailable, name_ + ": the connection was cut");
  }
  if (handler_ && world_.clock.passed(patience)) reply = Error(Code::kTimeout, name_ + ": no answer in time");
  world_.trace.line("    " + name_ + " " + request.method + " " + request.target + " -> " + summary(reply));
  return reply;
}

}  // namespace walrusfs::sim
