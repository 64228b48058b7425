// Programmable transactions: what is built, signed and sent, and what a node reads. Layout: spec "Walrus control plane
// on Sui" section 9, checked byte for byte against the official SDK.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "client/sui/types.h"

namespace walrusfs::sui {

// Limits of the protocol (section 3.4); a node refuses what is beyond them.
constexpr size_t kMaxTransactionBytes = 128 * 1024;
constexpr size_t kMaxPureBytes = 16 * 1024;
constexpr size_t kMaxInputs = 2048;
constexpr size_t kMaxCommands = 1024;
constexpr size_t kMaxArguments = 512;
constexpr size_t kMaxGasObjects = 256;
constexpr uint64_t kMaxGasBudget = 50'000'000'000'000;  // 50 000 SUI in MIST

// ---- inputs

// BCS of a value that is no object: its type is what the function wants.
struct Pure {
  Bytes bytes;
  bool operator==(const Pure&) const = default;
  static auto bcs_fields(auto& self) { return std::tie(self.bytes); }
};

enum class Mutability : uint8_t { kImmutable = 0, kMutable = 1, kNonExclusiveWrite = 2 };

struct SharedObject {
  ObjectId id;
  uint64_t initial_shared_version = 0;
  uint8_t mutability = 0;  // a Mutability
  bool operator==(const SharedObject&) const = default;
  static auto bcs_fields(auto& self) { return std::tie(self.id, self.initial_shared_version, self.mutability); }
};

struct Receiving {
  ObjectRef object;
  bool operator==(const Receiving&) const = default;
  static auto bcs_fields(auto& self) { return std::tie(self.object); }
};

// An object that is immutable or owned by an address stands as its reference.
using ObjectArg = std::variant<ObjectRef, SharedObject, Receiving>;

struct NoFields {
  bool operator==(const NoFields&) const = default;
  static auto bcs_fields(auto&) { return std::tie(); }
};
struct Sender : NoFields {};
struct Sponsor : NoFields {};
struct Allowance {
  Address funder, allowance;
  bool operator==(const Allowance&) const = default;
  static auto bcs_fields(auto& self) { return std::tie(self.funder, self.allowance); }
};

// A withdrawal from an address balance. The two single-case enums are the protocol's room to grow.
struct FundsWithdrawal {
  std::variant<uint64_t> max_amount;
  std::variant<TypeTag> coin_type;
  std::variant<Sender, Sponsor, Allowance> from;
  bool operator==(const FundsWithdrawal&) const = default;
  static auto bcs_fields(auto& self) { return std::tie(self.max_amount, self.coin_type, self.from); }
};

using CallArg = std::variant<Pure, ObjectArg, FundsWithdrawal>;

// ---- commands

struct GasCoin : NoFields {};
struct Input {
  uint16_t index = 0;
  bool operator==(const Input&) const = default;
  static auto bcs_fields(auto& self) { return std::tie(self.index); }
};
// The only result of a command.
struct CommandResult {
  uint16_t command = 0;
  bool operator==(const CommandResult&) const = default;
  static auto bcs_fields(auto& self) { return std::tie(self.command); }
};
struct NestedResult {
  uint16_t command = 0, index = 0;
  bool operator==(const NestedResult&) const = default;
  static auto bcs_fields(auto& self) { return std::tie(self.command, self.index); }
};
using Argument = std::variant<GasCoin, Input, CommandResult, NestedResult>;

struct MoveCall {
  ObjectId package;
  std::string module, function;
  std::vector<TypeTag> type_arguments;
  std::vector<Argument> arguments;
  bool operator==(const MoveCall&) const = default;
  static auto bcs_fields(auto& self) {
    return std::tie(self.package, self.module, self.function, self.type_arguments, self.arguments);
  }
};
struct TransferObjects {
  std::vector<Argument> objects;
  Argument address;
  bool operator==(const TransferObjects&) const = default;
  static auto bcs_fields(auto& self) { return std::tie(self.objects, self.address); }
};
struct SplitCoins {
  Argument coin;
  std::vector<Argument> amounts;
  bool operator==(const SplitCoins&) const = default;
  static auto bcs_fields(auto& self) { return std::tie(self.coin, self.amounts); }
};
struct MergeCoins {
  Argument destination;
  std::vector<Argument> sources;
  bool operator==(const MergeCoins&) const = default;
  static auto bcs_fields(auto& self) { return std::tie(self.destination, self.sources); }
};
// Publishing and upgrading packages: refused, whoever asks.
struct NotSpoken {
  bool operator==(const NotSpoken&) const = default;
  void bcs_write(BcsWriter&) const {}
  Status bcs_read(BcsReader& in) { return in.fail("it publishes or upgrades a package"); }
};
struct Publish : NotSpoken {};
struct MakeMoveVec {
  std::optional<TypeTag> type;
  std::vector<Argument> elements;
  bool operator==(const MakeMoveVec&) const = default;
  static auto bcs_fields(auto& self) { return std::tie(self.type, self.elements); }
};
struct Upgrade : NotSpoken {};
using Command = std::variant<MoveCall, TransferObjects, SplitCoins, MergeCoins, Publish, MakeMoveVec, Upgrade>;

struct ProgrammableTransaction {
  std::vector<CallArg> inputs;
  std::vector<Command> commands;
  bool operator==(const ProgrammableTransaction&) const = default;
  static auto bcs_fields(auto& self) { return std::tie(self.inputs, self.commands); }
};

// ---- the whole

struct GasData {
  std::vector<ObjectRef> payment;
  Address owner;
  uint64_t price = 0;   // MIST per unit
  uint64_t budget = 0;  // MIST
  bool operator==(const GasData&) const = default;
  static auto bcs_fields(auto& self) { return std::tie(self.payment, self.owner, self.price, self.budget); }
};

struct NoExpiration : NoFields {};
// The last Sui epoch in which it may execute.
struct EpochExpiration {
  uint64_t epoch = 0;
  bool operator==(const EpochExpiration&) const = default;
  static auto bcs_fields(auto& self) { return std::tie(self.epoch); }
};
struct ValidDuring {
  std::optional<uint64_t> min_epoch, max_epoch, min_timestamp_ms, max_timestamp_ms;
  SuiDigest chain;
  uint32_t nonce = 0;
  bool operator==(const ValidDuring&) const = default;
  static auto bcs_fields(auto& self) {
    return std::tie(self.min_epoch, self.max_epoch, self.min_timestamp_ms, self.max_timestamp_ms, self.chain,
                    self.nonce);
  }
};
struct Proposers {
  uint64_t epoch = 0;
  std::vector<uint32_t> allowed;
  bool operator==(const Proposers&) const = default;
  static auto bcs_fields(auto& self) { return std::tie(self.epoch, self.allowed); }
};
struct Validity {
  ValidDuring during;
  std::optional<Proposers> proposers;
  bool operator==(const Validity&) const = default;
  static auto bcs_fields(auto& self) { return std::tie(self.during, self.proposers); }
};
using Expiration = std::variant<NoExpiration, EpochExpiration, ValidDuring, Validity>;

struct TransactionData {
  ProgrammableTransaction programmable;
  Address sender;
  GasData gas;
  Expiration expiration;

  // kCorrupt when malformed, kTooLarge beyond the limits above; the message says which.
  static Result<TransactionData> decode(ByteView bytes);
  Bytes encode() const;

  bool operator==(const TransactionData&) const = default;
};

// Of the encoded TransactionData.
SuiDigest transaction_digest(ByteView transaction_bytes);

// ---- building

// Collects inputs and commands. Equal pure inputs and repeated objects become one input; a shared object is mutable
// when any use of it is. Never fails; TransactionData::decode() of the outcome checks the limits.
class TransactionBuilder {
 public:
  template <typename T>
  Argument pure(const T& value) {
    return pure_bytes(bcs_encode(value));
  }
  // Already in BCS, or raw bytes that no function takes.
  Argument pure_bytes(Bytes bytes);
  Argument object(const ObjectRef& object);
  Argument shared(const ObjectId& id, uint64_t initial_shared_version, bool is_mutable);

  // Results are named with result(); a command without results ignores it.
  Argument call(const ObjectId& package, std::string module, std::string function, std::vector<Argument> arguments,
                std::vector<TypeTag> type_arguments = {});
  void transfer(std::vector<Argument> objects, const Address& to);
  // The results are NestedResult{command, i}; see nested().
  Argument split(Argument coin, const std::vector<uint64_t>& amounts);
  void merge(Argument destination, std::vector<Argument> sources);

  TransactionData finish(const Address& sender, GasData gas, Expiration expiration) const;

 private:
  Argument add_input(CallArg input);
  Argument add(Command command);
  ProgrammableTransaction programmable_;
};

// The index-th result of the command that `whole` is the result of.
Argument nested(const Argument& whole, uint16_t index);

}  // namespace walrusfs::sui
