#include "fs/vfs/name_overlay.h"

#include <algorithm>

#include "base/check.h"

namespace walrusfs {
namespace {

constexpr size_t kFewestClean = 256;  // see InodeTable::trim

}  // namespace

NameOverlay::Directory& NameOverlay::directory(InodeId id) {
  auto [place, is_new] = directories_.try_emplace(raw(id));
  if (is_new) place->second.queue_place = queue_.insert(queue_.end(), id);
  place->second.recently_used = true;
  return place->second;
}

const NameOverlay::Directory* NameOverlay::known(InodeId id) const {
  auto found = directories_.find(raw(id));
  return found == directories_.end() ? nullptr : &found->second;
}

NameOverlay::Answer NameOverlay::find(InodeId id, const std::string& name) {
  auto found = directories_.find(raw(id));
  if (found == directories_.end()) return {};
  Directory& in = found->second;
  in.recently_used = true;
  auto slot = in.slots.find(name);
  if (slot == in.slots.end()) return {in.complete ? Known::kAbsent : Known::kUnknown, {}};
  if (!slot->second.here) return {Known::kAbsent, {}};
  return {Known::kHere, slot->second.target};
}

void NameOverlay::learn(InodeId id, const std::string& name, const std::optional<EntryTarget>& target) {
  Directory& in = directory(id);
  if (in.complete && !target) return;
  auto [slot, is_new] = in.slots.try_emplace(name);
  if (!is_new) return;
  ++slots_;
  slot->second.in_index = target.has_value();
  set_target(in, *slot, target);
}

void NameOverlay::set_target(Directory& in, Slots::value_type& named, const std::optional<EntryTarget>& target) {
  Slot& slot = named.second;
  if (slot.here) {
    --in.here;
    in.by_cookie.erase(slot.target.cookie);
  }
  slot.here = target.has_value();
  if (!target) return;
  slot.target = *target;
  ++in.here;
  if (slot.listed || in.complete) in.by_cookie[slot.target.cookie] = &named;
}

void NameOverlay::change(InodeId id, const std::string& name, const std::optional<EntryTarget>& target) {
  Directory& in = directory(id);
  auto [slot, is_new] = in.slots.try_emplace(name);
  if (is_new) {
    ++slots_;
    slot->second.in_index = !in.complete;
  }
  if (!slot->second.listed) {
    slot->second.listed = true;
    ++in.listed;
    listed_.push_back({id, &slot->first});
  }
  slot->second.dirty = true;
  set_target(in, *slot, target);
}

void NameOverlay::mark_complete(InodeId id) {
  Directory& in = directory(id);
  in.complete = true;
  for (const Slots::value_type& named : in.slots)
    if (named.second.here) in.by_cookie[named.second.target.cookie] = &named;
}

bool NameOverlay::complete(InodeId id) const {
  const Directory* in = known(id);
  return in != nullptr && in->complete;
}

size_t NameOverlay::known_names(InodeId id) const {
  const Directory* in = known(id);
  return in == nullptr ? 0 : in->here;
}

void NameOverlay::drop_directory(InodeId id) {
  auto found = directories_.find(raw(id));
  if (found == directories_.end()) return;
  found->second.dropped = true;
  if (found->second.listed == 0) erase_directory(id);
}

bool NameOverlay::governs(InodeId id, const std::string& name) const {
  const Directory* in = known(id);
  if (in == nullptr) return false;
  auto slot = in->slots.find(name);
  return slot != in->slots.end() && slot->second.listed;
}

std::vector<NameOverlay::Named> NameOverlay::changed_between(InodeId id, uint64_t after, uint64_t up_to,
                                                             size_t limit) const {
  std::vector<Named> out;
  const Directory* in = known(id);
  if (in == nullptr) return out;
  for (auto at = in->by_cookie.upper_bound(after); at != in->by_cookie.end() && at->first <= up_to; ++at) {
    if (out.size() == limit) break;
    const auto& [name, slot] = *at->second;
    if (slot.listed) out.push_back({&name, slot.target});
  }
  return out;
}

std::vector<NameOverlay::Named> NameOverlay::names_after(InodeId id, uint64_t after, size_t limit) const {
  std::vector<Named> out;
  const Directory* in = known(id);
  WFS_CHECK(in != nullptr && in->complete);
  for (auto at = in->by_cookie.upper_bound(after); at != in->by_cookie.end() && out.size() < limit; ++at)
    out.push_back({&at->second->first, at->second->second.target});
  return out;
}

void NameOverlay::freeze(std::vector<EntryChange>& out) {
  out.reserve(out.size() + listed_.size());
  for (const Listed& listed : listed_) {
    Slot& slot = directories_.at(raw(listed.directory)).slots.find(*listed.name)->second;
    if (!slot.dirty) continue;
    slot.dirty = false;
    // Made and removed between two batches: the index never hears of it.
    if (!slot.here && !slot.in_index) continue;
    slot.frozen = true;
    slot.frozen_here = slot.here;
    slot.in_index = true;
    out.push_back({listed.directory, *listed.name, slot.here ? std::optional(slot.target) : std::nullopt});
  }
}

void NameOverlay::settle(bool committed) {
  std::vector<Listed> still;
  for (const Listed& listed : listed_) {
    Directory& in = directories_.at(raw(listed.directory));
    auto slot = in.slots.find(*listed.name);
    if (slot->second.frozen) {
      slot->second.frozen = false;
      if (!committed) slot->second.dirty = true;
      if (committed) slot->second.in_index = slot->second.frozen_here;
    }
    if (slot->second.dirty) {
      still.push_back(listed);
    } else {
      unlist(in, slot);
      if (in.dropped && in.listed == 0) erase_directory(listed.directory);
    }
  }
  listed_ = std::move(still);
}

void NameOverlay::unlist(Directory& in, Slots::iterator slot) {
  slot->second.listed = false;
  --in.listed;
  if (slot->second.here && !in.complete) {
    in.by_cookie.erase(slot->second.target.cookie);
  } else if (!slot->second.here && in.complete) {
    in.slots.erase(slot);
    --slots_;
  }
}

void NameOverlay::erase_directory(InodeId id) {
  auto found = directories_.find(raw(id));
  slots_ -= found->second.slots.size();
  queue_.erase(found->second.queue_place);
  directories_.erase(found);
}

size_t NameOverlay::forget_clean(InodeId id) {
  Directory& in = directories_.at(raw(id));
  const size_t before = in.slots.size();
  for (auto slot = in.slots.begin(); slot != in.slots.end();) {
    if (slot->second.listed) {
      ++slot;
      continue;
    }
    if (slot->second.here) {
      --in.here;
      in.by_cookie.erase(slot->second.target.cookie);
      in.complete = false;
    }
    slot = in.slots.erase(slot);
  }
  const size_t dropped = before - in.slots.size();
  slots_ -= dropped;
  if (in.slots.empty()) {
    erase_directory(id);
  } else {
    queue_.splice(queue_.end(), queue_, in.queue_place);
  }
  return dropped;
}

void NameOverlay::trim(size_t max_clean) {
  max_clean = std::max(max_clean, kFewestClean);
  const size_t clean = slots_ - listed_.size();
  if (clean + directories_.size() <= max_clean + max_clean / 8) return;
  size_t to_drop = clean + directories_.size() - std::min(max_clean, clean + directories_.size());
  size_t steps = 2 * queue_.size();
  while (to_drop > 0 && steps-- > 0) {
    const InodeId id = queue_.front();
    Directory& in = directories_.at(raw(id));
    if (in.recently_used) {
      in.recently_used = false;
      queue_.splice(queue_.end(), queue_, queue_.begin());
      continue;
    }
    const size_t directories = directories_.size();
    const size_t dropped = forget_clean(id) + (directories - directories_.size());
    to_drop -= std::min(to_drop, dropped);
  }
}

}  // namespace walrusfs
