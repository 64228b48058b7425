// What a transaction did: the chain's record of it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "localnet/sui/object.h"

namespace walrusfs::localnet::sui {

// Kinds of failure as their numbers stand on the wire.
enum class FailureKind : uint32_t {
  kInsufficientGas = 1,
  kInvariantViolation = 3,
  kObjectTooBig = 5,
  kInsufficientCoinBalance = 8,
  kCoinBalanceOverflow = 9,
  kMoveAbort = 13,
  kFunctionNotFound = 16,
  kArity = 17,
  kTypeArity = 18,
  kCommandArgument = 20,
  kTypeArgument = 21,
  kUnusedValue = 22,
};

// What is wrong with an argument, as its number stands on the wire.
enum class ArgumentProblem : uint32_t {
  kTypeMismatch = 1,
  kInvalidBytes = 2,
  kIndexOutOfBounds = 5,
  kResultOutOfBounds = 6,
  kInvalidResultArity = 7,
  kGasCoinByValue = 8,
  kInvalidValueUsage = 9,
  kInvalidObjectByValue = 10,
  kInvalidObjectByMutRef = 11,
};

// The largest Move object, in bytes of its contents.
constexpr uint64_t kMaxObjectBytes = 250 * 1024;

// Why a transaction failed while it ran. It is still part of the chain, and its gas is paid.
struct Failure {
  uint32_t kind = 0;  // a FailureKind
  std::optional<uint64_t> command;
  ObjectId package;  // this and the next three: of aborts
  std::string module, function;
  uint64_t abort_code = 0;
  uint32_t argument = 0;          // this and the next: of argument errors
  uint32_t argument_problem = 0;  // an ArgumentProblem
  uint64_t object_bytes = 0;      // of an object that is too big

  std::string description() const;
  static auto bcs_fields(auto& self) {
    return std::tie(self.kind, self.command, self.package, self.module, self.function, self.abort_code, self.argument,
                    self.argument_problem, self.object_bytes);
  }
};

// MIST.
struct GasCost {
  uint64_t computation = 0, storage = 0, rebate = 0, non_refundable = 0;
  static auto bcs_fields(auto& self) {
    return std::tie(self.computation, self.storage, self.rebate, self.non_refundable);
  }
};

// An object at one end of a transaction.
struct ObjectState {
  uint64_t version = 0;
  SuiDigest digest;
  Owner owner;
  static auto bcs_fields(auto& self) { return std::tie(self.version, self.digest, self.owner); }
};

enum class IdOperation : uint8_t { kNone = 0, kCreated = 1, kDeleted = 2 };

struct ObjectChange {
  ObjectId id;
  std::optional<ObjectState> before, after;  // absent: did not exist, or was wrapped in another object
  uint8_t id_operation = 0;                  // an IdOperation
  TypeTag type;
  static auto bcs_fields(auto& self) {
    return std::tie(self.id, self.before, self.after, self.id_operation, self.type);
  }
};

struct EmittedEvent {
  ObjectId package;  // the version that ran
  std::string module;
  Address sender;
  TypeTag type;
  Bytes contents;
  static auto bcs_fields(auto& self) {
    return std::tie(self.package, self.module, self.sender, self.type, self.contents);
  }
};

struct BalanceChange {
  Address address;
  TypeTag coin_type;
  bool negative = false;
  uint64_t amount = 0;
  static auto bcs_fields(auto& self) { return std::tie(self.address, self.coin_type, self.negative, self.amount); }
};

struct Effects {
  std::optional<Failure> failure;
  uint64_t sui_epoch = 0;
  GasCost gas;
  SuiDigest transaction;
  std::optional<ObjectId> gas_object;
  std::vector<SuiDigest> dependencies;
  uint64_t lamport_version = 0;
  std::vector<ObjectChange> changed;  // by id
  std::vector<EmittedEvent> events;
  std::vector<BalanceChange> balance_changes;

  const ObjectChange* change_of(const ObjectId& id) const;
  // The chain's own form of the effects (TransactionEffects::V2), and its digest.
  Bytes to_chain_bcs() const;
  SuiDigest digest() const;
  Bytes events_to_chain_bcs() const;
  std::optional<SuiDigest> events_digest() const;  // nothing when there are none

  // How the ledger keeps them.
  static auto bcs_fields(auto& self) {
    return std::tie(self.failure, self.sui_epoch, self.gas, self.transaction, self.gas_object, self.dependencies,
                    self.lamport_version, self.changed, self.events, self.balance_changes);
  }
};

}  // namespace walrusfs::localnet::sui
