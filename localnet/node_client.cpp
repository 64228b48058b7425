#include "localnet/node_client.h"

#include "localnet/http_client.h"

namespace walrusfs::localnet {
namespace {

constexpr Millis kDownFor{1000};
constexpr uint64_t kJsonBytes = 1 << 20;

std::string blob_path(const BlobId& blob) { return "/v1/blobs/" + blob.to_string(); }

std::string axis_name(Axis axis) { return axis == Axis::kPrimary ? "primary" : "secondary"; }

std::string sliver_path(const CodeShape& shape, const BlobId& blob, Axis axis, SliverIndex index) {
  return blob_path(blob) + "/slivers/" + std::to_string(raw(shape.pair_of(axis, index))) + "/" + axis_name(axis);
}

Error refusal(const HttpReply& reply) {
  std::string reason = error_reason(reply.body);
  std::string message = "answered " + std::to_string(reply.status) + (reason.empty() ? "" : " " + reason);
  if (reply.status == 404) return Error(Code::kNotFound, message);
  if (reply.status == 429 || reply.status >= 500) return Error(Code::kUnavailable, message);
  if (reply.status == 451) return Error(Code::kPermission, message);
  return Error(Code::kInvalidArgument, message);
}

// Body of the decodingSymbols route for one target.
Result<std::vector<DecodingSymbol>> parse_symbols(const CodeShape& shape, Axis axis, SliverIndex target,
                                                  ByteView body) {
  BcsReader in(body, "decoding symbols");
  std::vector<DecodingSymbol> symbols;
  WFS_ASSIGN(uint32_t entries, in.uleb(1));
  if (entries == 0) return symbols;
  WFS_ASSIGN(uint16_t index, in.u16());
  if (index != raw(target)) return in.fail("they are for another sliver than the one asked for");
  WFS_ASSIGN(uint32_t count, in.uleb(shape.n()));
  for (uint32_t i = 0; i < count; ++i) {
    WFS_ASSIGN(uint8_t tag, in.u8());
    if (tag != static_cast<uint8_t>(axis)) return in.fail("they are for the other axis");
    WFS_ASSIGN(DecodingSymbol symbol, DecodingSymbol::read_untagged(shape, axis, in));
    symbols.push_back(std::move(symbol));
  }
  WFS_TRY(in.finish());
  return symbols;
}

}  // namespace

NodeClient::NodeClient(std::string name, std::unique_ptr<NodeWire> wire, CodeShape shape, Clock& clock)
    : name_(std::move(name)), shape_(shape), clock_(clock), wire_(std::move(wire)) {}

NodeClient::NodeClient(std::string name, std::string address, uint16_t port, CodeShape shape, Clock& clock)
    : NodeClient(std::move(name), std::make_unique<HttpClient>(std::move(address), port), shape, clock) {}

bool NodeClient::seems_down() const { return clock_.monotonic().time_since_epoch().count() < down_until_; }

Error NodeClient::note(const Error& error) {
  if (error.retryable()) down_until_ = (clock_.monotonic() + kDownFor).time_since_epoch().count();
  return error.with_context(name_);
}

Result<std::string> NodeClient::get(const std::string& target, uint64_t max_bytes) {
  auto reply = wire_->send({.target = target, .max_answer_bytes = max_bytes});
  if (!reply) return note(reply.error());
  if (reply->status != 200) return refusal(*reply).with_context(name_);
  return std::move(reply->body);
}

Status NodeClient::put(const std::string& target, ByteView body) {
  auto reply = wire_->send({.method = "PUT", .target = target, .body = body});
  if (!reply) return note(reply.error());
  // 202 would mean a buffer in memory, which is no promise to keep anything.
  if (reply->status != 200 && reply->status != 201) return refusal(*reply).with_context(name_);
  return {};
}

Result<BlobMetadata> NodeClient::metadata(const BlobId& blob) {
  WFS_ASSIGN(std::string body, get(blob_path(blob) + "/metadata", sizeof(Digest) + max_metadata_bytes(shape_)));
  auto metadata = parse_metadata_with_id(shape_, blob, as_bytes(body));
  if (!metadata) return metadata.error().with_context(name_);
  return metadata;
}

Result<Sliver> NodeClient::sliver(const BlobId& blob, const BlobMetadata& metadata, Axis axis, SliverIndex index) {
  WFS_ASSIGN(std::string body,
             get(sliver_path(shape_, blob, axis, index), max_sliver_data_bytes(metadata, axis)));
  auto sliver = parse_sliver_data(shape_, axis, as_bytes(body));
  if (!sliver) return sliver.error().with_context(name_);
  if (sliver->index != index) return Error(Code::kCorrupt, name_ + ": served another sliver than the one asked for");
  if (Status good = verify_sliver(*sliver, metadata); !good) return good.error().with_context(name_);
  return sliver;
}

Result<std::vector<DecodingSymbol>> NodeClient::decoding_symbols(const BlobId& blob, const BlobMetadata& metadata,
                                                                 Axis axis, SliverIndex target) {
  constexpr uint64_t kSymbolFrameBytes = 16;
  WFS_ASSIGN(std::string body,
             get(blob_path(blob) + "/decodingSymbols?targetSlivers=" + std::to_string(raw(target)) +
                     "&targetType=" + axis_name(axis),
                 kSymbolFrameBytes + shape_.n() * (metadata.symbol_bytes() + kSymbolFrameBytes)));
  auto symbols = parse_symbols(shape_, axis, target, as_bytes(body));
  if (!symbols) return symbols.error().with_context(name_);
  return symbols;
}

Result<StatusAnswer> NodeClient::status(const BlobId& blob) {
  WFS_ASSIGN(std::string body, get(blob_path(blob) + "/status", kJsonBytes));
  return parse_status_answer(body);
}

Result<SignedMessage> NodeClient::confirmation(const BlobId& blob, const Persistence& persistence) {
  const auto& object = persistence.deletable;
  WFS_ASSIGN(std::string body, get(blob_path(blob) + "/confirmation/" +
                                       (object ? "deletable/" + object_id_to_string(*object) : "permanent"),
                                   kJsonBytes));
  auto answer = parse_confirmation_answer(body);
  if (!answer) return answer.error().with_context(name_);
  return answer;
}

Status NodeClient::put_metadata(const BlobId& blob, ByteView bcs) { return put(blob_path(blob) + "/metadata", bcs); }

Status NodeClient::put_sliver(const BlobId& blob, const Sliver& sliver) {
  return put(sliver_path(shape_, blob, sliver.axis, sliver.index), sliver_data_to_bytes(sliver));
}

}  // namespace walrusfs::localnet
