#include "localnet/sui/changes.h"

namespace walrusfs::localnet::sui {

Changes::Changes(const Workspace& work, uint64_t version, const SuiDigest& by) : version_(version), by_(by) {
  for (const auto& [id, entry] : work.entries())
    if (entry.written) add(work, id, entry);
}

void Changes::add(const Workspace& work, const ObjectId& id, const Workspace::Entry& entry) {
  if (entry.before) before_.emplace(id, *entry.before);
  if (work.was_created(id) && entry.live) created_.insert(id);
  // Created, too: dynamic fields, whose ids are derived and not drawn.
  if (!entry.before && entry.live && std::holds_alternative<ObjectOwner>(entry.owner)) created_.insert(id);
  if (work.was_deleted(id) && !entry.live) deleted_.insert(id);
  if (!entry.live) return;
  const uint64_t rebate = entry.before ? entry.before->storage_rebate : 0;
  Object object{id, version_, entry.owner, entry.type, entry.contents, by_, rebate};
  if (auto* shared = std::get_if<SharedOwner>(&object.owner); shared != nullptr && !entry.before)
    shared->initial_version = object.version;
  after_.emplace(id, std::move(object));
}

void Changes::tell(Effects& effects) const {
  std::set<SuiDigest> dependencies;
  for (const auto& [id, object] : before_) dependencies.insert(object.previous_transaction);
  effects.dependencies.assign(dependencies.begin(), dependencies.end());
  tell_objects(effects);
  tell_balances(effects);
}

void Changes::tell_objects(Effects& effects) const {
  std::set<ObjectId> ids;
  for (const auto& [id, object] : before_) ids.insert(id);
  for (const auto& [id, object] : after_) ids.insert(id);
  for (const ObjectId& id : ids) {
    ObjectChange change;
    change.id = id;
    const auto before = before_.find(id), after = after_.find(id);
    if (before != before_.end()) {
      change.before = {before->second.version, before->second.digest(), before->second.owner};
      change.type = before->second.type;
    }
    if (after != after_.end()) {
      change.after = {after->second.version, after->second.digest(), after->second.owner};
      change.type = after->second.type;
    }
    if (created_.contains(id)) change.id_operation = static_cast<uint8_t>(IdOperation::kCreated);
    if (deleted_.contains(id)) change.id_operation = static_cast<uint8_t>(IdOperation::kDeleted);
    effects.changed.push_back(std::move(change));
  }
}

// Coins of accounts: sums before and after. All coins of one type together fit 64 bits.
void Changes::tell_balances(Effects& effects) const {
  struct Sums {
    uint64_t before = 0, after = 0;
  };
  std::map<std::pair<Address, std::string>, Sums> sums;
  const auto add = [&](const Object& object, uint64_t Sums::*side) {
    const auto* account = std::get_if<AddressOwner>(&object.owner);
    if (account == nullptr || !object.type.is_struct(kSuiFramework, "coin", "Coin")) return;
    const auto coin = bcs_decode<Coin>(object.contents, "a coin").value();
    sums[{account->address, object.type.params[0].to_string()}].*side += coin.balance;
  };
  for (const auto& [id, object] : before_) add(object, &Sums::before);
  for (const auto& [id, object] : after_) add(object, &Sums::after);
  for (const auto& [who, sum] : sums) {
    if (sum.before == sum.after) continue;
    const bool less = sum.after < sum.before;
    const uint64_t amount = less ? sum.before - sum.after : sum.after - sum.before;
    effects.balance_changes.push_back({who.first, TypeTag::parse(who.second).value(), less, amount});
  }
}

std::vector<Object> Changes::written() const {
  std::vector<Object> out;
  for (const auto& [id, object] : after_) out.push_back(object);
  return out;
}

std::vector<ObjectId> Changes::removed() const {
  std::vector<ObjectId> out;
  for (const auto& [id, object] : before_)
    if (!after_.contains(id)) out.push_back(id);
  return out;
}

}  // namespace walrusfs::localnet::sui
