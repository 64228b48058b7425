#include "localnet/relay_tip.h"

#include <limits>
#include <nlohmann/json.hpp>

#include "base/crypto.h"

namespace walrusfs::localnet {
namespace {

using nlohmann::ordered_json;

constexpr uint64_t kKib = 1024;
// Clocks differ a little.
constexpr uint64_t kFutureMs = 30'000;

ordered_json kind_json(const ConstTip& kind) { return {{"const", kind.mist}}; }
ordered_json kind_json(const LinearTip& kind) {
  return {{"linear", {{"base", kind.base}, {"encoded_size_mul_per_kib", kind.encoded_size_mul_per_kib}}}};
}

// What `receiver` got, over all changes.
std::optional<uint64_t> received(const TransactionFacts& facts, const sui::Address& receiver) {
  std::optional<uint64_t> sum;
  for (const auto& change : facts.sui_changes)
    if (change.owner == receiver && !change.negative) sum = sum.value_or(0) + change.mist;
  return sum;
}

std::optional<RelayRefusal> check_fresh(Millis freshness, uint64_t now_ms, const TransactionFacts& facts) {
  if (facts.time_ms > now_ms + kFutureMs)
    return RelayRefusal{400, "the transaction is from the future: the clocks do not agree"};
  if (now_ms > facts.time_ms && now_ms - facts.time_ms > static_cast<uint64_t>(freshness.count()))
    return RelayRefusal{400, "the transaction is too old"};
  return std::nullopt;
}

std::optional<RelayRefusal> check_paid(const TipConfig& tip, const TransactionFacts& facts, uint64_t encoded_bytes) {
  const auto paid = received(facts, tip.address);
  const uint64_t wanted = tip_mist(tip, encoded_bytes);
  if (!paid) return RelayRefusal{402, "the transaction pays no tip to " + tip.address.to_string()};
  if (*paid < wanted)
    return RelayRefusal{402, "the tip of " + std::to_string(*paid) + " MIST is too small: " + std::to_string(wanted) +
                                 " are wanted"};
  return std::nullopt;
}

std::optional<RelayRefusal> check_package(const TransactionFacts& facts, const TipClaim& claim) {
  constexpr size_t kDigest = sizeof(Digest);
  if (!facts.first_input || facts.first_input->size() != kAuthPackageBytes)
    return RelayRefusal{400, "the first input of the transaction is no authentication package: a pure value of " +
                                 std::to_string(kAuthPackageBytes) + " bytes"};
  const ByteView given = *facts.first_input;
  const Bytes wanted_bytes = auth_package(claim.blob, claim.nonce);
  const ByteView wanted = wanted_bytes;
  if (!equal(given.subspan(kDigest, kDigest), wanted.subspan(kDigest, kDigest)))
    return RelayRefusal{401, "the nonce is not the one that the transaction commits to"};
  if (!equal(given.subspan(2 * kDigest), wanted.subspan(2 * kDigest)))
    return RelayRefusal{401, "the blob has not the length that the transaction commits to"};
  if (!equal(given.first(kDigest), wanted.first(kDigest)))
    return RelayRefusal{401, "the blob is not the one that the transaction commits to"};
  return std::nullopt;
}

}  // namespace

uint64_t tip_mist(const TipConfig& tip, uint64_t encoded_bytes) {
  if (const auto* fixed = std::get_if<ConstTip>(&tip.kind)) return fixed->mist;
  const auto& linear = std::get<LinearTip>(tip.kind);
  const uint64_t started = encoded_bytes / kKib + (encoded_bytes % kKib != 0 ? 1 : 0);
  uint64_t sum = 0;
  const bool too_much = __builtin_mul_overflow(started, linear.encoded_size_mul_per_kib, &sum) ||
                        __builtin_add_overflow(sum, linear.base, &sum);
  return too_much ? std::numeric_limits<uint64_t>::max() : sum;
}

std::string tip_config_json(const Tip& tip) {
  if (!tip) return "\"no_tip\"";
  ordered_json out;
  out["send_tip"]["address"] = tip->address.to_string();
  out["send_tip"]["kind"] = std::visit([](const auto& kind) { return kind_json(kind); }, tip->kind);
  return out.dump();
}

Bytes auth_package(ByteView blob, ByteView nonce) {
  Bytes out;
  out.reserve(kAuthPackageBytes);
  append(out, sha256(blob));
  append(out, sha256(nonce));
  append_le<uint64_t>(out, blob.size());
  return out;
}

std::optional<RelayRefusal> check_tip(const TipConfig& tip, Millis freshness, uint64_t now_ms,
                                      const TransactionFacts& facts, const TipClaim& claim) {
  if (auto refused = check_fresh(freshness, now_ms, facts)) return refused;
  if (auto refused = check_paid(tip, facts, claim.encoded_bytes)) return refused;
  return check_package(facts, claim);
}

}  // namespace walrusfs::localnet
