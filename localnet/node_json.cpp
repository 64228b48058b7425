#include "localnet/node_json.h"

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

}  // namespace

std::string standing_to_json(const BlobStanding& standing) {
  ordered_json counts = {{"count_deletable_total", standing.deletable_total},
                         {"count_deletable_certified", standing.deletable_certified}};
  ordered_json out;
  switch (standing.kind) {
    case BlobStanding::Kind::kNonexistent: return "\"nonexistent\"";
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
  ordered_json out = {
      {"uptime", {{"secs", health.uptime_ns / kNsPerSecond}, {"nanos", health.uptime_ns % kNsPerSecond}}},
      {"epoch", health.epoch},
      {"publicKey", ""},  // there is no key to sign with yet
      {"nodeStatus", "Active"},
      {"eventProgress", {{"persisted", 0}, {"pending", 0}, {"highestFinishedEventIndex", nullptr}}},
      {"shardSummary",
       {{"owned", health.shards.size()},
        {"ownedShardStatus",
         {{"unknown", 0}, {"ready", health.shards.size()}, {"inTransfer", 0}, {"inRecovery", 0}}},
        {"readOnly", 0}}}};
  if (detailed) {
    ordered_json owned = ordered_json::array();
    for (ShardIndex shard : health.shards) owned.push_back({{"shard", raw(shard)}, {"status", "ready"}});
    out["shardDetail"] = {{"owned", std::move(owned)}, {"other", ordered_json::array()}};
  }
  return out.dump();
}

Result<StatusAnswer> parse_status_answer(std::string_view body) {
  auto root = ordered_json::parse(body, nullptr, false);
  try {
    const auto& data = root.at("success").at("data");
    if (data == "nonexistent") return StatusAnswer{};
    if (data.contains("permanent")) return StatusAnswer{true, data.at("permanent").at("isCertified").get<bool>()};
    const auto& counts = data.at("deletable").at("deletableCounts");
    return StatusAnswer{true, counts.at("count_deletable_certified").get<uint32_t>() > 0};
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
