#include "localnet/upload_relay.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "localnet/confirmations.h"
#include "localnet/envelope.h"
#include "localnet/query.h"

namespace walrusfs::localnet {
namespace {

using nlohmann::ordered_json;

constexpr size_t kUploadsAtATime = 8, kUploadsWaiting = 64;
constexpr uint64_t kBodiesAtATime = 16;  // of the largest size, on their way or at work; of smaller ones more
constexpr size_t kNonceBytes = 32;
// The chain may be a moment behind the client that has just used it.
constexpr int kLagTries = 10;
constexpr Millis kLagPause{200};
constexpr int kConfirmationRounds = 3;

Error bad_request(std::string why) { return Error(Code::kInvalidArgument, std::move(why)); }

// What went wrong towards nodes or chain is for the log; clients are told to try again.
HttpAnswer client_error(const Error& error) {
  log_warn("upload relay: {}", error.to_string());
  return text_answer(500, "internal client error");
}

HttpAnswer overloaded() { return text_answer(429, "the relay is overloaded; try again later"); }

// The numbers of the signers as the chain counts them: clients make the bitmap of them.
Certificate in_chain_order(Certificate certificate, const Committee& committee) {
  for (uint16_t& signer : certificate.signers) signer = committee.chain_index(signer);
  std::sort(certificate.signers.begin(), certificate.signers.end());
  return certificate;
}

std::string certificate_json(const BlobId& blob, const Certificate& certificate) {
  ordered_json inner;
  inner["signers"] = certificate.signers;
  inner["serialized_message"] = certificate.message;
  inner["signature"] = to_base64(certificate.signature.to_bytes());
  ordered_json out;
  out["blob_id"] = blob.bytes;
  out["confirmation_certificate"] = std::move(inner);
  return out.dump();
}

}  // namespace

struct UploadRelay::Wish {
  BlobId blob;
  Persistence persistence;
  std::optional<walrusfs::sui::SuiDigest> transaction;
  std::optional<Bytes> nonce;
};

UploadRelay::UploadRelay(const Membership& membership, BlobWriter& writer, const NodeDirectory& nodes,
                         const BlobRegistry& registry, const TransactionSource& transactions, Files& files,
                         Clock& clock, RelayOptions options)
    : shape_(membership.shape()),
      writer_(writer),
      nodes_(nodes),
      registry_(registry),
      transactions_(transactions),
      clock_(clock),
      options_(std::move(options)),
      spools_(files, options_.scratch_folder, "relay-", {.all_bytes = kBodiesAtATime * options_.max_body_bytes}),
      gate_(kUploadsAtATime, kUploadsWaiting) {}

HttpAnswer UploadRelay::answer(HttpCall& call) {
  if (call.path() == "/v1/tip-config")
    return call.method() == "GET" ? json_answer(200, tip_config_json(options_.tip)) : text_answer(405, "");
  if (call.path() != "/v1/blob-upload-relay") return text_answer(404, "");
  if (call.method() != "POST") return text_answer(405, "");
  if (gate_.full()) return overloaded();
  return upload(call);
}

Result<UploadRelay::Wish> UploadRelay::parse_wish(const std::string& query_text) {
  WFS_ASSIGN(const Query query,
             Query::parse(query_text, {"blob_id", "tx_id", "nonce", "deletable_blob_object", "encoding_type"}));
  Wish wish;
  const auto blob = query.text("blob_id");
  if (!blob) return bad_request("Failed to deserialize query string: missing field `blob_id`");
  auto parsed = BlobId::parse(*blob);
  if (!parsed) return bad_request("blob_id: " + parsed.error().message());
  wish.blob = *parsed;
  if (query.text("encoding_type").value_or("RS2") != "RS2") return bad_request("encoding_type: only RS2 is supported");
  if (const auto object = query.text("deletable_blob_object")) {
    auto id = parse_object_id(*object);
    if (!id) return bad_request("deletable_blob_object: " + id.error().message());
    wish.persistence.deletable = *id;
  }
  if (const auto digest = query.text("tx_id")) {
    auto transaction = walrusfs::sui::SuiDigest::parse(*digest);
    if (!transaction) return bad_request("tx_id: " + transaction.error().message());
    wish.transaction = *transaction;
  }
  if (const auto nonce = query.text("nonce")) {
    auto bytes = from_base64url(*nonce);
    if (!bytes || bytes->size() != kNonceBytes) return bad_request("nonce: 32 bytes in base64url are wanted");
    wish.nonce = std::move(*bytes);
  }
  return wish;
}

HttpAnswer UploadRelay::upload(HttpCall& call) {
  const auto wish = parse_wish(call.query());
  if (!wish) return text_answer(400, wish.error().message());
  if (options_.tip && (!wish->transaction || !wish->nonce))
    return text_answer(400, "this relay wants a tip: tx_id and nonce are needed");

  const auto body = spools_.spool();
  if (Status taken = body->take(call, options_.max_body_bytes); !taken) {
    auto refusal = refusal_of_body(taken.error());
    return refusal ? std::move(*refusal) : client_error(taken.error());
  }
  GatePass pass(gate_);
  if (!pass.inside()) return overloaded();
  const auto content = body->view();
  return content ? upload_body(*wish, *content) : client_error(content.error());
}

HttpAnswer UploadRelay::upload_body(const Wish& wish, ByteView content) {
  const auto encoded_bytes = shape_.encoded_length(content.size());
  if (!encoded_bytes) return text_answer(400, encoded_bytes.error().message());
  if (auto refused = check_paid(wish, content, *encoded_bytes)) return text_answer(refused->http, refused->text);

  EncodeOptions encoding;
  encoding.threads = options_.encode_threads;
  const auto metadata = compute_metadata(shape_, content, encoding);
  if (!metadata) return client_error(metadata.error());
  if (metadata->blob_id() != wish.blob)
    return text_answer(400, "the blob ID does not match the blob: it is " + metadata->blob_id().to_string());
  if (!becomes_registered(wish))
    return client_error(Error(Code::kUnavailable, wish.blob.to_string() + " is not registered"));
  const auto certificate = spread(wish, *metadata, content);
  if (!certificate) return client_error(certificate.error().with_context(wish.blob.to_string()));
  return json_answer(200, certificate_json(wish.blob, *certificate));
}

std::optional<RelayRefusal> UploadRelay::check_paid(const Wish& wish, ByteView content, uint64_t encoded_bytes) {
  if (!options_.tip) return std::nullopt;
  auto facts = transactions_.transaction(*wish.transaction);
  for (int tries = 1; !facts && facts.error().code() == Code::kNotFound && tries < kLagTries; ++tries) {
    clock_.sleep_for(kLagPause);
    facts = transactions_.transaction(*wish.transaction);
  }
  if (!facts) {
    log_warn("upload relay: {}: {}", wish.transaction->to_string(), facts.error().to_string());
    return RelayRefusal{500, "internal client error"};
  }
  const auto now_ms = static_cast<uint64_t>(std::max<int64_t>(0, clock_.now().ns / 1'000'000));
  return check_tip(*options_.tip, options_.freshness, now_ms, *facts, {content, *wish.nonce, encoded_bytes});
}

bool UploadRelay::becomes_registered(const Wish& wish) {
  const auto& object = wish.persistence.deletable;
  const auto registered = [&] {
    if (object) return registry_.object_is_live(object_id_to_string(*object), wish.blob);
    return registry_.standing(wish.blob).registered();
  };
  for (int tries = 1; tries < kLagTries; ++tries) {
    if (registered()) return true;
    clock_.sleep_for(kLagPause);
  }
  return registered();
}

// As the publisher does it: when the epoch ends meanwhile, what has another owner then is handed over to it, and all
// confirmations are collected anew.
Result<Certificate> UploadRelay::spread(const Wish& wish, const BlobMetadata& metadata, ByteView content) {
  WFS_ASSIGN(SpreadOutcome outcome, writer_.spread(wish.blob, metadata, content));
  for (int rounds_left = kConfirmationRounds;; --rounds_left) {
    if (writer_.outdated(outcome)) {
      WFS_ASSIGN(outcome, writer_.spread_again(wish.blob, metadata, content, outcome));
    }
    if (!outcome.failures.empty()) log_warn("upload relay: {}: {}", wish.blob.to_string(), outcome.failures);
    auto certificate = confirm(wish, outcome);
    if (!writer_.outdated(outcome) || rounds_left == 1) return certificate;
  }
}

Result<Certificate> UploadRelay::confirm(const Wish& wish, const SpreadOutcome& outcome) {
  const Committee& committee = *outcome.committee;
  const StorageConfirmation wanted{registry_.epoch(), wish.blob, wish.persistence};
  ConfirmationRound round = collect_confirmations(committee, nodes_.of(committee), outcome.complete, wanted);
  if (!round.failures.empty()) log_warn("upload relay: {}: {}", wish.blob.to_string(), round.failures);
  if (round.certificate) return in_chain_order(std::move(*round.certificate), committee);
  return Error(Code::kUnavailable, "storage nodes with only " + std::to_string(round.weight) + " of the " +
                                       std::to_string(committee.quorum_weight()) + " shards needed keep the blob");
}

}  // namespace walrusfs::localnet
