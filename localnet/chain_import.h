// Brings the blobs of an old network's ledger onto its new chain.
#pragma once

#include "localnet/old_ledger.h"
#include "localnet/sui/full_node.h"

namespace walrusfs::localnet {

// Every live object that the chain does not have yet, with its id; the network itself makes them, nobody pays. What was
// the old wallet's, which had no key, becomes `wallet`'s. May be repeated after a crash.
// Objects as they are to be from now on, and events, in one record, without anybody's transaction.
Status put_on_chain(sui::FullNode& node, const std::vector<sui::Object>& objects,
                    const std::vector<sui::EmittedEvent>& events);

Status import_old_ledger(sui::FullNode& node, const OldLedger& old, const sui::Address& wallet);

}  // namespace walrusfs::localnet
