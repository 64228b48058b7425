// Transactions of the local chain, as the upload relay reads them.
#pragma once

#include "localnet/relay_tip.h"
#include "localnet/sui/full_node.h"

namespace walrusfs::localnet {

class ChainTransactions final : public TransactionSource {
 public:
  // `node` must outlive it.
  explicit ChainTransactions(const sui::FullNode& node) : node_(node) {}
  Result<TransactionFacts> transaction(const sui::SuiDigest& digest) const override;

 private:
  const sui::FullNode& node_;
};

}  // namespace walrusfs::localnet
