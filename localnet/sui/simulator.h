// Trying out a transaction: what execute() would do with it, without a trace, also when it names no gas coin.
#pragma once

#include "localnet/sui/executor.h"

namespace walrusfs::localnet::sui {

// With kOff nobody asks whether the sender owns the inputs: how programs look at what a call would return.
enum class Checks { kOn, kOff };

// As execute(). A transaction without payment is paid by a made-up coin of its gas owner, with more in it than any
// budget; the coin shows in the effects. The digest is that of the transaction as it was given.
Result<Execution> simulate(Rules rules, const TransactionData& data, Checks checks);

// The made-up coin: as on real nodes, an id that no object ever has, and a billion SUI.
extern const ObjectId kMadeUpCoinId;
constexpr uint64_t kMadeUpMist = 1'000'000'000'000'000'000;
static_assert(kMadeUpMist > kMaxGasBudget);

}  // namespace walrusfs::localnet::sui
