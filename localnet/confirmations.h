// Asks storage nodes to confirm that they keep a blob, and makes a certificate of their signatures.
//
// Safe to call from any thread.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "codec/signed_messages.h"
#include "localnet/committee.h"
#include "localnet/ledger.h"
#include "localnet/node_directory.h"

namespace walrusfs::localnet {

struct ConfirmationRound {
  uint32_t weight = 0;                     // shards of the nodes whose confirmation checked out
  std::string failures;                    // "node 2: …; node 4: …", empty when none
  std::optional<Certificate> certificate;  // once the weight is enough
};

// Asks the nodes for which `asked` says so (in committee order, as the clients). Every answer is compared with what was
// asked for; the signatures are verified before they count, all at once, and one by one when that fails.
ConfirmationRound collect_confirmations(const Committee& committee, std::span<const NodeClientPtr> nodes,
                                        const std::vector<bool>& asked, const StorageConfirmation& wanted);

// As the transaction carries it.
BlobCertificate to_transaction(const Certificate& certificate, const Committee& committee);

}  // namespace walrusfs::localnet
