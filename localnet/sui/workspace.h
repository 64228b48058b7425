// The objects that one transaction works on: read when first needed, changed here, and at the end told apart into
// written, deleted and wrapped ones. Used by one thread, for one transaction.
#pragma once

#include <map>
#include <set>

#include "localnet/sui/effects.h"
#include "localnet/sui/network.h"

namespace walrusfs::localnet::sui {

class Workspace {
 public:
  // `network` and `reader` must outlive it.
  Workspace(const Network& network, const ObjectReader& reader, const SuiDigest& transaction, const Address& sender,
            uint64_t now_ms)
      : network_(network), reader_(reader), transaction_(transaction), sender_(sender), now_ms_(now_ms) {}

  const Network& network() const { return network_; }
  const Address& sender() const { return sender_; }
  uint64_t now_ms() const { return now_ms_; }

  // ---- identities
  ObjectId new_id();
  void delete_id(const ObjectId& id) { deleted_ids_.insert(id); }

  // ---- objects that stand by themselves
  // As it is now; nothing when it does not exist, was taken out or deleted.
  std::optional<Object> find(const ObjectId& id);
  // Exists from now on, with this owner.
  void put(const ObjectId& id, Owner owner, TypeTag type, Bytes contents);
  // Does not stand by itself any more: deleted, wrapped, or on its way between commands.
  void take_out(const ObjectId& id);

  // ---- dynamic fields
  template <typename Content>
  std::optional<Content> child(const ObjectId& field) {
    const auto object = find(field);
    if (!object) return std::nullopt;
    return bcs_decode<Content>(object->contents, "an object of this ledger").value();
  }
  template <typename Content>
  void put_child(const ObjectId& parent, TypeTag type, const Content& content) {
    put(content.id, ObjectOwner{parent}, std::move(type), bcs_encode(content));
  }
  void delete_object(const ObjectId& id) {
    take_out(id);
    delete_id(id);
  }

  void emit(ObjectId package, std::string module, TypeTag type, Bytes contents) {
    events_.push_back({package, std::move(module), sender_, std::move(type), std::move(contents)});
  }

  // ---- the end
  struct Entry {
    std::optional<Object> before;
    bool live = false;
    bool written = false;
    Owner owner;
    TypeTag type;
    Bytes contents;
  };
  const std::map<ObjectId, Entry>& entries() const { return entries_; }
  const std::vector<EmittedEvent>& events() const { return events_; }
  bool was_created(const ObjectId& id) const { return new_ids_.contains(id); }
  bool was_deleted(const ObjectId& id) const { return deleted_ids_.contains(id); }

 private:
  Entry& entry(const ObjectId& id);

  const Network& network_;
  const ObjectReader& reader_;
  const SuiDigest transaction_;
  const Address sender_;
  const uint64_t now_ms_;
  std::map<ObjectId, Entry> entries_;
  std::set<ObjectId> new_ids_, deleted_ids_;
  std::vector<EmittedEvent> events_;
};

}  // namespace walrusfs::localnet::sui
