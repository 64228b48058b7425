// The chain's rules without storage, network and clock: a transaction, the objects and the time of the moment become
// effects and changed objects, the same ones whenever it is asked again.
#pragma once

#include <functional>

#include "localnet/sui/call.h"

namespace walrusfs::localnet::sui {

struct Execution {
  Effects effects;
  std::vector<Object> written;    // created and changed ones, complete
  std::vector<ObjectId> removed;  // deleted and wrapped ones
  std::vector<CommandOutput> outputs;  // by command; none of what failed
};

struct Rules {
  const Network& network;
  const ObjectReader& objects;
  const CertificateVerifier& certificates;
  uint64_t now_ms = 0;
  bool any_owner = false;  // inputs need not be the sender's: of simulations
};

// An error is a refusal before execution, which leaves no trace: kInvalidArgument for inputs that are not what the
// transaction says (versions, digests, owners), gas that cannot pay, expired transactions. Failing while running is
// an Execution with a failure in its effects.
Result<Execution> execute(const Rules& rules, const TransactionData& data, const SuiDigest& digest);

// What the network itself does, by the same functions that Move calls run: without signatures, without gas. All of it,
// or kNotPermitted with the abort of the contract.
using Action = std::function<Step(Call&)>;
Result<Execution> perform(const Rules& rules, const Action& action, const Address& sender, const SuiDigest& digest);

// Gas that is charged at the least, in units.
constexpr uint64_t kComputationUnits = 1000;
constexpr uint64_t kStoragePricePerByte = 7600;  // MIST: 100 units of 76

}  // namespace walrusfs::localnet::sui
