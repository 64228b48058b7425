// The chain's rules without storage, network and time: a transaction and the objects of the moment become effects and
// changed objects, the same ones whenever it is asked again.
#pragma once

#include "localnet/sui/certificates.h"
#include "localnet/sui/effects.h"
#include "localnet/sui/network.h"

namespace walrusfs::localnet::sui {

struct Execution {
  Effects effects;
  std::vector<Object> written;    // created and changed ones, complete
  std::vector<ObjectId> removed;  // deleted and wrapped ones
};

struct Rules {
  const Network& network;
  const ObjectReader& objects;
  const CertificateVerifier& certificates;
};

// An error is a refusal before execution, which leaves no trace: kInvalidArgument for inputs that are not what the
// transaction says (versions, digests, owners), gas that cannot pay, expired transactions. Failing while running is
// an Execution with a failure in its effects.
Result<Execution> execute(const Rules& rules, const TransactionData& data, const SuiDigest& digest);

// Gas that is charged at the least, in units.
constexpr uint64_t kComputationUnits = 1000;
constexpr uint64_t kStoragePricePerByte = 7600;  // MIST: 100 units of 76

}  // namespace walrusfs::localnet::sui
