#include "localnet/sui/history.h"

#include <algorithm>

namespace walrusfs::localnet::sui {
namespace {

constexpr size_t kBytesAroundContents = 512;  // roughly: ids, type, containers

size_t bytes_of(const History::Before& before) {
  size_t bytes = 0;
  for (const auto& [id, object] : before) bytes += kBytesAroundContents + (object ? object->contents.size() : 0);
  return bytes;
}

// As a filter of a list means it: a type without arguments stands for all that have some.
bool is_of(TypeTag type, const TypeTag& wanted) {
  if (type == wanted) return true;
  type.params.clear();
  return type == wanted;
}

}  // namespace

void History::add(uint64_t checkpoint, uint64_t time_ms, Before before) {
  const size_t bytes = bytes_of(before);
  steps_.push_back({checkpoint, time_ms, std::move(before), bytes});
  bytes_ += bytes;
  while (bytes_ > kMostHistoryBytes || steps_.size() > kMostHistorySteps) {
    bytes_ -= steps_.front().bytes;
    steps_.pop_front();
  }
}

uint64_t History::checkpoint_at(uint64_t time_ms, uint64_t newest) const {
  uint64_t checkpoint = newest;
  for (auto step = steps_.rbegin(); step != steps_.rend() && step->time_ms > time_ms; ++step)
    checkpoint = step->checkpoint - 1;
  return checkpoint;
}

std::map<ObjectId, const std::optional<Object>*> History::changed_since(uint64_t checkpoint) const {
  std::map<ObjectId, const std::optional<Object>*> changed;
  // What was overwritten first is what was there.
  for (const Step& step : steps_) {
    if (step.checkpoint <= checkpoint) continue;
    for (const auto& [id, object] : step.before) changed.try_emplace(id, &object);
  }
  return changed;
}

std::optional<Object> PastObjects::find(const ObjectId& id) const {
  const auto changed = changed_.find(id);
  return changed == changed_.end() ? now_.find(id) : *changed->second;
}

std::vector<Object> PastObjects::owned_by(const Address& owner, const std::optional<TypeTag>& type,
                                          const std::optional<ObjectId>& after, size_t limit) const {
  // So many more as may be thrown out.
  auto objects = now_.owned_by(owner, type, after, limit + changed_.size());
  std::erase_if(objects, [&](const Object& object) { return changed_.contains(object.id); });
  for (const auto& [id, object] : changed_) {
    if (!*object || (after && !(*after < id)) || owning_address((*object)->owner) != owner) continue;
    if (!type || is_of((*object)->type, *type)) objects.push_back(**object);
  }
  std::sort(objects.begin(), objects.end(), [](const Object& a, const Object& b) { return a.id < b.id; });
  if (objects.size() > limit) objects.resize(limit);
  return objects;
}

}  // namespace walrusfs::localnet::sui
