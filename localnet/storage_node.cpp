#include "localnet/storage_node.h"

#include <algorithm>

#include "base/log.h"
#include "codec/recovery.h"
#include "localnet/api_page.h"
#include "localnet/node_bodies.h"
#include "localnet/node_errors.h"
#include "localnet/node_json.h"
#include "localnet/query.h"

namespace walrusfs::localnet {
namespace {

namespace refuse = node_errors;

constexpr uint64_t kMetadataBodyBytes = 2 << 20;
constexpr uint64_t kSliverBodySlackBytes = 128;
constexpr uint64_t kSymbolFrameBytes = 16;       // what stands around one without a proof, at the most
constexpr uint64_t kSymbolAndProofBytes = 1024;  // what a symbol's index, length and Merkle proof take at the most

HttpAnswer unknown_route() { return text_answer(404, ""); }
HttpAnswer wrong_method() { return text_answer(405, ""); }
HttpAnswer bad_path(const std::string& why) { return text_answer(400, "Invalid URL: " + why); }

HttpAnswer failed(const Error& error) {
  log_warn("storage node: {}", error.to_string());
  return error_answer(internal_error("internal storage node error"));
}

std::optional<Axis> parse_axis(std::string_view text) {
  if (text == "primary") return Axis::kPrimary;
  if (text == "secondary") return Axis::kSecondary;
  return std::nullopt;
}

std::optional<uint16_t> parse_index(std::string_view text) {
  auto number = parse_decimal(text);
  if (!number || *number > 0xffff) return std::nullopt;
  return static_cast<uint16_t>(*number);
}

// "pending" of the two PUT routes, or the refusal.
std::variant<bool, HttpAnswer> read_pending(HttpCall& call) {
  auto query = Query::parse(call.query(), {"pending"});
  if (!query) return text_answer(400, query.error().message());
  auto pending = query->boolean("pending");
  if (!pending) return text_answer(400, pending.error().message());
  return pending->value_or(false);
}

// "wait_for_registration" and "wait_millis" of the confirmation routes. Nobody is held here, as on nodes with the
// built-in configuration of mainnet, where no wait is allowed: clients must ask again.
std::optional<HttpAnswer> wrong_wait(HttpCall& call) {
  auto query = Query::parse_leniently(call.query(), {"wait_for_registration", "wait_millis"});
  if (!query) return text_answer(400, query.error().message());
  if (auto wait = query->boolean("wait_for_registration"); !wait) return text_answer(400, wait.error().message());
  if (auto most = query->number("wait_millis"); !most) return text_answer(400, most.error().message());
  return std::nullopt;
}

HttpAnswer sliver_taken(bool pending) {
  if (pending) return success_text_answer(202, "sliver buffered pending registration");
  return success_text_answer(201, "sliver stored successfully");
}

// The encoding type is at a fixed place.
bool has_foreign_encoding_type(ByteView bcs) {
  constexpr uint8_t kRs2 = 1;
  return bcs.size() > 1 && bcs[0] == 0 && bcs[1] != kRs2;
}

// BCS comes without a content type or as octets.
std::optional<HttpAnswer> wrong_content_type(HttpCall& call) {
  auto type = call.header("Content-Type");
  if (!type || *type == "application/octet-stream") return std::nullopt;
  return refuse::invalid_content_type("the content type must be application/octet-stream");
}

HttpAnswer routes_page() {
  return api_page("Walrus storage node",
                  {{"GET, PUT", "/v1/blobs/{blob_id}/metadata", "the hashes of a blob's slivers, as BCS"},
                   {"GET", "/v1/blobs/{blob_id}/metadata/status", "whether they are stored"},
                   {"GET, PUT", "/v1/blobs/{blob_id}/slivers/{pair}/{primary|secondary}", "a sliver, as BCS"},
                   {"GET", "/v1/blobs/{blob_id}/slivers/{pair}/{primary|secondary}/status", "whether it is stored"},
                   {"GET", "/v1/blobs/{blob_id}/confirmation/permanent", "a signed promise to keep a permanent blob"},
                   {"GET", "/v1/blobs/{blob_id}/confirmation/deletable/{object_id}", "the same for a deletable one"},
                   {"GET", "/v1/blobs/{blob_id}/status", "what the chain says about a blob"},
                   {"GET", "/v1/blobs/{blob_id}/recoverySymbols", "symbols with proofs, to rebuild a sliver"},
                   {"GET", "/v1/blobs/{blob_id}/decodingSymbols", "symbols without proofs, of source slivers"},
                   {"POST", "/v1/blobs/{blob_id}/inconsistencyProof/{primary|secondary}", "a signed verdict"},
                   {"GET", "/v1/health", "how the node is; detailed=true tells of each shard"},
                   {"POST", "/v1/migrate/sync_shard", "slivers of a shard, for other nodes of the committee"}});
}

}  // namespace

StorageNode::StorageNode(const Membership& membership, std::string id, NodeStore& store, const BlobRegistry& registry,
                         Clock& clock, const bls::SecretKey& key)
    : membership_(membership),
      shape_(membership.shape()),
      id_(std::move(id)),
      store_(store),
      registry_(registry),
      clock_(clock),
      key_(key),
      public_key_(key.public_key()),
      started_(clock.monotonic()),
      pending_(clock) {}

ShardSet shards_of(const std::string& id, const EpochCommittees& committees) {
  ShardSet shards;
  if (const Member* self = committees.current->find(id)) shards.owned = self->shards;
  const Member* before = committees.previous != nullptr ? committees.previous->find(id) : nullptr;
  if (before == nullptr) return shards;
  for (ShardIndex shard : before->shards)
    if (committees.current->owner_of(shard).id != id) shards.leaving.push_back(shard);
  return shards;
}

void StorageNode::follow() {
  auto now = membership_.committees();
  MutexLock lock(follow_mutex_);
  if (now == followed_) return;
  ShardSet shards = shards_of(id_, *now);
  if (let_go_in_ == now->epoch) shards.leaving.clear();
  store_.assign(std::move(shards));
  followed_ = std::move(now);
}

void StorageNode::let_go() {
  {
    MutexLock lock(follow_mutex_);
    let_go_in_ = membership_.committees()->epoch;
    followed_.reset();
  }
  follow();
}

HttpAnswer StorageNode::answer(HttpCall& call) {
  follow();
  auto path = split_path(call.path());
  if (!path || path->size() < 2 || (*path)[0] != "v1") return unknown_route();
  if ((*path)[1] == "blobs") return answer_blob(call, *path);
  if (path->size() == 2 && (*path)[1] == "api") return call.method() == "GET" ? routes_page() : wrong_method();
  if (path->size() == 2 && (*path)[1] == "health") return call.method() == "GET" ? health(call) : wrong_method();
  if (path->size() == 3 && (*path)[1] == "migrate" && (*path)[2] == "sync_shard")
    return call.method() == "POST" ? sync_shard(call) : wrong_method();
  return unknown_route();
}

// /v1/blobs/{blob}/…
HttpAnswer StorageNode::answer_blob(HttpCall& call, const std::vector<std::string>& path) {
  if (path.size() < 4) return unknown_route();
  auto blob = BlobId::parse(path[2]);
  if (!blob) return bad_path("failed to parse blob ID");
  settle(*blob);
  const std::string& noun = path[3];
  const bool get = call.method() == "GET";
  if (noun == "metadata" && path.size() == 4) return answer_metadata(call, *blob);
  if (noun == "metadata" && path.size() == 5 && path[4] == "status")
    return get ? metadata_status(*blob) : wrong_method();
  if (noun == "status" && path.size() == 4) return get ? blob_status(*blob) : wrong_method();
  if (noun == "confirmation" && path.size() == 5 && path[4] == "permanent")
    return get ? confirmation(call, *blob, nullptr) : wrong_method();
  if (noun == "confirmation" && path.size() == 6 && path[4] == "deletable")
    return get ? confirmation(call, *blob, &path[5]) : wrong_method();
  if (noun == "decodingSymbols" && path.size() == 4) return get ? decoding_symbols(call, *blob) : wrong_method();
  if (noun == "recoverySymbols" && path.size() == 4) return get ? recovery_symbols(call, *blob) : wrong_method();
  if (noun == "inconsistencyProof" && path.size() == 5) {
    auto type = parse_axis(path[4]);
    if (!type) return bad_path("the sliver type is neither primary nor secondary");
    return call.method() == "POST" ? inconsistency_proof(call, *blob, *type) : wrong_method();
  }
  if (noun != "slivers" || path.size() < 6 || path.size() > 7) return unknown_route();

  auto pair = parse_index(path[4]);
  auto axis = parse_axis(path[5]);
  if (!pair) return bad_path("the sliver pair index is not a 16-bit number");
  if (!axis) return bad_path("the sliver type is neither primary nor secondary");
  SliverPath where{*blob, PairIndex{*pair}, *axis};
  if (path.size() == 6) return answer_sliver(call, where);
  if (path[6] != "status") return unknown_route();
  return get ? sliver_status(where) : wrong_method();
}

HttpAnswer StorageNode::answer_metadata(HttpCall& call, const BlobId& blob) {
  if (call.method() == "GET") return get_metadata(blob);
  if (call.method() == "PUT") return put_metadata(call, blob);
  return wrong_method();
}

HttpAnswer StorageNode::answer_sliver(HttpCall& call, const SliverPath& where) {
  if (call.method() == "GET") return get_sliver(where);
  if (call.method() == "PUT") return put_sliver(call, where);
  return wrong_method();
}

HttpAnswer StorageNode::get_metadata(const BlobId& blob) {
  if (!registry_.standing(blob).registered()) return refuse::metadata_not_found_on_get();
  auto metadata = store_.metadata(blob);
  if (metadata) return bytes_answer(metadata_with_id_to_bytes(blob, **metadata));
  return metadata.error().code() == Code::kNotFound ? refuse::metadata_not_found_on_get() : failed(metadata.error());
}

HttpAnswer StorageNode::put_metadata(HttpCall& call, const BlobId& blob) {
  auto pending = read_pending(call);
  if (auto* refusal = std::get_if<HttpAnswer>(&pending)) return std::move(*refusal);
  if (auto refusal = wrong_content_type(call)) return std::move(*refusal);
  auto body = read_whole_body(call, kMetadataBodyBytes);
  if (!body) return refuse::invalid_content_type(body.error().message());
  if (Status decoded = decode_metadata_body(*body); !decoded)
    return refuse::invalid_content_type(decoded.error().message());
  return store_metadata(blob, *body, std::get<bool>(pending));
}

HttpAnswer StorageNode::store_metadata(const BlobId& blob, const Bytes& body, bool pending) {
  const BlobStanding standing = registry_.standing(blob);
  if (standing.kind == BlobStanding::Kind::kInvalid) return refuse::invalid_blob();
  const bool stored_already = standing.registered() && store_.has_metadata(blob);
  if (stored_already || pending_.metadata(blob)) return success_text_answer(200, "metadata already stored");

  if (has_foreign_encoding_type(body)) return refuse::unsupported_encoding_type();
  auto metadata = BlobMetadata::parse(shape(), body);
  if (!metadata) return refuse::invalid_metadata(metadata.error().message());
  if (Status verified = metadata->verify(blob); !verified) return refuse::invalid_metadata(verified.error().message());
  if (!standing.registered() && !pending) return refuse::not_registered();
  if (!standing.registered()) {
    if (!pending_.put_metadata(blob, std::move(*metadata))) return refuse::cache_saturated();
  } else if (Status stored = store_.put_metadata(blob, *metadata); !stored) {
    return failed(stored.error());
  }
  if (pending) return success_text_answer(202, "metadata buffered pending registration");
  return success_text_answer(201, "metadata successfully stored");
}

HttpAnswer StorageNode::metadata_status(const BlobId& blob) {
  const bool stored = registry_.standing(blob).registered() && store_.has_metadata(blob);
  return success_text_answer(200, stored ? "stored" : "nonexistent");
}

HttpAnswer StorageNode::get_sliver(const SliverPath& where) {
  if (!shape().has(where.pair)) return refuse::index_out_of_range(shape().n());
  if (!store_.serves(where.blob, where.pair) && !store_.has_sliver(where.blob, where.pair, where.axis))
    return refuse::shard_not_assigned();
  if (!registry_.standing(where.blob).registered()) return refuse::sliver_not_found();
  auto sliver = store_.sliver(where.blob, where.pair, where.axis);
  if (sliver) return bytes_answer(sliver_data_to_bytes(*sliver));
  return sliver.error().code() == Code::kNotFound ? refuse::sliver_not_found() : failed(sliver.error());
}

HttpAnswer StorageNode::put_sliver(HttpCall& call, const SliverPath& where) {
  auto pending = read_pending(call);
  if (auto* refusal = std::get_if<HttpAnswer>(&pending)) return std::move(*refusal);
  if (auto refusal = wrong_content_type(call)) return std::move(*refusal);
  auto body = read_sliver(call, where);
  if (auto* refusal = std::get_if<HttpAnswer>(&body)) return std::move(*refusal);
  return store_sliver(where, std::get<Bytes>(body), std::get<bool>(pending));
}

// No more of it than a sliver of this blob can have, once its metadata is known.
std::variant<Bytes, HttpAnswer> StorageNode::read_sliver(HttpCall& call, const SliverPath& where) {
  const uint64_t of_any = shape().sliver_bytes(Axis::kPrimary, kMaxSymbolBytes) + kSliverBodySlackBytes;
  const auto metadata = known_metadata(where.blob);
  const uint64_t most = metadata ? metadata->sliver_bytes(where.axis) + kSliverBodySlackBytes : of_any;
  auto body = read_whole_body(call, most);
  if (body) return std::move(*body);
  if (body.error().code() != Code::kTooLarge) return text_answer(400, body.error().message());
  const auto announced = parse_decimal(call.header("Content-Length").value_or(""));
  if (!metadata || (announced && *announced > of_any)) return text_answer(413, "length limit exceeded");
  if (!shape().has(where.pair)) return refuse::index_out_of_range(shape().n());
  return refuse::invalid_sliver("it is longer than a sliver of this blob");
}

// Stored or waiting for its registration; null when the blob is unknown.
std::shared_ptr<const BlobMetadata> StorageNode::known_metadata(const BlobId& blob) {
  auto stored = store_.metadata(blob);
  return stored ? *stored : pending_.metadata(blob);
}

HttpAnswer StorageNode::store_sliver(const SliverPath& where, const Bytes& body, bool pending) {
  auto decoded = decode_sliver_body(body);
  if (!decoded) return refuse::invalid_content_type(decoded.error().message());
  if (!shape().has(where.pair)) return refuse::index_out_of_range(shape().n());
  if (SliverIndex{decoded->index} != shape().sliver_of(where.axis, where.pair)) return refuse::sliver_index_mismatch();

  auto metadata = store_.metadata(where.blob);
  if (!metadata && metadata.error().code() != Code::kNotFound) return failed(metadata.error());
  if (!metadata) {
    if (auto buffered = pending_.metadata(where.blob))
      return buffer_sliver(where, body, *buffered, pending);
    bool registered = registry_.standing(where.blob).registered();
    return registered || pending ? refuse::metadata_not_found_on_put() : refuse::not_registered();
  }
  if (!store_.owns(where.blob, where.pair)) return refuse::shard_not_assigned();
  if (store_.has_sliver(where.blob, where.pair, where.axis)) return success_text_answer(200, "sliver already stored");
  const auto sliver = verified_sliver(where, body, **metadata);
  if (!sliver) return refuse::invalid_sliver(sliver.error().message());
  if (Status stored = store_.put_sliver(where.blob, *sliver); !stored) return failed(stored.error());
  return sliver_taken(pending);
}

Result<Sliver> StorageNode::verified_sliver(const SliverPath& where, ByteView body,
                                            const BlobMetadata& metadata) const {
  WFS_ASSIGN(Sliver sliver, parse_sliver_data(shape(), where.axis, body));
  WFS_TRY(verify_sliver(sliver, metadata));
  return sliver;
}

// The blob is not registered yet, and its metadata waits in the buffer.
HttpAnswer StorageNode::buffer_sliver(const SliverPath& where, ByteView body, const BlobMetadata& metadata,
                                      bool pending) {
  if (!store_.owns(where.blob, where.pair)) return refuse::shard_not_assigned();
  if (pending_.has_sliver(where.blob, where.axis, shape().sliver_of(where.axis, where.pair)))
    return success_text_answer(200, "sliver already stored");
  auto sliver = verified_sliver(where, body, metadata);
  if (!sliver) return refuse::invalid_sliver(sliver.error().message());
  if (!pending_.put_sliver(where.blob, std::move(*sliver))) return refuse::cache_saturated();
  settle(where.blob);  // the registration may have come in between
  return sliver_taken(pending);
}

void StorageNode::settle(const BlobId& blob) {
  if (!pending_.metadata(blob) || !registry_.standing(blob).registered()) return;
  MutexLock settling(settle_mutex_);
  const auto metadata = pending_.metadata(blob);
  if (!metadata) return;  // somebody else did it meanwhile
  if (Status stored = store_pending(blob, *metadata); !stored)
    log_warn("storage node: an upload ahead of registration is lost: {}", stored.error().to_string());
}

// Metadata first: from then on slivers that arrive go to the store, and the buffer runs dry.
Status StorageNode::store_pending(const BlobId& blob, const BlobMetadata& metadata) {
  Status outcome = store_.put_metadata(blob, metadata);
  do {
    for (const Sliver& sliver : pending_.take_slivers(blob))
      if (outcome) outcome = store_.put_sliver(blob, sliver);
  } while (!pending_.forget_if_empty(blob));
  return outcome;
}

HttpAnswer StorageNode::sliver_status(const SliverPath& where) {
  if (!shape().has(where.pair)) return refuse::index_out_of_range(shape().n());
  if (!store_.owns(where.blob, where.pair)) return refuse::shard_not_assigned();
  if (store_.has_sliver(where.blob, where.pair, where.axis)) return success_text_answer(200, "stored");
  const bool buffered = pending_.has_sliver(where.blob, where.axis, shape().sliver_of(where.axis, where.pair));
  return success_text_answer(200, buffered ? "buffered" : "nonexistent");
}

HttpAnswer StorageNode::confirmation(HttpCall& call, const BlobId& blob, const std::string* object_id) {
  if (auto refusal = wrong_wait(call)) return std::move(*refusal);
  if (object_id == nullptr) return confirm(blob, {});
  auto id = parse_object_id(*object_id);
  return id ? confirm(blob, {*id}) : bad_path("failed to parse object ID");
}

// The node signs whenever it is asked and keeps what is its own; nothing ties a confirmation to an uploader.
HttpAnswer StorageNode::confirm(const BlobId& blob, const Persistence& persistence) {
  // For the epoch in which all of this holds.
  const uint32_t epoch = registry_.epoch();
  follow();
  if (!registry_.standing(blob).registered()) return refuse::not_registered();
  if (!store_.has_all_slivers(blob)) return refuse::missing_slivers();
  const auto& object = persistence.deletable;
  if (object && !registry_.object_is_live(object_id_to_string(*object), blob)) return refuse::not_registered();
  if (registry_.epoch() != epoch) return refuse::unavailable("the epoch has just changed");
  const StorageConfirmation promise{epoch, blob, persistence};
  return success_answer(200, confirmation_to_json(SignedMessage::sign(key_, promise.to_bytes())));
}

// A convincing proof is answered with a signature that says so; enough of them make the ledger mark the blob.
HttpAnswer StorageNode::inconsistency_proof(HttpCall& call, const BlobId& blob, Axis axis) {
  const uint64_t most = shape().symbols_per_sliver(axis) * (kMaxSymbolBytes + kSymbolAndProofBytes);
  auto body = read_whole_body(call, most);
  if (!body && body.error().code() == Code::kTooLarge) return text_answer(413, "length limit exceeded");
  if (!body) return text_answer(400, body.error().message());
  Bytes tagged = {static_cast<uint8_t>(axis)};
  append(tagged, *body);
  auto proof = InconsistencyProof::parse(shape(), tagged);
  if (!proof) return refuse::invalid_content_type(proof.error().message());
  auto metadata = store_.metadata(blob);
  if (!metadata && metadata.error().code() != Code::kNotFound) return failed(metadata.error());
  if (!metadata) return refuse::metadata_not_found_for_proof();
  if (Status convincing = proof->verify(**metadata); !convincing)
    return refuse::invalid_proof(convincing.error().message());
  const Bytes verdict = invalid_blob_id_message(registry_.epoch(), blob);
  return success_answer(200, signed_message_to_json(SignedMessage::sign(key_, verdict)));
}

HttpAnswer StorageNode::blob_status(const BlobId& blob) {
  return success_answer(200, standing_to_json(registry_.standing(blob)));
}

HttpAnswer StorageNode::decoding_symbols(HttpCall& call, const BlobId& blob) {
  auto query = Query::parse(call.query(), {"targetType"}, {"targetSlivers"});
  if (!query) return text_answer(400, query.error().message());
  auto axis = parse_axis(query->text("targetType").value_or(""));
  if (!axis) return text_answer(400, "Failed to deserialize query string: targetType is primary or secondary");
  std::vector<uint16_t> targets;
  for (const std::string& text : query->all("targetSlivers")) {
    auto target = parse_index(text);
    if (!target) return text_answer(400, "Failed to deserialize query string: targetSlivers are 16-bit numbers");
    if (*target >= shape().systematic_slivers(*axis)) return refuse::recovery_symbol_out_of_range();
    targets.push_back(*target);
  }
  if (targets.empty()) return refuse::no_target_slivers_specified();
  if (!registry_.standing(blob).registered()) return refuse::sliver_not_found();

  // BCS orders the entries of a map by their serialized keys, and these are little-endian.
  auto swapped = [](uint16_t value) { return static_cast<uint16_t>(value << 8 | value >> 8); };
  std::sort(targets.begin(), targets.end(), [&](uint16_t a, uint16_t b) { return swapped(a) < swapped(b); });
  targets.erase(std::unique(targets.begin(), targets.end()), targets.end());
  BcsWriter entries;
  uint32_t count = 0;
  uint64_t bytes = 0;
  for (uint16_t target : targets) {
    auto symbols = store_.symbols(blob, other(*axis), target);
    if (!symbols && symbols.error().code() == Code::kNotFound) return refuse::sliver_not_found();
    if (!symbols) return failed(symbols.error());
    for (const auto& [index, data] : *symbols) bytes += data.size() + kSymbolFrameBytes;
    if (count > 0 && bytes > kSymbolsAnswerBytes) break;  // answers may be partial
    ++count;
    entries.u16(target);
    entries.uleb(static_cast<uint32_t>(symbols->size()));
    for (auto& [index, data] : *symbols) {
      entries.raw(DecodingSymbol{*axis, index, std::move(data)}.to_bytes());
    }
  }
  BcsWriter out;
  out.uleb(count);
  out.raw(entries.take());
  return bytes_answer(out.take());
}

HttpAnswer StorageNode::health(HttpCall& call) {
  auto query = Query::parse(call.query(), {"detailed"});
  if (!query) return text_answer(400, query.error().message());
  auto detailed = query->boolean("detailed");
  if (!detailed) return text_answer(400, detailed.error().message());
  const auto uptime = std::chrono::duration_cast<std::chrono::nanoseconds>(clock_.monotonic() - started_);
  const ShardSet shards = store_.shards();
  NodeHealth health{static_cast<uint64_t>(uptime.count()), registry_.epoch(), public_key_, registry_.progress(), {},
                    shards.leaving};
  for (ShardIndex shard : shards.owned) health.owned.emplace_back(shard, store_.state(shard));
  return success_answer(200, health_to_json(health, detailed->value_or(false)));
}

}  // namespace walrusfs::localnet
