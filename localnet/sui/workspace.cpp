#include "localnet/sui/workspace.h"

namespace walrusfs::localnet::sui {

ObjectId Workspace::new_id() {
  const ObjectId id = created_object_id(transaction_, new_ids_.size());
  new_ids_.insert(id);
  return id;
}

Workspace::Entry& Workspace::entry(const ObjectId& id) {
  const auto known = entries_.find(id);
  if (known != entries_.end()) return known->second;
  Entry made;
  made.before = reader_.find(id);
  if (made.before) {
    made.live = true;
    made.owner = made.before->owner;
    made.type = made.before->type;
    made.contents = made.before->contents;
  }
  return entries_.emplace(id, std::move(made)).first->second;
}

std::optional<Object> Workspace::find(const ObjectId& id) {
  const Entry& found = entry(id);
  if (!found.live) return std::nullopt;
  const uint64_t version = found.before ? found.before->version : 0;
  return Object{id, version, found.owner, found.type, found.contents, {}, 0};
}

void Workspace::put(const ObjectId& id, Owner owner, TypeTag type, Bytes contents) {
  Entry& changed = entry(id);
  changed.live = changed.written = true;
  changed.owner = std::move(owner);
  changed.type = std::move(type);
  changed.contents = std::move(contents);
}

void Workspace::take_out(const ObjectId& id) {
  Entry& changed = entry(id);
  changed.live = false;
  changed.written = true;
}

}  // namespace walrusfs::localnet::sui
