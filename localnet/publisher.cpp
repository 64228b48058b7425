#include "localnet/publisher.h"

#include "base/log.h"
#include "localnet/confirmations.h"
#include "localnet/envelope.h"
#include "localnet/publisher_json.h"
#include "localnet/query.h"

namespace walrusfs::localnet {
namespace {

constexpr size_t kStoresAtATime = 8, kStoresWaiting = 8;  // the official defaults

constexpr int kConfirmationRounds = 3;

Error too_few(uint32_t weight, uint32_t needed) {
  return Error(Code::kUnavailable, "storage nodes with only " + std::to_string(weight) + " of the " +
                                       std::to_string(needed) + " shards needed keep the blob");
}

Error bad_request(std::string why) { return Error(Code::kInvalidArgument, std::move(why)); }

HttpAnswer invalid_persistence() {
  return error_answer({400, "INVALID_ARGUMENT", "INVALID_BLOB_PERSISTENCE", kDaemonDomain,
                       "a blob cannot be deletable and permanent at once"});
}

// kNotSupported stands for the one conflict that has a reason of its own.
Result<StoreWish> parse_wish(const Query& query) {
  StoreWish wish;
  WFS_ASSIGN(auto epochs, query.number("epochs"));
  WFS_ASSIGN(auto permanent, query.boolean("permanent"));
  WFS_ASSIGN(auto deletable, query.boolean("deletable"));
  WFS_ASSIGN(auto force, query.boolean("force"));
  WFS_ASSIGN(auto reuse, query.boolean("reuse_resources"));
  WFS_ASSIGN(auto share, query.boolean("share"));
  if (epochs && (*epochs == 0 || *epochs > kMaxEpochsAhead))
    return bad_request("epochs: must be between 1 and " + std::to_string(kMaxEpochsAhead));
  if (query.text("encoding_type").value_or("RS2") != "RS2") return bad_request("encoding_type: only RS2 is supported");
  wish.epochs = static_cast<uint32_t>(epochs.value_or(1));
  wish.permanent = permanent.value_or(false);
  wish.force = force.value_or(false);
  wish.reuse_resources = reuse.value_or(false);
  wish.share = share.value_or(false);
  if (auto address = query.text("send_object_to")) {
    wish.send_object_to = normalise_object_id(*address);
    if (!wish.send_object_to) return bad_request("send_object_to: not a Sui address");
    if (wish.share) return bad_request("send_object_to and share exclude each other");
  }
  if (wish.permanent && deletable.value_or(false)) return Error(Code::kNotSupported, "");
  return wish;
}

}  // namespace

Publisher::Publisher(const Membership& membership, BlobWriter& writer, const NodeDirectory& nodes, Ledger& ledger,
                     Files& files, PublisherOptions options)
    : shape_(membership.shape()),
      writer_(writer),
      nodes_(nodes),
      ledger_(ledger),
      files_(files),
      options_(std::move(options)),
      gate_(kStoresAtATime, kStoresWaiting) {}

HttpAnswer Publisher::answer(HttpCall& call) {
  if (call.path() == "/status") return call.method() == "GET" ? text_answer(200, "OK") : text_answer(405, "");
  if (call.path() != "/v1/blobs") return text_answer(404, "");
  if (call.method() != "PUT") return text_answer(405, "");
  GatePass pass(gate_);
  if (!pass.inside()) return text_answer(429, "the service is overloaded; try again later");
  return put_blob(call);
}

HttpAnswer Publisher::put_blob(HttpCall& call) {
  auto query = Query::parse(call.query(), {"epochs", "permanent", "deletable", "send_object_to", "share", "force",
                                           "reuse_resources", "encoding_type"});
  if (!query) return text_answer(400, query.error().message());
  auto wish = parse_wish(*query);
  if (!wish && wish.error().code() == Code::kNotSupported) return invalid_persistence();
  if (!wish) return text_answer(400, wish.error().message());

  ByteSpool body(files_, options_.scratch_folder + "/upload-" + std::to_string(uploads_++),
                 options_.body_memory_bytes);
  bool too_large = false;
  Status spooled;
  bool complete = call.read_body([&](ByteView piece) {
    too_large = body.size() + piece.size() > options_.max_body_bytes;
    if (!too_large) spooled = body.append(piece);
    return !too_large && spooled.ok();
  });
  if (too_large) return text_answer(413, "length limit exceeded");
  if (!spooled) return error_answer(internal_error(spooled.error().message()));
  if (!complete) return text_answer(400, "the body ended early");
  auto content = body.view();
  if (!content) return error_answer(internal_error(content.error().message()));
  return store(*wish, *content);
}

HttpAnswer Publisher::store(const StoreWish& wish, ByteView content) {
  EncodeOptions options;
  options.threads = options_.encode_threads;
  auto metadata = compute_metadata(shape_, content, options);
  if (!metadata && metadata.error().code() == Code::kTooLarge)
    return error_answer({400, "INVALID_ARGUMENT", "BLOB_TOO_LARGE", kDaemonDomain, metadata.error().message()});
  if (!metadata) return error_answer(internal_error(metadata.error().message()));
  const BlobId blob = metadata->blob_id();
  if (auto answer = already_certified(blob, wish)) return std::move(*answer);

  if (auto registration = reusable(blob, wish))
    return spread_and_certify(*metadata, *registration, true, wish, content);
  auto encoded_length = shape_.encoded_length(content.size());
  if (!encoded_length) return error_answer(internal_error(encoded_length.error().message()));
  RegisterRequest request;
  request.blob = blob;
  request.root_hash = metadata->root();
  request.size_bytes = content.size();
  request.encoded_length = *encoded_length;
  request.epochs = wish.epochs;
  request.deletable = !wish.permanent;
  auto registration = ledger_.register_blob(request);
  if (!registration) return error_answer(internal_error(registration.error().message()));
  return spread_and_certify(*metadata, *registration, false, wish, content);
}

// Somebody's permanent blob that lives long enough will do for anyone; a deletable one only when it is
// the publisher's own, for others may be deleted at any time.
std::optional<HttpAnswer> Publisher::already_certified(const BlobId& blob, const StoreWish& wish) const {
  if (wish.force) return std::nullopt;
  const uint64_t wanted_end = uint64_t{ledger_.epoch()} + wish.epochs;
  BlobStanding standing = ledger_.standing(blob);
  if (standing.kind == BlobStanding::Kind::kPermanent && standing.certified && standing.end_epoch >= wanted_end)
    return json_answer(200, already_certified_event_json(blob, standing.event, standing.end_epoch));
  if (wish.permanent || wish.send_object_to || wish.share) return std::nullopt;
  for (const BlobObject& object : ledger_.objects_of(blob))
    if (object.certified_epoch && object.end_epoch >= wanted_end && object.owner == ledger_.wallet_address())
      return json_answer(200, already_certified_object_json(blob, object.id, object.end_epoch));
  return std::nullopt;
}

std::optional<Registration> Publisher::reusable(const BlobId& blob, const StoreWish& wish) const {
  if (!wish.reuse_resources || wish.send_object_to || wish.share) return std::nullopt;
  const uint64_t wanted_end = uint64_t{ledger_.epoch()} + wish.epochs;
  for (const BlobObject& object : ledger_.objects_of(blob))
    if (!object.certified_epoch && object.end_epoch >= wanted_end && object.deletable != wish.permanent &&
        object.owner == ledger_.wallet_address())
      return Registration{object, 0};
  return std::nullopt;
}

// A confirmation is of the epoch in which it was asked for, and shards move when epochs change: what has another owner
// then is handed over to it, and all confirmations are collected anew.
Result<BlobObject> Publisher::certify(const BlobObject& object, const BlobMetadata& metadata, ByteView content,
                                      SpreadOutcome spread, const AfterStore& then) {
  WFS_ASSIGN(const ObjectId id, parse_object_id(object.id));
  const Persistence persistence = object.deletable ? Persistence{id} : Persistence{};
  for (int rounds_left = kConfirmationRounds;; --rounds_left) {
    if (writer_.outdated(spread)) {
      WFS_ASSIGN(spread, writer_.spread_again(object.blob, metadata, content, spread));
    }
    if (!spread.failures.empty()) log_warn("publisher: {}: {}", object.blob.to_string(), spread.failures);
    auto certified = certify_once(object, persistence, spread, then);
    const bool moved_on = !certified && (certified.error().code() == Code::kStale || writer_.outdated(spread));
    if (!moved_on || rounds_left == 1) return certified;
  }
}

Result<BlobObject> Publisher::certify_once(const BlobObject& object, const Persistence& persistence,
                                           const SpreadOutcome& spread, const AfterStore& then) {
  const Committee& committee = *spread.committee;
  if (spread.weight < committee.quorum_weight()) return too_few(spread.weight, committee.quorum_weight());
  const StorageConfirmation wanted{ledger_.epoch(), object.blob, persistence};
  const ConfirmationRound round = collect_confirmations(committee, nodes_.of(committee), spread.complete, wanted);
  if (!round.failures.empty()) log_warn("publisher: {}: {}", object.blob.to_string(), round.failures);
  if (!round.certificate) return too_few(round.weight, committee.quorum_weight());
  return ledger_.certify(object.id, to_transaction(*round.certificate, committee), then);
}

HttpAnswer Publisher::spread_and_certify(const BlobMetadata& metadata, const Registration& registration, bool reused,
                                         const StoreWish& wish, ByteView content) {
  const BlobId& blob = registration.object.blob;
  auto outcome = writer_.spread(blob, metadata, content);
  if (!outcome) return error_answer(internal_error(outcome.error().message()));
  const AfterStore then{wish.send_object_to, wish.share};
  Result<BlobObject> certified = certify(registration.object, metadata, content, std::move(*outcome), then);
  if (!certified && certified.error().retryable())
    return error_answer({504, "DEADLINE_EXCEEDED", "INSUFFICIENT_CONFIRMATIONS", kDaemonDomain,
                         certified.error().message()});
  if (!certified) return error_answer(internal_error(certified.error().message()));
  return json_answer(200, newly_created_json(*certified, registration.cost_frost, wish.epochs, reused));
}

}  // namespace walrusfs::localnet
