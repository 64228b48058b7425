// Epochs of Walrus on the local chain.
#pragma once

#include "localnet/sui/full_node.h"

namespace walrusfs::localnet::sui {

// System and Staking go to the next epoch together, with the same committee, in one record: the past epoch's room
// and rewards leave the ring, EpochChangeStart and EpochChangeDone are told. The new epoch.
Result<uint32_t> advance_epoch(FullNode& node);

}  // namespace walrusfs::localnet::sui
