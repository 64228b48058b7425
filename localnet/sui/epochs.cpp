#include "localnet/sui/epochs.h"

#include "localnet/sui/walrus_state.h"

namespace walrusfs::localnet::sui {
namespace {

using StakingField = Field<uint64_t, StakingInner>;

template <typename Content>
Content content_of(const Object& object) {
  return bcs_decode<Content>(object.contents, "an object of this ledger").value();
}

void turn_ring(SystemStateInner& inner) {
  FutureAccountingRing& ring = inner.future_accounting;
  ring.ring[ring.current_index] = {inner.committee.epoch + ring.length, 0, 0};
  ring.current_index = (ring.current_index + 1) % ring.length;
  ++inner.committee.epoch;
  inner.used_capacity_size = ring.ring[ring.current_index].used_capacity;
}

EmittedEvent epoch_event(const Packages& packages, const char* name, uint32_t epoch) {
  return {packages.walrus_current, "staking_inner", Address{}, packages.walrus_type("events", name), bcs_encode(epoch)};
}

}  // namespace

Result<uint32_t> advance_epoch(FullNode& node) {
  const Network network = node.network();
  const uint64_t version = network.packages.walrus_version;
  Object system = node.object(inner_state_id(network.system, version)).value();
  Object staking = node.object(inner_state_id(network.staking, version)).value();
  auto system_field = content_of<SystemField>(system);
  auto staking_field = content_of<StakingField>(staking);
  turn_ring(system_field.value);
  const uint32_t epoch = system_field.value.committee.epoch;
  staking_field.value.epoch = epoch;
  staking_field.value.previous_committee = staking_field.value.committee;
  staking_field.value.next_committee.reset();
  staking_field.value.next_epoch_params.reset();
  staking_field.value.epoch_state = walrusfs::sui::EpochChangeDone{node.now_ms()};
  system.contents = bcs_encode(system_field);
  staking.contents = bcs_encode(staking_field);
  // The shared objects themselves move on, too, so that readers who cache them by version notice.
  std::vector<Object> objects = {system, staking, node.object(network.system).value(),
                                 node.object(network.staking).value()};
  WFS_TRY(node.overrule(std::move(objects), {epoch_event(network.packages, "EpochChangeStart", epoch),
                                             epoch_event(network.packages, "EpochChangeDone", epoch)}));
  return epoch;
}

}  // namespace walrusfs::localnet::sui
