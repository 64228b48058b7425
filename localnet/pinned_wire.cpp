#include "localnet/pinned_wire.h"

#include "base/crypto_tls.h"
#include "client/memory_body.h"
#include "localnet/http_client.h"

namespace walrusfs::localnet {
namespace {

HttpTimeouts timeouts(Millis patience) {
  return {.connect = Millis(2'000), .first_byte = patience, .stall = patience, .whole = Millis(600'000)};
}

Result<std::shared_ptr<CurlTransport>> make_transport(const std::string& pin, Clock& clock) {
  CurlOptions options;
  options.pinned_key = pin;
  WFS_ASSIGN(auto made, CurlTransport::create(clock, std::move(options)));
  return std::shared_ptr<CurlTransport>(std::move(made));
}

}  // namespace

Result<std::unique_ptr<NodeWire>> reach_node(const NodePlace& place, Clock& clock) {
  if (!place.network_key.empty()) return PinnedWire::create(place.address, place.port, place.network_key, clock);
  return std::unique_ptr<NodeWire>(std::make_unique<HttpClient>(place.address, place.port));
}

Result<std::unique_ptr<NodeWire>> PinnedWire::create(const std::string& address, uint16_t port, ByteView network_key,
                                                     Clock& clock) {
  WFS_ASSIGN(const Bytes info, p256_key_info(network_key));
  const std::string pin = curl_pin(info);
  WFS_ASSIGN(auto transport, make_transport(pin, clock));
  const std::string url = "https://" + address + ":" + std::to_string(port);
  return std::unique_ptr<NodeWire>(new PinnedWire(url, pin, clock, std::move(transport)));
}

PinnedWire::PinnedWire(std::string base_url, std::string pin, Clock& clock, std::shared_ptr<CurlTransport> transport)
    : base_url_(std::move(base_url)), pin_(std::move(pin)), clock_(clock), transport_(std::move(transport)) {}

Result<HttpReply> PinnedWire::send(const WireRequest& wanted) {
  std::shared_ptr<CurlTransport> transport;
  {
    MutexLock lock(mutex_);
    transport = transport_;
  }
  MemoryBody body(wanted.body.value_or(ByteView()));
  HttpRequest request;
  request.method = wanted.method;
  request.url = base_url_ + wanted.target;
  request.timeouts = timeouts(wanted.patience);
  bool typed = false;
  for (const auto& [name, value] : wanted.headers) {
    request.headers.push_back({name, value});
    typed = typed || name == "Content-Type";
  }
  if (wanted.body) {
    request.body = &body;
    request.body_range = {0, wanted.body->size()};
    if (!typed) request.headers.push_back({"Content-Type", "application/octet-stream"});
  }
  request.plan_body = [&](int, const std::vector<HttpHeader>&) { return BodyPlan{0, wanted.max_answer_bytes}; };
  auto response = transport->perform(request);
  if (!response && response.error().code() == Code::kCorrupt) return Error(Code::kTooLarge, response.error().message());
  if (!response) return response.error();
  return HttpReply{response->status, std::string(as_text(response->body))};
}

void PinnedWire::close_idle() {
  auto fresh = make_transport(pin_, clock_);
  if (!fresh) return;  // the old one serves as well
  MutexLock lock(mutex_);
  transport_ = std::move(*fresh);
}

}  // namespace walrusfs::localnet
