// A transaction as a client describes it for a simulation, completed: references of objects, mutability of shared
// ones, gas coins, budget. Spec "Walrus control plane on Sui" section 4.4.
#pragma once

#include "client/sui/rpc.pb.h"
#include "localnet/sui/node_view.h"

namespace walrusfs::localnet::sui {

// From BCS where it is there, else from the described form. Gas that is not named stays empty. kInvalidArgument for
// what makes no sense, and for objects that do not exist.
Result<TransactionData> resolve_transaction(const NodeView& node, const walrusfs::sui::rpc::Transaction& transaction);

// Chooses gas coins and budget as far as they are missing; the budget from a simulation of the same commands.
// kInvalidArgument when the owner's coins do not cover the budget.
Status select_gas(const NodeView& node, TransactionData& data);

// For who wants no gas chosen, but named no budget: all that the coins hold that it named, or the most there may be.
void assume_budget(const NodeView& node, TransactionData& data);

}  // namespace walrusfs::localnet::sui
