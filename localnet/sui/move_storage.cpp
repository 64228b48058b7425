// Reserving space, and storage_resource: splitting and joining what was reserved.
#include "localnet/sui/move_tables.h"
#include "localnet/sui/walrus_state.h"

namespace walrusfs::localnet::sui {
namespace {

constexpr std::string_view kModule = "storage_resource";
enum : uint64_t { kInvalidEpoch = 0, kIncompatibleEpochs = 1, kIncompatibleAmount = 2 };

TypeTag storage_type(const Call& call) { return type_of(Parameter::Kind::kStorage, call.packages, {}); }

Step reserve(Call& call, const Span& span, size_t coin) {
  SystemField system = load_system(call);
  MOVE_TRY(buy_storage(call, system, span, coin));
  save_system(call, system);
  call.give(storage_type(call), new_storage(call, span));
  return {};
}

// (System, size, epochs ahead, coin)
Step reserve_space(Call& call) {
  const uint32_t now = load_system(call).value.committee.epoch;
  const uint32_t ahead = call.get<uint32_t>(2);
  const uint32_t end = ahead > UINT32_MAX - now ? UINT32_MAX : now + ahead;
  return reserve(call, {now, end, call.get<uint64_t>(1)}, 3);
}

// (System, size, start, end, coin)
Step reserve_space_for_epochs(Call& call) {
  const uint32_t now = load_system(call).value.committee.epoch;
  return reserve(call, {std::max(now, call.get<uint32_t>(2)), call.get<uint32_t>(3), call.get<uint64_t>(1)}, 4);
}

Step split_by_epoch(Call& call) {
  auto storage = call.get<Storage>(0);
  const auto epoch = call.get<uint32_t>(1);
  if (epoch <= storage.start_epoch || epoch >= storage.end_epoch)
    return call.abort(kModule, "split_by_epoch", kInvalidEpoch);
  call.give(storage_type(call), new_storage(call, {epoch, storage.end_epoch, storage.storage_size}));
  storage.end_epoch = epoch;
  call.set(0, storage);
  return {};
}

Step split_by_size(Call& call) {
  auto storage = call.get<Storage>(0);
  const auto size = call.get<uint64_t>(1);
  if (size > storage.storage_size) return call.abort(kModule, "split_by_size", kIncompatibleAmount);
  call.give(storage_type(call),
            new_storage(call, {storage.start_epoch, storage.end_epoch, storage.storage_size - size}));
  storage.storage_size = size;
  call.set(0, storage);
  return {};
}

Step fuse_amount(Call& call) {
  auto first = call.get<Storage>(0);
  const auto second = call.get<Storage>(1);
  if (first.start_epoch != second.start_epoch || first.end_epoch != second.end_epoch)
    return call.abort(kModule, "fuse_amount", kIncompatibleEpochs);
  first.storage_size += second.storage_size;
  call.work.delete_id(second.id);
  call.set(0, first);
  return {};
}

Step fuse_periods(Call& call) {
  auto first = call.get<Storage>(0);
  const auto second = call.get<Storage>(1);
  if (first.storage_size != second.storage_size) return call.abort(kModule, "fuse_periods", kIncompatibleAmount);
  if (first.end_epoch == second.start_epoch) {
    first.end_epoch = second.end_epoch;
  } else if (second.end_epoch == first.start_epoch) {
    first.start_epoch = second.start_epoch;
  } else {
    return call.abort(kModule, "fuse_periods", kIncompatibleEpochs);
  }
  call.work.delete_id(second.id);
  call.set(0, first);
  return {};
}

Step fuse(Call& call) {
  const bool same_start = call.get<Storage>(0).start_epoch == call.get<Storage>(1).start_epoch;
  return same_start ? fuse_amount(call) : fuse_periods(call);
}

Step destroy(Call& call) {
  call.work.delete_id(call.get<Storage>(0).id);
  return {};
}

}  // namespace

std::span<const MoveFunction> storage_functions() {
  using namespace parameter;
  using enum Parameter::Kind;
  constexpr auto kWalrus = MoveFunction::Where::kWalrus;
  static const std::vector<MoveFunction> table = {
      {kWalrus, "system", "reserve_space", {mut(kSystem), value(kU64), value(kU32), mut(kCoinWal)}, 0, reserve_space},
      {kWalrus,
       "system",
       "reserve_space_for_epochs",
       {mut(kSystem), value(kU64), value(kU32), value(kU32), mut(kCoinWal)},
       0,
       reserve_space_for_epochs},
      {kWalrus, kModule, "split_by_epoch", {mut(kStorage), value(kU32)}, 0, split_by_epoch},
      {kWalrus, kModule, "split_by_size", {mut(kStorage), value(kU64)}, 0, split_by_size},
      {kWalrus, kModule, "fuse", {mut(kStorage), value(kStorage)}, 0, fuse},
      {kWalrus, kModule, "fuse_periods", {mut(kStorage), value(kStorage)}, 0, fuse_periods},
      {kWalrus, kModule, "fuse_amount", {mut(kStorage), value(kStorage)}, 0, fuse_amount},
      {kWalrus, kModule, "destroy", {value(kStorage)}, 0, destroy},
  };
  return table;
}

}  // namespace walrusfs::localnet::sui
