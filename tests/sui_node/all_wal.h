// All WAL that there is on a local chain, for tests that see to it that none is lost or made.
#pragma once

#include <span>

#include "localnet/sui/full_node.h"

namespace walrusfs::localnet::sui {

// In the wallets of `owners`, staked by them, earned, to be earned, and to be bought.
uint64_t all_wal(const FullNode& chain, std::span<const Address> owners);

}  // namespace walrusfs::localnet::sui
