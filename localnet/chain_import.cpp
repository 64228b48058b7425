#include "localnet/chain_import.h"

#include "client/sui/walrus.h"
#include "localnet/sui/walrus_state.h"

namespace walrusfs::localnet {
namespace {

namespace event = walrusfs::sui::event;

constexpr size_t kObjectsAtATime = 500;
constexpr uint8_t kRedStuff2 = 1;

class Importer {
 public:
  Importer(sui::FullNode& node, const OldLedger& old, const sui::Address& wallet)
      : node_(node), network_(node.network()), old_(old), wallet_(wallet) {}

  Status run() {
    for (size_t at = 0; at < old_.objects.size(); at += kObjectsAtATime)
      WFS_TRY(import(std::span(old_.objects).subspan(at, std::min(kObjectsAtATime, old_.objects.size() - at))));
    std::vector<sui::EmittedEvent> events;
    for (const BlobId& blob : old_.invalid)
      events.push_back(told("InvalidBlobID", event::InvalidBlobId{old_.epoch, blob}));
    return events.empty() ? ok_status() : put_on_chain(node_, {}, events);
  }

 private:
  // In one piece: objects, events, and the room that they take.
  Status import(std::span<const BlobObject> some) {
    objects_.clear();
    events_.clear();
    auto system = node_.object(sui::inner_state_id(network_.system, network_.packages.walrus_version)).value();
    auto field = bcs_decode<sui::SystemField>(system.contents, "System").value();
    for (const BlobObject& object : some)
      if (object.end_epoch > old_.epoch) WFS_TRY(add(object, field.value));
    if (objects_.empty()) return {};
    system.contents = bcs_encode(field);
    objects_.push_back(std::move(system));
    return put_on_chain(node_, objects_, events_);
  }

  Status add(const BlobObject& old, sui::SystemStateInner& system) {
    const bool shared = !old.shared_id.empty();
    WFS_ASSIGN(const sui::Blob blob, blob_object(old));
    WFS_ASSIGN(const sui::ObjectId id, sui::ObjectId::parse(shared ? old.shared_id : old.id));
    if (node_.object(id)) return {};
    WFS_ASSIGN(sui::Address owner, sui::Address::parse(old.owner));
    if (old.owner == old_.wallet) owner = wallet_;
    if (shared) {
      put(id, sui::SharedOwner{}, network_.packages.walrus_type("shared_blob", "SharedBlob"),
          sui::SharedBlob{id, blob, 0});
    } else {
      put(id, sui::AddressOwner{owner}, network_.packages.walrus_type("blob", "Blob"), blob);
    }
    events_.push_back(told("BlobRegistered", event::BlobRegistered{old.registered_epoch, old.blob, old.size_bytes,
                                                                   kRedStuff2, old.end_epoch, old.deletable, blob.id}));
    if (old.certified_epoch)
      events_.push_back(told("BlobCertified", event::BlobCertified{*old.certified_epoch, old.blob, old.end_epoch,
                                                                   old.deletable, blob.id, false}));
    take_room(system, old);
    return {};
  }

  static Result<sui::Blob> blob_object(const BlobObject& old) {
    WFS_ASSIGN(const sui::ObjectId id, sui::ObjectId::parse(old.id));
    WFS_ASSIGN(const sui::ObjectId storage_id, sui::ObjectId::parse(old.storage_id));
    const sui::Storage storage{storage_id, old.start_epoch, old.end_epoch, old.encoded_length};
    return sui::Blob{id,         old.registered_epoch, old.blob, old.size_bytes,
                     kRedStuff2, old.certified_epoch,  storage,  old.deletable};
  }

  template <typename Content>
  void put(const sui::ObjectId& id, sui::Owner owner, sui::TypeTag type, const Content& content) {
    objects_.push_back({id, 0, std::move(owner), std::move(type), bcs_encode(content), {}, 0});
  }

  void take_room(sui::SystemStateInner& system, const BlobObject& old) const {
    sui::FutureAccountingRing& ring = system.future_accounting;
    for (uint32_t ahead = 0; ahead < ring.length && old_.epoch + ahead < old.end_epoch; ++ahead)
      ring.ring[(ring.current_index + ahead) % ring.length].used_capacity += old.encoded_length;
    system.used_capacity_size += old.encoded_length;
  }

  template <typename Event>
  sui::EmittedEvent told(const char* name, const Event& event) const {
    return {network_.packages.walrus_current, "blob", sui::Address{}, network_.packages.walrus_type("events", name),
            bcs_encode(event)};
  }

  sui::FullNode& node_;
  const sui::Network network_;
  const OldLedger& old_;
  const sui::Address wallet_;
  std::vector<sui::Object> objects_;
  std::vector<sui::EmittedEvent> events_;
};

}  // namespace

Status put_on_chain(sui::FullNode& node, const std::vector<sui::Object>& objects,
                    const std::vector<sui::EmittedEvent>& events) {
  auto done = node.act({}, [&](sui::Call& call) -> sui::Step {
    for (const sui::Object& object : objects) call.work.put(object.id, object.owner, object.type, object.contents);
    for (const sui::EmittedEvent& event : events)
      call.work.emit(event.package, event.module, event.type, event.contents);
    return {};
  });
  return done ? ok_status() : Status(done.error());
}

Status import_old_ledger(sui::FullNode& node, const OldLedger& old, const sui::Address& wallet) {
  return Importer(node, old, wallet).run();
}

}  // namespace walrusfs::localnet
