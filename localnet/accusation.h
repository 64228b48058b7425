// Brings an inconsistent blob before the ledger: the nodes are shown the proof, and their signed verdicts make a
// certificate by which the ledger marks the blob as invalid.
#pragma once

#include "codec/certificate.h"
#include "codec/recovery.h"
#include "localnet/node_directory.h"

namespace walrusfs::localnet {

// Every verdict is checked before it counts. kUnavailable when nodes of less than validity weight agree.
Result<Certificate> collect_verdicts(const Committee& committee, const NodeDirectory& nodes, uint32_t epoch,
                                     const BlobId& blob, const InconsistencyProof& proof);

}  // namespace walrusfs::localnet
