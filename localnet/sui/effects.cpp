#include "localnet/sui/effects.h"

#include <algorithm>

#include "base/crypto.h"

namespace walrusfs::localnet::sui {
namespace {

constexpr uint32_t kEffectsV2 = 1;
enum : uint32_t { kAbsent = 0, kPresent = 1 };
enum : uint32_t { kSuccess = 0, kFailed = 1 };

const char* kind_name(FailureKind kind) {
  switch (kind) {
    case FailureKind::kInsufficientGas: return "InsufficientGas";
    case FailureKind::kInvariantViolation: return "InvariantViolation";
    case FailureKind::kObjectTooBig: return "MoveObjectTooBig";
    case FailureKind::kInsufficientCoinBalance: return "InsufficientCoinBalance";
    case FailureKind::kCoinBalanceOverflow: return "CoinBalanceOverflow";
    case FailureKind::kMoveAbort: return "MoveAbort";
    case FailureKind::kFunctionNotFound: return "FunctionNotFound";
    case FailureKind::kArity: return "ArityMismatch";
    case FailureKind::kTypeArity: return "TypeArityMismatch";
    case FailureKind::kCommandArgument: return "CommandArgumentError";
    case FailureKind::kTypeArgument: return "TypeArgumentError";
    case FailureKind::kUnusedValue: return "UnusedValueWithoutDrop";
  }
  return "Failure";
}

// The cases of the chain's enum are numbered from 0, those of the wire from 1.
void write_failure(BcsWriter& out, const Failure& failure) {
  out.uleb(failure.kind - 1);
  const auto kind = static_cast<FailureKind>(failure.kind);
  if (kind == FailureKind::kMoveAbort) {
    bcs_write(out, failure.package);
    bcs_write(out, failure.module);
    bcs_write(out, uint16_t{0});  // number of the function and the instruction in it: no code runs here
    bcs_write(out, uint16_t{0});
    bcs_write(out, std::optional<std::string>(failure.function));
    bcs_write(out, failure.abort_code);
  }
  if (kind == FailureKind::kObjectTooBig) {
    bcs_write(out, failure.object_bytes);
    bcs_write(out, kMaxObjectBytes);
  }
  if (kind == FailureKind::kCommandArgument) {
    bcs_write(out, static_cast<uint16_t>(failure.argument));
    out.uleb(failure.argument_problem - 1);
  }
  bcs_write(out, failure.command);
}

void write_change(BcsWriter& out, const ObjectChange& change) {
  bcs_write(out, change.id);
  out.uleb(change.before ? kPresent : kAbsent);
  if (change.before) bcs_write(out, *change.before);
  out.uleb(change.after ? kPresent : kAbsent);
  if (change.after) {
    bcs_write(out, change.after->digest);
    bcs_write(out, change.after->owner);
  }
  out.uleb(change.id_operation);
}

}  // namespace

std::string Failure::description() const {
  const std::string name = kind_name(static_cast<FailureKind>(kind));
  if (static_cast<FailureKind>(kind) == FailureKind::kMoveAbort)
    return name + "(" + module + "::" + function + ", " + std::to_string(abort_code) + ")";
  if (static_cast<FailureKind>(kind) == FailureKind::kCommandArgument)
    return name + "(argument " + std::to_string(argument) + ", problem " + std::to_string(argument_problem) + ")";
  return name;
}

const ObjectChange* Effects::change_of(const ObjectId& id) const {
  const auto found = std::find_if(changed.begin(), changed.end(), [&](const auto& change) { return change.id == id; });
  return found == changed.end() ? nullptr : &*found;
}

std::optional<SuiDigest> Effects::events_digest() const {
  if (events.empty()) return std::nullopt;
  Bytes preimage = to_bytes(as_bytes("TransactionEvents::"));
  append(preimage, events_to_chain_bcs());
  return SuiDigest{blake2b256(preimage)};
}

Bytes Effects::events_to_chain_bcs() const {
  BcsWriter out;
  out.uleb(static_cast<uint32_t>(events.size()));
  for (const EmittedEvent& event : events) {
    bcs_write(out, event.package);
    bcs_write(out, event.module);
    bcs_write(out, event.sender);
    event.type.bcs_write_struct(out);
    bcs_write(out, event.contents);
  }
  return out.take();
}

Bytes Effects::to_chain_bcs() const {
  BcsWriter out;
  out.uleb(kEffectsV2);
  out.uleb(failure ? kFailed : kSuccess);
  if (failure) write_failure(out, *failure);
  bcs_write(out, sui_epoch);
  bcs_write(out, gas);
  bcs_write(out, transaction);
  std::optional<uint32_t> gas_index;
  for (size_t i = 0; gas_object && i < changed.size(); ++i)
    if (changed[i].id == *gas_object) gas_index = static_cast<uint32_t>(i);
  bcs_write(out, gas_index);
  bcs_write(out, events_digest());
  bcs_write(out, dependencies);
  bcs_write(out, lamport_version);
  out.uleb(static_cast<uint32_t>(changed.size()));
  for (const ObjectChange& change : changed) write_change(out, change);
  out.uleb(0);                                 // no unchanged consensus objects are told
  bcs_write(out, std::optional<SuiDigest>());  // no auxiliary data
  return out.take();
}

SuiDigest Effects::digest() const {
  Bytes preimage = to_bytes(as_bytes("TransactionEffects::"));
  append(preimage, to_chain_bcs());
  return {blake2b256(preimage)};
}

}  // namespace walrusfs::localnet::sui
