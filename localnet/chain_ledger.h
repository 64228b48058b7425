// The Ledger over the Sui full node: what is asked is answered from an index that follows the chain's events, whoever
// made them; what is done is done by real transactions of the network's wallet.
//
// Safe to call from any thread. The index is in memory: opening reads the chain once, afterwards only what is new.
#pragma once

#include <memory>

#include "localnet/chain_wallet.h"
#include "localnet/ledger.h"

namespace walrusfs::localnet {

// Both must outlive the ledger.
Result<std::unique_ptr<Ledger>> open_chain_ledger(sui::FullNode& node, ChainWallet& wallet);

}  // namespace walrusfs::localnet
