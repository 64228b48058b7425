#include "localnet/publisher.h"

#include <algorithm>

#include "base/log.h"
#include "localnet/api_page.h"
#include "localnet/confirmations.h"
#include "localnet/envelope.h"
#include "localnet/publisher_quilt.h"
#include "localnet/query.h"

namespace walrusfs::localnet {
namespace {

constexpr size_t kStoresAtATime = 8, kStoresWaiting = 8;  // the official defaults

constexpr int kConfirmationRounds = 3;

Error too_few(uint32_t weight, uint32_t needed) {
  return Error(Code::kUnavailable, "storage nodes with only " + std::to_string(weight) + " of the " +
                                       std::to_string(needed) + " shards needed keep the blob");
}

HttpAnswer malformed_request(std::string why) {
  return error_answer({400, "INVALID_ARGUMENT", "MALFORMED_REQUEST", kDaemonDomain, std::move(why)});
}

HttpAnswer routes_page() {
  return api_page("Walrus publisher", {{"PUT", "/v1/blobs", "stores the body as a blob"},
                                       {"PUT", "/v1/quilts", "stores the files of a form as a quilt"},
                                       {"GET", "/status", "OK"}});
}

HttpAnswer overloaded() { return text_answer(429, "the service is overloaded; try again later"); }

// Of all bodies and quilts together that are on their way or being stored.
uint64_t most_spooled_bytes(const PublisherOptions& options) {
  return (kStoresAtATime + kStoresWaiting) * std::max(options.max_body_bytes, options.max_quilt_bytes);
}

}  // namespace

Publisher::Publisher(const Membership& membership, BlobWriter& writer, const NodeDirectory& nodes, Ledger& ledger,
                     Files& files, PublisherOptions options)
    : shape_(membership.shape()),
      writer_(writer),
      nodes_(nodes),
      ledger_(ledger),
      options_(std::move(options)),
      spools_(files, options_.scratch_folder, "upload-", {.all_bytes = most_spooled_bytes(options_)}),
      gate_(kStoresAtATime, kStoresWaiting) {}

HttpAnswer Publisher::answer(HttpCall& call) {
  if (call.path() == "/status") return call.method() == "GET" ? text_answer(200, "OK") : text_answer(405, "");
  if (call.path() == "/v1/api") return call.method() == "GET" ? routes_page() : text_answer(405, "");
  const bool quilt = call.path() == "/v1/quilts";
  if (call.path() != "/v1/blobs" && !quilt) return text_answer(404, "");
  if (call.method() != "PUT") return text_answer(405, "");
  if (gate_.full()) return overloaded();  // before a body is sent, and a token used up, for nothing
  return put(call, quilt);
}

HttpAnswer Publisher::put(HttpCall& call, bool quilt) {
  const StoreQuery query = parse_store_query(call.query(), quilt);
  if (!query.wish) return query.refusal;
  JwtUpload upload{query.wish->epochs, query.wish->send_object_to,
                   parse_decimal(call.header("Content-Length").value_or(""))};
  const JwtGuard::Admission admission = options_.guard ? options_.guard->admit(call, upload) : JwtGuard::Admission();
  if (admission.refusal) return *admission.refusal;

  const auto body = spools_.spool();
  if (Status taken = body->take(call, quilt ? options_.max_quilt_bytes : options_.max_body_bytes); !taken)
    return refusal_of_body(taken.error()).value_or(error_answer(internal_error(taken.error().message())));
  GatePass pass(gate_);
  if (!pass.inside()) return overloaded();
  const auto content = body->view();
  if (!content) return error_answer(internal_error(content.error().message()));
  if (quilt)
    return store_quilt(*query.wish, admission.claims, call.header("Content-Type").value_or(""), *content);
  if (auto refusal = check_token_size(admission.claims, content->size())) return std::move(*refusal);
  return store(*query.wish, *content);
}

HttpAnswer Publisher::store_quilt(const StoreWish& wish, const std::optional<JwtClaims>& claims,
                                  const std::string& content_type, ByteView form) {
  const auto quilt = spools_.spool();
  const auto plan = build_quilt_of_form(shape_, content_type, form, *quilt);
  if (!plan && plan.error().code() == Code::kInvalidArgument) return malformed_request(plan.error().message());
  if (!plan) return error_answer(internal_error(plan.error().message()));
  const auto content = quilt->view();
  if (!content) return error_answer(internal_error(content.error().message()));
  if (auto refusal = check_token_size(claims, content->size())) return std::move(*refusal);
  BlobId blob;
  HttpAnswer stored = store(wish, *content, &blob);
  return stored.status == 200 ? json_answer(200, quilt_stored_json(stored.body, blob, *plan)) : stored;
}

HttpAnswer Publisher::store(const StoreWish& wish, ByteView content, BlobId* id) {
  EncodeOptions options;
  options.threads = options_.encode_threads;
  auto metadata = compute_metadata(shape_, content, options);
  if (!metadata && metadata.error().code() == Code::kTooLarge)
    return json_answer(200, store_error_json(std::nullopt, "encode", metadata.error().message()));
  if (!metadata) return error_answer(internal_error(metadata.error().message()));
  const BlobId blob = metadata->blob_id();
  if (id != nullptr) *id = blob;
  if (auto answer = already_certified(blob, wish)) return std::move(*answer);

  if (auto plan = reuse(blob, wish)) return carry_out(std::move(*plan), *metadata, wish, content);
  auto plan = register_anew(*metadata, content.size(), wish);
  if (!plan) return error_answer(internal_error(plan.error().message()));
  return carry_out(std::move(*plan), *metadata, wish, content);
}

Result<Publisher::Plan> Publisher::register_anew(const BlobMetadata& metadata, uint64_t size_bytes,
                                                 const StoreWish& wish) {
  RegisterRequest request;
  request.blob = metadata.blob_id();
  request.root_hash = metadata.root();
  request.size_bytes = size_bytes;
  WFS_ASSIGN(request.encoded_length, shape_.encoded_length(size_bytes));
  request.epochs = wish.epochs;
  request.deletable = !wish.permanent;
  WFS_ASSIGN(Registration made, ledger_.register_blob(request));
  return Plan{std::move(made.object), made.cost_frost, {StoreOperation::Kind::kRegisterFromScratch, wish.epochs}};
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

// The cheapest way: the one that has least to be extended, then the one that is certified. `force` wants an object of
// its own, so none that is certified.
std::optional<Publisher::Plan> Publisher::reuse(const BlobId& blob, const StoreWish& wish) const {
  using Kind = StoreOperation::Kind;
  if (!wish.reuse_resources || wish.send_object_to || wish.share) return std::nullopt;
  const uint64_t wanted_end = uint64_t{ledger_.epoch()} + wish.epochs;
  std::optional<Plan> best;
  for (const BlobObject& object : ledger_.objects_of(blob)) {
    if (object.deletable == wish.permanent || object.owner != ledger_.wallet_address()) continue;
    const bool certified = object.certified_epoch.has_value();
    const uint64_t missing = wanted_end - std::min<uint64_t>(wanted_end, object.end_epoch);
    if (certified && (wish.force || missing == 0)) continue;
    const bool better = !best || missing < best->operation.epochs ||
                        (missing == best->operation.epochs && certified && !best->object.certified_epoch);
    if (!better) continue;
    const Kind kind = certified      ? Kind::kReuseAndExtend
                      : missing == 0 ? Kind::kReuseRegistration
                                     : Kind::kReuseAndExtendNonCertified;
    best = Plan{object, 0, {kind, static_cast<uint32_t>(missing)}};
  }
  return best;
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

HttpAnswer Publisher::carry_out(Plan plan, const BlobMetadata& metadata, const StoreWish& wish, ByteView content) {
  if (!plan.object.certified_epoch)
    if (auto failed = spread_and_certify(plan.object, metadata, wish, content)) return std::move(*failed);
  if (plan.operation.extends()) {
    const auto cost = ledger_.extend(plan.object.id, plan.operation.epochs);
    if (!cost) return error_answer(internal_error(cost.error().message()));
    plan.object.end_epoch += plan.operation.epochs;
    plan.cost_frost += *cost;
  }
  return json_answer(200, newly_created_json(plan.object, plan.cost_frost, plan.operation));
}

std::optional<HttpAnswer> Publisher::spread_and_certify(BlobObject& object, const BlobMetadata& metadata,
                                                        const StoreWish& wish, ByteView content) {
  auto outcome = writer_.spread(object.blob, metadata, content);
  if (!outcome) return error_answer(internal_error(outcome.error().message()));
  const AfterStore then{wish.send_object_to, wish.share};
  Result<BlobObject> certified = certify(object, metadata, content, std::move(*outcome), then);
  if (!certified && certified.error().retryable())
    return error_answer({504, "DEADLINE_EXCEEDED", "INSUFFICIENT_CONFIRMATIONS", kDaemonDomain,
                         certified.error().message()});
  if (!certified) return error_answer(internal_error(certified.error().message()));
  object = std::move(*certified);
  return std::nullopt;
}

}  // namespace walrusfs::localnet
