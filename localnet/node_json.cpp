#include "localnet/node_json.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace walrusfs::localnet {

using nlohmann::ordered_json;

namespace {

ordered_json event_json(const TransactionEvent& event) {
  return {{"txDigest", event.tx_digest}, {"eventSeq", std::to_string(event.event_seq)}};
}

ordered_json epoch_or_null(const std::optional<uint32_t>& epoch) {
  return epoch ? ordered_json(*epoch) : ordered_json(nullptr);
}

ordered_json to_json(const SignedMessage& message) {
  return {{"serializedMessage", to_base64(message.message)}, {"signature", to_base64(message.signature)}};
}

ordered_json progress_json(const ChainProgress& chain) {
  return {{"persisted", chain.events},
          {"pending", chain.pending},
          {"highestFinishedEventIndex", chain.events > 0 ? ordered_json(chain.events - 1) : ordered_json(nullptr)}};
}

const char* name_of(ShardState state) {
  switch (state) {
    case ShardState::kReady: return "ready";
    case ShardState::kInTransfer: return "inTransfer";
    case ShardState::kInRecovery: return "inRecovery";
  }
  return "unknown";
}

// The answer's data under `wrapper`, or bare when that is empty.
Result<SignedMessage> parse_signed(std::string_view body, const char* wrapper) {
  auto root = ordered_json::parse(body, nullptr, false);
  try {
    const auto& data = root.at("success").at("data");
    const auto& in = *wrapper != '\0' ? data.at(wrapper) : data;
    WFS_ASSIGN(Bytes message, from_base64(in.at("serializedMessage").get<std::string>()));
    WFS_ASSIGN(Bytes signature, from_base64(in.at("signature").get<std::string>()));
    SignedMessage out{std::move(message), {}};
    if (signature.size() != out.signature.size()) return Error(Code::kCorrupt, "a signature has another length");
    std::copy(signature.begin(), signature.end(), out.signature.begin());
    return out;
  } catch (const ordered_json::exception& problem) {
    return Error(Code::kCorrupt, std::string("a node's signed answer makes no sense: ") + problem.what());
  }
}

}  // namespace

std::string standing_to_json(const BlobStanding& standing) {
  ordered_json counts = {{"count_deletable_total", standing.deletable_total},
                         {"count_deletable_certified", standing.deletable_certified}};
  ordered_json out;
  switch (standing.kind) {
    case BlobStanding::Kind::kNonexistent: return "\"nonexistent\"";
    case BlobStanding::Kind::kInvalid: out["invalid"]["event"] = event_json(standing.event); break;
    case BlobStanding::Kind::kDeletable:
      out["deletable"] = {{"initialCertifiedEpoch", epoch_or_null(standing.initial_certified_epoch)},
                          {"deletableCounts", counts}};
      break;
    case BlobStanding::Kind::kPermanent:
      out["permanent"] = {{"endEpoch", standing.end_epoch},
                          {"isCertified", standing.certified},
                          {"statusEvent", event_json(standing.event)},
                          {"deletableCounts", counts},
                          {"initialCertifiedEpoch", epoch_or_null(standing.initial_certified_epoch)}};
      break;
  }
  return out.dump();
}

std::string health_to_json(const NodeHealth& health, bool detailed) {
  constexpr uint64_t kNsPerSecond = 1'000'000'000;
  const auto count = [&](ShardState state) {
    return std::count_if(health.owned.begin(), health.owned.end(),
                         [&](const auto& item) { return item.second == state; });
  };
  const auto recovering = count(ShardState::kInRecovery);
  ordered_json out = {
      {"uptime", {{"secs", health.uptime_ns / kNsPerSecond}, {"nanos", health.uptime_ns % kNsPerSecond}}},
      {"epoch", health.epoch},
      {"publicKey", to_base64(health.key.to_bytes())},
      {"nodeStatus", recovering == 0 ? "Active" : "RecoveryInProgress (" + std::to_string(health.epoch) + ")"},
      {"eventProgress", progress_json(health.chain)},
      {"shardSummary",
       {{"owned", health.owned.size()},
        {"ownedShardStatus",
         {{"unknown", 0},
          {"ready", count(ShardState::kReady)},
          {"inTransfer", count(ShardState::kInTransfer)},
          {"inRecovery", recovering}}},
        {"readOnly", health.leaving.size()}}},
      {"latestCheckpointSequenceNumber", health.chain.checkpoint}};
  if (detailed) {
    ordered_json owned = ordered_json::array(), other = ordered_json::array();
    for (const auto& [shard, state] : health.owned)
      owned.push_back({{"shard", raw(shard)}, {"status", name_of(state)}});
    for (ShardIndex shard : health.leaving) other.push_back({{"shard", raw(shard)}, {"status", "readOnly"}});
    out["shardDetail"] = {{"owned", std::move(owned)}, {"other", std::move(other)}};
  }
  return out.dump();
}

std::string signed_message_to_json(const SignedMessage& message) { return to_json(message).dump(); }

std::string confirmation_to_json(const SignedMessage& message) {
  return ordered_json({{"signed", to_json(message)}}).dump();
}

Result<SignedMessage> parse_confirmation_answer(std::string_view body) { return parse_signed(body, "signed"); }

Result<SignedMessage> parse_verdict_answer(std::string_view body) { return parse_signed(body, ""); }

Result<StatusAnswer> parse_status_answer(std::string_view body) {
  auto root = ordered_json::parse(body, nullptr, false);
  try {
    const auto& data = root.at("success").at("data");
    if (data == "nonexistent" || data.contains("invalid")) return StatusAnswer{};
    const auto& standing = data.contains("permanent") ? data.at("permanent") : data.at("deletable");
    StatusAnswer out{true, false, std::nullopt};
    // A permanent object that is not certified yet hides a deletable one that is, but for its count.
    out.certified = standing.at("deletableCounts").at("count_deletable_certified").get<uint32_t>() > 0 ||
                    (data.contains("permanent") && standing.at("isCertified").get<bool>());
    const auto& epoch = standing.at("initialCertifiedEpoch");
    if (!epoch.is_null()) out.certified_epoch = epoch.get<uint32_t>();
    return out;
  } catch (const ordered_json::exception& problem) {
    return Error(Code::kCorrupt, std::string("a node's status answer makes no sense: ") + problem.what());
  }
}

std::string error_reason(std::string_view body) {
  auto root = ordered_json::parse(body, nullptr, false);
  try {
    return root.at("error").at("details").at(0).at("reason").get<std::string>();
  } catch (const ordered_json::exception&) {
    return "";
  }
}

}  // namespace walrusfs::localnet
