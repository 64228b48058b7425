#include "tests/sui_node/all_wal.h"

#include "localnet/sui/epochs.h"
#include "localnet/sui/staking_state.h"

namespace walrusfs::localnet::sui {
namespace {

constexpr size_t kAll = 1'000'000;

template <typename T>
T read(const FullNode& chain, const ObjectId& id) {
  return bcs_decode<T>(chain.object(id).value().contents, "an object").value();
}

}  // namespace

uint64_t all_wal(const FullNode& chain, std::span<const Address> owners) {
  const Network network = chain.network();
  const auto system = read<SystemField>(chain, inner_state_id(network.system, network.packages.walrus_version));
  uint64_t sum = read<Exchange>(chain, network.exchange).wal;
  for (const FutureAccounting& epoch : system.value.future_accounting.ring) sum += epoch.rewards;
  for (const Address& owner : owners) {
    sum += chain.balance(owner, network.packages.wal_type()).balance;
    for (const Object& staked : chain.owned_by(owner, staked_wal_type(network.packages), {}, kAll))
      sum += bcs_decode<StakedWal>(staked.contents, "a stake").value().principal;
  }
  for (const NodeView& node : view_nodes(chain)) sum += node.rewards_pool + node.commission;
  return sum;
}

}  // namespace walrusfs::localnet::sui
