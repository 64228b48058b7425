#include "localnet/node_client.h"

#include <algorithm>

#include "localnet/http_client.h"

namespace walrusfs::localnet {
namespace {

constexpr Millis kDownFor{1'000};
constexpr Millis kHangsFor{30'000};  // waiting for it again costs kReadPatience
// Reads can be had from others, so nobody is waited for long; slivers that are stored may have to reach a slow disk.
constexpr Millis kReadPatience{10'000}, kStorePatience{60'000};
constexpr uint64_t kJsonBytes = 1 << 20;
// At the most: what stands around a symbol, and around one with a proof.
constexpr uint64_t kSymbolFrameBytes = 16;
constexpr uint64_t kProofBytes = 1024;

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

// Body of the decodingSymbols route.
Result<NodeClient::SymbolsByTarget> parse_symbols(const CodeShape& shape, Axis axis,
                                                  std::span<const SliverIndex> targets, ByteView body) {
  BcsReader in(body, "decoding symbols");
  NodeClient::SymbolsByTarget by_target;
  WFS_ASSIGN(const uint32_t entries, in.uleb(static_cast<uint32_t>(targets.size())));
  for (uint32_t entry = 0; entry < entries; ++entry) {
    WFS_ASSIGN(const uint16_t number, in.u16());
    const SliverIndex target{number};
    const bool asked = std::find(targets.begin(), targets.end(), target) != targets.end();
    if (!asked || by_target.contains(target)) return in.fail("they are for another sliver than the one asked for");
    WFS_ASSIGN(const uint32_t count, in.uleb(shape.n()));
    std::vector<DecodingSymbol>& symbols = by_target[target];
    for (uint32_t i = 0; i < count; ++i) {
      WFS_ASSIGN(uint8_t tag, in.u8());
      if (tag != static_cast<uint8_t>(axis)) return in.fail("they are for the other axis");
      WFS_ASSIGN(DecodingSymbol symbol, DecodingSymbol::read_untagged(shape, axis, in));
      symbols.push_back(std::move(symbol));
    }
  }
  WFS_TRY(in.finish());
  return by_target;
}

Result<std::vector<GeneralRecoverySymbol>> parse_recovery_symbols(const CodeShape& shape, size_t most, ByteView body) {
  BcsReader in(body, "recovery symbols");
  std::vector<GeneralRecoverySymbol> symbols;
  WFS_ASSIGN(const uint32_t count, in.uleb(static_cast<uint32_t>(most)));
  for (uint32_t i = 0; i < count; ++i) {
    WFS_ASSIGN(GeneralRecoverySymbol symbol, GeneralRecoverySymbol::read(shape, in));
    symbols.push_back(std::move(symbol));
  }
  WFS_TRY(in.finish());
  return symbols;
}

Result<NodeClient::BlobSlivers> parse_blob_slivers(const CodeShape& shape, const SyncShardRequest& request,
                                                   ByteView body) {
  BcsReader in(body, "an answer to a shard sync");
  WFS_ASSIGN(const uint8_t variant, in.u8());
  if (variant != 0) return in.fail("it is of an unknown version");
  WFS_ASSIGN(const uint32_t count, in.uleb(static_cast<uint32_t>(std::min<uint64_t>(request.slivers, UINT32_MAX))));
  NodeClient::BlobSlivers slivers;
  for (uint32_t i = 0; i < count; ++i) {
    BlobId blob;
    WFS_ASSIGN(const ByteView id, in.raw(sizeof(Digest)));
    std::copy(id.begin(), id.end(), blob.bytes.begin());
    if (blob < request.first || (i > 0 && blob <= slivers.back().first)) return in.fail("its blobs are out of order");
    WFS_ASSIGN(const SliverView sliver, read_sliver(shape, in));
    if (sliver.axis != request.axis) return in.fail("its slivers are of the other axis");
    slivers.emplace_back(blob, sliver.copy());
  }
  WFS_TRY(in.finish());
  return slivers;
}

}  // namespace

NodeClient::NodeClient(std::string name, std::unique_ptr<NodeWire> wire, CodeShape shape, Clock& clock)
    : name_(std::move(name)), shape_(shape), clock_(clock), wire_(std::move(wire)) {}

NodeClient::NodeClient(std::string name, std::string address, uint16_t port, CodeShape shape, Clock& clock)
    : NodeClient(std::move(name), std::make_unique<HttpClient>(std::move(address), port), shape, clock) {}

bool NodeClient::hangs() const { return clock_.monotonic().time_since_epoch().count() < hangs_until_; }

bool NodeClient::seems_down() const {
  return hangs() || clock_.monotonic().time_since_epoch().count() < down_until_;
}

Error NodeClient::note(const Error& error) {
  const auto after = [this](Millis time) { return (clock_.monotonic() + time).time_since_epoch().count(); };
  if (error.retryable()) down_until_ = after(kDownFor);
  if (error.code() == Code::kTimeout) hangs_until_ = after(kHangsFor);
  return error.with_context(name_);
}

Result<std::string> NodeClient::get(const std::string& target, uint64_t max_bytes) {
  auto reply = wire_->send({.target = target, .max_answer_bytes = max_bytes, .patience = kReadPatience});
  if (!reply) return note(reply.error());
  if (reply->status != 200) return refusal(*reply).with_context(name_);
  return std::move(reply->body);
}

Status NodeClient::put(const std::string& target, ByteView body, Millis patience) {
  auto reply = wire_->send({.method = "PUT", .target = target, .body = body, .patience = patience});
  if (!reply) return note(reply.error());
  // 202 would mean a buffer in memory, which is no promise to keep anything.
  if (reply->status != 200 && reply->status != 201) return refusal(*reply).with_context(name_);
  return {};
}

Result<std::string> NodeClient::post(const std::string& target, HttpHeaderList headers, ByteView body,
                                     uint64_t max_bytes) {
  auto reply = wire_->send({.method = "POST", .target = target, .headers = std::move(headers), .body = body,
                            .max_answer_bytes = max_bytes});
  if (!reply) return note(reply.error());
  if (reply->status != 200) return refusal(*reply).with_context(name_);
  return std::move(reply->body);
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
  WFS_ASSIGN(SymbolsByTarget by_target, decoding_symbols(blob, metadata, axis, std::span(&target, 1)));
  return std::move(by_target[target]);
}

Result<NodeClient::SymbolsByTarget> NodeClient::decoding_symbols(const BlobId& blob, const BlobMetadata& metadata,
                                                                 Axis axis, std::span<const SliverIndex> targets) {
  std::string target = blob_path(blob) + "/decodingSymbols?targetType=" + axis_name(axis);
  for (SliverIndex sliver : targets) target += "&targetSlivers=" + std::to_string(raw(sliver));
  const uint64_t per_target = kSymbolFrameBytes + shape_.n() * (metadata.symbol_bytes() + kSymbolFrameBytes);
  WFS_ASSIGN(std::string body, get(target, kSymbolFrameBytes + targets.size() * per_target));
  auto symbols = parse_symbols(shape_, axis, targets, as_bytes(body));
  if (!symbols) return symbols.error().with_context(name_);
  return symbols;
}

Result<std::vector<GeneralRecoverySymbol>> NodeClient::recovery_symbols(const BlobId& blob,
                                                                        const BlobMetadata& metadata,
                                                                        std::span<const SymbolId> ids,
                                                                        Axis proof_axis) {
  WFS_CHECK(ids.size() <= kSymbolsPerRequest);
  std::string target = blob_path(blob) + "/recoverySymbols?proofAxis=" + axis_name(proof_axis);
  for (const SymbolId& id : ids) target += "&id=" + id.to_string();
  WFS_ASSIGN(std::string body,
             get(target, kSymbolFrameBytes + ids.size() * (metadata.symbol_bytes() + kProofBytes)));
  auto symbols = parse_recovery_symbols(shape_, ids.size(), as_bytes(body));
  if (!symbols) return symbols.error().with_context(name_);
  return symbols;
}

Result<SignedMessage> NodeClient::inconsistency_verdict(const BlobId& blob, const InconsistencyProof& proof) {
  const Bytes tagged = proof.to_bytes();  // the axis is in the path
  WFS_ASSIGN(std::string body, post(blob_path(blob) + "/inconsistencyProof/" + axis_name(proof.target_axis), {},
                                    ByteView(tagged).subspan(1), kJsonBytes));
  auto verdict = parse_verdict_answer(body);
  if (!verdict) return verdict.error().with_context(name_);
  return verdict;
}

Result<NodeClient::BlobSlivers> NodeClient::sync_shard(const SyncShardRequest& request, const bls::SecretKey& key,
                                                       uint64_t max_bytes) {
  const Bytes message = SignedMessage::sign(key, request.to_bytes()).to_bytes();
  WFS_ASSIGN(std::string body, post("/v1/migrate/sync_shard",
                                    {{"Authorization", to_base64(key.public_key().to_bytes())}}, message, max_bytes));
  auto slivers = parse_blob_slivers(shape_, request, as_bytes(body));
  if (!slivers) return slivers.error().with_context(name_);
  return slivers;
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

Status NodeClient::put_metadata(const BlobId& blob, ByteView bcs) {
  return put(blob_path(blob) + "/metadata", bcs, kReadPatience);  // small, and synced only with the slivers
}

Status NodeClient::put_sliver(const BlobId& blob, const Sliver& sliver) {
  return put(sliver_path(shape_, blob, sliver.axis, sliver.index), sliver_data_to_bytes(sliver), kStorePatience);
}

}  // namespace walrusfs::localnet
