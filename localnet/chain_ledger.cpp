#include "localnet/chain_ledger.h"

#include "client/sui/walrus.h"
#include "codec/shape.h"
#include "localnet/blob_index.h"

namespace walrusfs::localnet {
namespace {

constexpr size_t kRecordsAtATime = 256;
constexpr uint8_t kRedStuff2 = 1;

sui::ObjectId no_id() { return {}; }
// Ids that are none name nothing.
sui::ObjectId id_of(const std::string& text) {
  auto id = sui::ObjectId::parse(text);
  return id ? *id : no_id();
}

Error refused(const std::string& what, const sui::Failure& failure) {
  return Error(Code::kInvalidArgument, what + ": the chain refused it: " + failure.description());
}

// As of now. The chain's own objects always parse.
sui::SystemStateInner read_system(const sui::FullNode& node) {
  const sui::Network network = node.network();
  const auto id = sui::inner_state_id(network.system, network.packages.walrus_version);
  using Field = sui::Field<uint64_t, sui::SystemStateInner>;
  return bcs_decode<Field>(node.object(id).value().contents, "System").value().value;
}

// The Blob object.
sui::Argument buy_and_register(WalletTransaction& t, const RegisterRequest& request) {
  const auto size = t.builder.pure(request.encoded_length), epochs = t.builder.pure(request.epochs);
  const auto storage = t.call("system", "reserve_space", {t.system_object(true), size, epochs, t.wal});
  return t.call("system", "register_blob",
                {t.system_object(true), storage, t.builder.pure(request.blob), t.builder.pure(request.root_hash),
                 t.builder.pure(request.size_bytes), t.builder.pure(kRedStuff2), t.builder.pure(request.deletable),
                 t.wal});
}

class ChainLedger final : public Ledger {
 public:
  ChainLedger(sui::FullNode& node, ChainWallet& wallet, BlobIndex index, CodeShape shape)
      : node_(node),
        wallet_(wallet),
        address_(wallet.address().to_string()),
        shape_(shape),
        index_(std::move(index)) {}

  uint32_t epoch() const override;
  BlobStanding standing(const BlobId& blob) const override;
  bool object_is_live(const std::string& object_id, const BlobId& blob) const override;
  std::vector<BlobId> certified_blobs() const override;
  ChainProgress progress() const override;
  bool has_heard_of(const BlobId& blob) const override;
  const std::string& wallet_address() const override { return address_; }
  Result<Registration> register_blob(const RegisterRequest& request) override;
  Result<BlobObject> certify(const std::string& object_id, const BlobCertificate& certificate,
                             const AfterStore& then) override;
  Status invalidate(const BlobId& blob, const BlobCertificate& certificate) override;
  Result<uint64_t> extend(const std::string& object_id, uint32_t epochs) override;
  Status remove(const std::string& object_id) override;
  std::optional<BlobObject> object(const std::string& object_id) const override;
  std::vector<std::pair<std::string, std::string>> attributes(const std::string& object_id) const override;
  std::vector<BlobObject> objects_of(const BlobId& blob) const override;
  uint64_t live_bytes() const override;

 private:
  // Everything that the chain had told when it was called is in the index afterwards.
  void catch_up() const REQUIRES(mutex_);
  void note_shared(const sui::Record& record) const REQUIRES(mutex_);
  std::optional<BlobIndex::Entry> entry(const std::string& object_id) const;
  // The object itself, also inside a shared one; nothing for a burned one and for an entry of a pool.
  std::optional<sui::Blob> blob_of(const BlobIndex::Entry& entry) const;
  // With what only the object itself tells.
  BlobObject describe(const BlobIndex::Entry& entry) const;
  uint64_t frost_paid(const sui::Effects& effects) const;
  Result<sui::Effects> run_certify(const BlobIndex::Entry& entry, const BlobCertificate& certificate,
                                   const AfterStore& then);

  sui::FullNode& node_;
  ChainWallet& wallet_;
  const std::string address_;
  const CodeShape shape_;

  mutable Mutex mutex_;  // taken before the node's
  mutable BlobIndex index_ GUARDED_BY(mutex_);
  mutable uint64_t seen_ GUARDED_BY(mutex_) = 0;         // the last checkpoint in the index
  mutable uint64_t seen_events_ GUARDED_BY(mutex_) = 0;  // all in it
};

void ChainLedger::catch_up() const {
  while (node_.height() != seen_) {
    const auto records = node_.transactions_after(seen_, kRecordsAtATime);
    for (const sui::Record& record : records) {
      index_.apply(record);
      note_shared(record);
      seen_ = record.checkpoint;
      seen_events_ += record.effects.events.size();
    }
    if (records.empty()) return;
  }
}

void ChainLedger::note_shared(const sui::Record& record) const {
  for (const sui::ObjectChange& change : record.effects.changed) {
    if (change.before || !change.after || change.type.name != "SharedBlob") continue;
    const auto object = node_.object(change.id);
    if (!object) continue;
    const auto shared = bcs_decode<sui::SharedBlob>(object->contents, "a shared blob of this ledger").value();
    index_.set_shared(shared.blob.id, shared.id);
  }
}

uint32_t ChainLedger::epoch() const {
  const MutexLock lock(mutex_);
  catch_up();
  return index_.epoch();
}

BlobStanding ChainLedger::standing(const BlobId& blob) const {
  const MutexLock lock(mutex_);
  catch_up();
  return index_.standing(blob);
}

bool ChainLedger::object_is_live(const std::string& object_id, const BlobId& blob) const {
  const auto found = entry(object_id);
  return found && found->blob == blob;
}

std::vector<BlobId> ChainLedger::certified_blobs() const {
  const MutexLock lock(mutex_);
  catch_up();
  return index_.certified_blobs();
}

ChainProgress ChainLedger::progress() const {
  const MutexLock lock(mutex_);
  catch_up();
  return {seen_events_, 0, seen_};
}

bool ChainLedger::has_heard_of(const BlobId& blob) const {
  const MutexLock lock(mutex_);
  catch_up();
  return index_.has_heard_of(blob);
}

uint64_t ChainLedger::live_bytes() const {
  const MutexLock lock(mutex_);
  catch_up();
  return index_.live_bytes();
}

std::optional<BlobIndex::Entry> ChainLedger::entry(const std::string& object_id) const {
  const MutexLock lock(mutex_);
  catch_up();
  const BlobIndex::Entry* found = index_.find(id_of(object_id));
  if (found == nullptr) return std::nullopt;
  BlobIndex::Entry copy = *found;
  copy.end_epoch = index_.end_of(*found);
  return copy;
}

std::optional<sui::Blob> ChainLedger::blob_of(const BlobIndex::Entry& entry) const {
  const auto object = node_.object(entry.shared.value_or(entry.id));
  if (!object || entry.pool) return std::nullopt;
  if (entry.shared) return bcs_decode<sui::SharedBlob>(object->contents, "a shared blob").value().blob;
  return bcs_decode<sui::Blob>(object->contents, "a blob").value();
}

BlobObject ChainLedger::describe(const BlobIndex::Entry& entry) const {
  BlobObject out;
  out.id = entry.id.to_string();
  out.blob = entry.blob;
  out.size_bytes = entry.size_bytes;
  out.encoded_length = shape_.encoded_length(entry.size_bytes).value();  // the contract took it
  out.registered_epoch = out.start_epoch = entry.registered_epoch;
  out.certified_epoch = entry.certified_epoch;
  out.end_epoch = entry.end_epoch;
  out.deletable = entry.deletable;
  out.last_event = {entry.transaction.to_string(), entry.event_seq};
  if (entry.shared) out.shared_id = entry.shared->to_string();
  if (const auto blob = blob_of(entry)) {
    out.storage_id = blob->storage.id.to_string();
    out.start_epoch = blob->storage.start_epoch;
  }
  const auto object = node_.object(entry.id);
  const auto* owner = object ? std::get_if<sui::AddressOwner>(&object->owner) : nullptr;
  if (owner != nullptr) out.owner = owner->address.to_string();
  return out;
}

std::optional<BlobObject> ChainLedger::object(const std::string& object_id) const {
  const auto found = entry(object_id);
  if (!found) return std::nullopt;
  return describe(*found);
}

std::vector<std::pair<std::string, std::string>> ChainLedger::attributes(const std::string& object_id) const {
  const auto field = node_.object(sui::attributes_id(id_of(object_id)));
  if (!field) return {};
  using Field = sui::Field<Bytes, sui::Metadata>;
  return bcs_decode<Field>(field->contents, "attributes").value().value.entries;
}

std::vector<BlobObject> ChainLedger::objects_of(const BlobId& blob) const {
  std::vector<BlobIndex::Entry> entries;
  {
    const MutexLock lock(mutex_);
    catch_up();
    for (const BlobIndex::Entry* entry : index_.objects_of(blob)) {
      entries.push_back(*entry);
      entries.back().end_epoch = index_.end_of(*entry);
    }
  }
  std::vector<BlobObject> out;
  for (const BlobIndex::Entry& entry : entries) out.push_back(describe(entry));
  return out;
}

uint64_t ChainLedger::frost_paid(const sui::Effects& effects) const {
  const auto wal = node_.network().packages.wal_type();
  for (const sui::BalanceChange& change : effects.balance_changes)
    if (change.address == wallet_.address() && change.coin_type == wal && change.negative) return change.amount;
  return 0;
}

Result<Registration> ChainLedger::register_blob(const RegisterRequest& request) {
  if (request.epochs == 0 || request.epochs > kMaxEpochsAhead)
    return Error(Code::kInvalidArgument,
                 "a blob can be kept for 1 to " + std::to_string(kMaxEpochsAhead) + " epochs ahead");
  const auto system = read_system(node_);
  const auto storage = sui::storage_cost(system.storage_price_per_unit_size, request.encoded_length, request.epochs);
  const auto write = sui::write_cost(system.write_price_per_unit_size, request.encoded_length);
  if (!storage || !write) return Error(Code::kTooLarge, "the blob costs more than there is");
  WFS_ASSIGN(const sui::Effects effects, wallet_.run(*storage + *write, [&](WalletTransaction& t) -> Status {
               t.builder.transfer({buy_and_register(t, request)}, wallet_.address());
               return {};
             }));
  if (effects.failure) return refused("registering blob " + request.blob.to_string(), *effects.failure);
  for (const sui::ObjectChange& change : effects.changed) {
    if (change.type.name != "Blob") continue;
    if (auto made = object(change.id.to_string())) return Registration{std::move(*made), frost_paid(effects)};
  }
  return Error(Code::kStale, "the epoch of the registration ended meanwhile");
}

Result<sui::Effects> ChainLedger::run_certify(const BlobIndex::Entry& entry, const BlobCertificate& certificate,
                                              const AfterStore& then) {
  std::optional<sui::Address> receiver;
  if (then.send_to) {
    WFS_ASSIGN(receiver, sui::Address::parse(*then.send_to));
  }
  return wallet_.run(0, [&](WalletTransaction& t) -> Status {
    WFS_ASSIGN(const sui::Argument blob, t.owned(entry.id));
    if (!entry.certified_epoch)
      t.call("system", "certify_blob", {t.system_object(false), blob, t.builder.pure(certificate.signature),
                                        t.builder.pure(certificate.signers_bitmap),
                                        t.builder.pure(certificate.message)});
    if (then.share) t.call("shared_blob", "new", {blob});
    if (receiver && !then.share) t.builder.transfer({blob}, *receiver);
    return {};
  });
}

Result<BlobObject> ChainLedger::certify(const std::string& object_id, const BlobCertificate& certificate,
                                        const AfterStore& then) {
  const auto found = entry(object_id);
  if (!found) return Error(Code::kNotFound, "no live blob object " + object_id);
  if (found->certified_epoch && !then.share && !then.send_to) return describe(*found);
  const auto confirmed = bcs_decode<sui::Confirmation>(certificate.message, "a confirmation");
  if (!confirmed) return Error(Code::kInvalidArgument, confirmed.error().message());
  const auto stale = [&] {
    return Error(Code::kStale, "the certificate is of epoch " + std::to_string(confirmed->epoch) + ", it is epoch " +
                                   std::to_string(epoch()));
  };
  if (confirmed->epoch != epoch()) return stale();
  WFS_ASSIGN(const sui::Effects effects, run_certify(*found, certificate, then));
  // Another committee makes it fail before the epochs are compared.
  if (effects.failure && confirmed->epoch != epoch()) return stale();
  if (effects.failure) return refused("certifying blob object " + object_id, *effects.failure);
  auto certified = object(object_id);
  if (!certified) return stale();
  return std::move(*certified);
}

Status ChainLedger::invalidate(const BlobId& blob, const BlobCertificate& certificate) {
  {
    const MutexLock lock(mutex_);
    catch_up();
    if (index_.is_invalid(blob)) return {};
  }
  constexpr size_t kHeaderBytes = 7;
  if (certificate.message.size() != kHeaderBytes + blob.bytes.size() ||
      !equal(ByteView(certificate.message).subspan(kHeaderBytes), blob.bytes))
    return Error(Code::kInvalidArgument, "the certificate is not about blob " + blob.to_string());
  WFS_ASSIGN(const sui::Effects effects, wallet_.run(0, [&](WalletTransaction& t) -> Status {
               t.call("system", "invalidate_blob_id",
                      {t.system_object(false), t.builder.pure(certificate.signature),
                       t.builder.pure(certificate.signers_bitmap), t.builder.pure(certificate.message)});
               return {};
             }));
  return effects.failure ? Status(refused("invalidating blob " + blob.to_string(), *effects.failure)) : ok_status();
}

Result<uint64_t> ChainLedger::extend(const std::string& object_id, uint32_t epochs) {
  const auto found = entry(object_id);
  const auto blob_now = found ? blob_of(*found) : std::nullopt;
  if (!blob_now || !found->certified_epoch)
    return Error(Code::kNotFound, "no live, certified blob object " + object_id);
  const auto price = read_system(node_).storage_price_per_unit_size;
  const auto cost = sui::storage_cost(price, blob_now->storage.storage_size, epochs);
  if (epochs == 0 || epochs > kMaxEpochsAhead || !cost)
    return Error(Code::kInvalidArgument,
                 "a blob can be kept for at most " + std::to_string(kMaxEpochsAhead) + " epochs ahead");
  WFS_ASSIGN(const sui::Effects effects, wallet_.run(*cost, [&](WalletTransaction& t) -> Status {
               if (!found->shared) {
                 WFS_ASSIGN(const sui::Argument blob, t.owned(found->id));
                 t.call("system", "extend_blob", {t.system_object(true), blob, t.builder.pure(epochs), t.wal});
                 return {};
               }
               WFS_ASSIGN(const sui::Argument shared, t.shared(*found->shared));
               t.call("shared_blob", "fund", {shared, sui::nested(t.builder.split(t.wal, {*cost}), 0)});
               t.call("shared_blob", "extend", {shared, t.system_object(true), t.builder.pure(epochs)});
               return {};
             }));
  if (effects.failure) return refused("extending blob object " + object_id, *effects.failure);
  return frost_paid(effects);
}

Status ChainLedger::remove(const std::string& object_id) {
  const auto found = entry(object_id);
  if (!found) return Error(Code::kNotFound, "no live blob object " + object_id);
  const bool ours = describe(*found).owner == address_;
  if (!found->deletable || !ours)
    return Error(Code::kNotPermitted,
                 "blob object " + object_id + (ours ? " is permanent" : " is not the publisher's own"));
  WFS_ASSIGN(const sui::Effects effects, wallet_.run(0, [&](WalletTransaction& t) -> Status {
               WFS_ASSIGN(const sui::Argument blob, t.owned(found->id));
               const auto storage = t.call("system", "delete_blob", {t.system_object(false), blob});
               t.call("storage_resource", "destroy", {storage});
               return {};
             }));
  return effects.failure ? Status(refused("deleting blob object " + object_id, *effects.failure)) : ok_status();
}

}  // namespace

Result<std::unique_ptr<Ledger>> open_chain_ledger(sui::FullNode& node, ChainWallet& wallet) {
  const auto system = read_system(node);
  WFS_ASSIGN(const CodeShape shape, CodeShape::create(system.committee.n_shards));
  auto ledger = std::make_unique<ChainLedger>(node, wallet, BlobIndex(system.committee.epoch), shape);
  (void)ledger->epoch();  // reads the chain
  return std::unique_ptr<Ledger>(std::move(ledger));
}

}  // namespace walrusfs::localnet
