#include "localnet/ledger.h"

#include <algorithm>
#include <map>
#include <set>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "base/base58.h"
#include "base/checksum.h"
#include "base/log.h"
#include "base/mutex.h"
#include "codec/signed_messages.h"
#include "localnet/committee.h"

namespace walrusfs::localnet {
namespace {

using nlohmann::ordered_json;

constexpr uint64_t kUnitBytes = 1 << 20;
constexpr uint64_t kMaxLedgerBytes = uint64_t{4} << 30;
constexpr size_t kChecksumDigits = 8;

ordered_json object_to_json(const BlobObject& o) {
  ordered_json out = {{"id", o.id},
                      {"blob", o.blob.to_string()},
                      {"size", o.size_bytes},
                      {"encoded", o.encoded_length},
                      {"storage", o.storage_id},
                      {"registered", o.registered_epoch},
                      {"start", o.start_epoch},
                      {"end", o.end_epoch},
                      {"deletable", o.deletable},
                      {"owner", o.owner},
                      {"shared", o.shared_id},
                      {"tx", o.last_event.tx_digest}};
  if (o.certified_epoch) out["certified"] = *o.certified_epoch;
  return out;
}

Result<BlobObject> object_from_json(const ordered_json& in) {
  BlobObject o;
  o.id = in.at("id").get<std::string>();
  WFS_ASSIGN(o.blob, BlobId::parse(in.at("blob").get<std::string>()));
  o.size_bytes = in.at("size").get<uint64_t>();
  o.encoded_length = in.at("encoded").get<uint64_t>();
  o.storage_id = in.at("storage").get<std::string>();
  o.registered_epoch = in.at("registered").get<uint32_t>();
  o.start_epoch = in.at("start").get<uint32_t>();
  o.end_epoch = in.at("end").get<uint32_t>();
  o.deletable = in.at("deletable").get<bool>();
  o.owner = in.at("owner").get<std::string>();
  o.shared_id = in.at("shared").get<std::string>();
  o.last_event.tx_digest = in.at("tx").get<std::string>();
  if (in.contains("certified")) o.certified_epoch = in.at("certified").get<uint32_t>();
  return o;
}

std::string checksum_text(std::string_view text) {
  uint8_t raw_crc[4];
  store_le(raw_crc, crc32c(as_bytes(text)));
  return to_hex(raw_crc);
}

// Each line stands for itself, so that the network can go on without one; but whoever loses something by it
// decides.
Error damaged(const std::string& path, uint64_t line, const std::string& why) {
  const std::string number = std::to_string(line);
  return Error(Code::kCorrupt,
               "the ledger of the local network, " + path + ", is damaged in line " + number + " (" + why +
                   "); it and all that the nodes store were left as they are. Put a backup of it in its place, or take "
                   "the line out with: sed -i.damaged " +
                   number + "d " + path +
                   " (this keeps the damaged file beside it). Without the line the network does not know one blob, or "
                   "not that it is certified");
}

Result<StorageConfirmation> parse_confirmation(ByteView message) {
  auto confirmation = StorageConfirmation::parse(message);
  if (!confirmation) return Error(Code::kInvalidArgument, confirmation.error().message());
  return confirmation;
}

uint32_t shards_of(const std::vector<Signer>& committee) {
  uint32_t shards = 0;
  for (const Signer& signer : committee) shards += signer.weight;
  return shards;
}

Status check_signatures(const std::vector<Signer>& committee, uint32_t weight, const BlobCertificate& given) {
  WFS_ASSIGN(auto signers, signers_from_bitmap(given.signers_bitmap, committee.size()));
  const auto signature = bls::Signature::parse(given.signature);
  if (!signature) return Error(Code::kInvalidArgument, signature.error().message());
  return verify_certificate(committee, weight, {std::move(signers), given.message, *signature});
}

class FileLedger final : public Ledger {
 public:
  FileLedger(Rng& rng, std::unique_ptr<File> file, std::vector<Signer> committee)
      : rng_(rng), committee_(std::move(committee)), file_(std::move(file)) {}

  Status load(const std::string& path);
  Status begin();  // a new, empty ledger

  uint32_t epoch() const override {
    MutexLock lock(mutex_);
    return epoch_;
  }
  const std::string& wallet_address() const override { return wallet_; }
  BlobStanding standing(const BlobId& blob) const override;
  bool object_is_live(const std::string& object_id, const BlobId& blob) const override;
  std::vector<BlobId> certified_blobs() const override;
  Result<Registration> register_blob(const RegisterRequest& request) override;
  Result<BlobObject> certify(const std::string& object_id, const BlobCertificate& certificate) override;
  Status invalidate(const BlobId& blob, const BlobCertificate& certificate) override;
  Result<uint64_t> extend(const std::string& object_id, uint32_t epochs) override;
  Status remove(const std::string& object_id) override;
  Result<uint32_t> advance_epoch() override;
  std::optional<BlobObject> object(const std::string& object_id) const override;
  std::vector<BlobObject> objects_of(const BlobId& blob) const override;
  uint64_t live_bytes() const override;

 private:
  bool live(const BlobObject& o) const REQUIRES(mutex_) { return o.end_epoch > epoch_; }
  BlobObject* find_live(const std::string& id) REQUIRES(mutex_);
  // The live object, if `confirmed` is what certifies it now.
  Result<BlobObject*> find_confirmed(const std::string& id, const StorageConfirmation& confirmed) REQUIRES(mutex_);
  std::vector<const BlobObject*> live_objects(const BlobId& blob) const REQUIRES(mutex_);
  TransactionEvent new_event() {
    Digest digest{};
    rng_.fill(digest);
    return {to_base58(digest), 0};
  }
  // Appends and syncs one line.
  Status write(const ordered_json& entry) REQUIRES(mutex_);
  Status apply(const ordered_json& entry) REQUIRES(mutex_);
  void put(BlobObject object) REQUIRES(mutex_);
  void erase(const std::string& id) REQUIRES(mutex_);
  // Writes the object as it shall be, then makes it so.
  Status save(const BlobObject& object) REQUIRES(mutex_);

  Rng& rng_;
  const std::vector<Signer> committee_;
  std::string wallet_;  // constant after loading

  mutable Mutex mutex_;
  std::unique_ptr<File> file_ GUARDED_BY(mutex_);
  uint64_t end_of_file_ GUARDED_BY(mutex_) = 0;
  uint32_t epoch_ GUARDED_BY(mutex_) = 1;
  std::map<std::string, BlobObject> objects_ GUARDED_BY(mutex_);
  std::unordered_map<BlobId, std::vector<std::string>> by_blob_ GUARDED_BY(mutex_);
  std::unordered_map<BlobId, TransactionEvent> invalid_ GUARDED_BY(mutex_);
};

Status FileLedger::write(const ordered_json& entry) {
  std::string text = entry.dump();
  std::string line = checksum_text(text) + " " + text + "\n";
  WFS_TRY(file_->write_at(end_of_file_, as_bytes(line)));
  WFS_TRY(file_->sync_data());
  end_of_file_ += line.size();
  return {};
}

Status FileLedger::save(const BlobObject& object) {
  WFS_TRY(write({{"op", "object"}, {"object", object_to_json(object)}}));
  put(object);
  return {};
}

void FileLedger::put(BlobObject object) {
  auto& ids = by_blob_[object.blob];
  if (std::find(ids.begin(), ids.end(), object.id) == ids.end()) ids.push_back(object.id);
  std::string id = object.id;
  objects_.insert_or_assign(id, std::move(object));
}

void FileLedger::erase(const std::string& id) {
  auto found = objects_.find(id);
  if (found == objects_.end()) return;
  auto ids = by_blob_.find(found->second.blob);
  std::erase(ids->second, id);
  if (ids->second.empty()) by_blob_.erase(ids);
  objects_.erase(found);
}

Status FileLedger::apply(const ordered_json& entry) {
  const std::string op = entry.at("op").get<std::string>();
  if (op == "begin") {
    wallet_ = entry.at("wallet").get<std::string>();
  } else if (op == "object") {
    WFS_ASSIGN(BlobObject object, object_from_json(entry.at("object")));
    put(std::move(object));
  } else if (op == "remove") {
    erase(entry.at("id").get<std::string>());
  } else if (op == "invalid") {
    WFS_ASSIGN(const BlobId blob, BlobId::parse(entry.at("blob").get<std::string>()));
    invalid_[blob] = {entry.at("tx").get<std::string>(), 0};
  } else if (op == "epoch") {
    epoch_ = entry.at("epoch").get<uint32_t>();
  } else {
    return Error(Code::kNewerVersion, "the ledger has an entry '" + op + "' that this version does not know");
  }
  return {};
}

Status FileLedger::begin() {
  MutexLock lock(mutex_);
  WFS_TRY(file_->truncate(0));
  wallet_ = random_object_id(rng_);
  return write({{"op", "begin"}, {"version", 1}, {"wallet", wallet_}});
}

Status FileLedger::load(const std::string& path) {
  MutexLock lock(mutex_);
  WFS_ASSIGN(uint64_t size, file_->size());
  if (size > kMaxLedgerBytes) return Error(Code::kTooLarge, path + " is too large for a ledger");
  Bytes content(size);
  WFS_ASSIGN(size_t got, file_->read_at(0, content));
  std::string_view rest = as_text(ByteView(content).first(got));
  uint64_t line_number = 1;
  while (!rest.empty()) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    bool last = line.size() + 1 >= rest.size();
    bool intact = line.size() < rest.size() && line.size() > kChecksumDigits + 1 &&
                  line.substr(0, kChecksumDigits) == checksum_text(line.substr(kChecksumDigits + 1));
    if (!intact && last) break;
    if (!intact) return damaged(path, line_number, "it does not check out");
    try {
      WFS_TRY(apply(ordered_json::parse(line.substr(kChecksumDigits + 1))));
    } catch (const ordered_json::exception& problem) {
      return damaged(path, line_number, problem.what());
    }
    ++line_number;
    end_of_file_ += line.size() + 1;
    rest.remove_prefix(line.size() + 1);
  }
  if (!rest.empty()) {
    log_warn("{}: the last entry was being written when the program ended; it is dropped", path);
    WFS_TRY(file_->truncate(end_of_file_));
  }
  return {};
}

BlobObject* FileLedger::find_live(const std::string& id) {
  auto found = objects_.find(id);
  return found != objects_.end() && live(found->second) ? &found->second : nullptr;
}

std::vector<const BlobObject*> FileLedger::live_objects(const BlobId& blob) const {
  std::vector<const BlobObject*> found;
  auto ids = by_blob_.find(blob);
  if (ids == by_blob_.end()) return found;
  for (const std::string& id : ids->second) {
    const BlobObject& object = objects_.at(id);
    if (live(object)) found.push_back(&object);
  }
  return found;
}

BlobStanding FileLedger::standing(const BlobId& blob) const {
  MutexLock lock(mutex_);
  BlobStanding out;
  if (auto found = invalid_.find(blob); found != invalid_.end()) {
    out.kind = BlobStanding::Kind::kInvalid;
    out.event = found->second;
    return out;
  }
  for (const BlobObject* o : live_objects(blob)) {
    if (o->certified_epoch)
      out.initial_certified_epoch = std::min(out.initial_certified_epoch.value_or(*o->certified_epoch),
                                             *o->certified_epoch);
    if (o->deletable) {
      ++out.deletable_total;
      if (o->certified_epoch) ++out.deletable_certified;
      continue;
    }
    bool better = out.kind != BlobStanding::Kind::kPermanent || (o->certified_epoch && !out.certified) ||
                  (o->certified_epoch.has_value() == out.certified && o->end_epoch > out.end_epoch);
    out.kind = BlobStanding::Kind::kPermanent;
    if (better) {
      out.certified = o->certified_epoch.has_value();
      out.end_epoch = o->end_epoch;
      out.event = o->last_event;
    }
  }
  if (out.kind != BlobStanding::Kind::kPermanent && out.deletable_total > 0) {
    out.kind = BlobStanding::Kind::kDeletable;
    out.certified = out.deletable_certified > 0;
  }
  return out;
}

bool FileLedger::object_is_live(const std::string& object_id, const BlobId& blob) const {
  auto found = object(object_id);
  MutexLock lock(mutex_);
  return found && found->blob == blob && live(*found);
}

std::vector<BlobId> FileLedger::certified_blobs() const {
  MutexLock lock(mutex_);
  std::set<BlobId> found;
  for (const auto& [id, object] : objects_)
    if (live(object) && object.certified_epoch && !invalid_.contains(object.blob)) found.insert(object.blob);
  return {found.begin(), found.end()};
}

Result<Registration> FileLedger::register_blob(const RegisterRequest& request) {
  if (request.epochs == 0 || request.epochs > kMaxEpochsAhead)
    return Error(Code::kInvalidArgument,
                 "a blob can be kept for 1 to " + std::to_string(kMaxEpochsAhead) + " epochs ahead");
  BlobObject object;
  object.id = random_object_id(rng_);
  object.blob = request.blob;
  object.size_bytes = request.size_bytes;
  object.encoded_length = request.encoded_length;
  object.storage_id = random_object_id(rng_);
  object.deletable = request.deletable;
  object.owner = request.owner;
  if (request.share) object.shared_id = random_object_id(rng_);
  object.last_event = new_event();

  MutexLock lock(mutex_);
  object.registered_epoch = object.start_epoch = epoch_;
  object.end_epoch = epoch_ + request.epochs;
  WFS_TRY(save(object));
  return Registration{object, store_cost_frost(request.encoded_length, request.epochs)};
}

Result<BlobObject*> FileLedger::find_confirmed(const std::string& id, const StorageConfirmation& confirmed) {
  BlobObject* object = find_live(id);
  if (object == nullptr) return Error(Code::kNotFound, "no live blob object " + id);
  if (confirmed.epoch != epoch_)
    return Error(Code::kStale, "the certificate is of epoch " + std::to_string(confirmed.epoch) + ", it is epoch " +
                                   std::to_string(epoch_));
  const auto& deletable = confirmed.persistence.deletable;
  const bool same_object = deletable && object_id_to_string(*deletable) == id;
  if (confirmed.blob != object->blob || (object->deletable ? !same_object : deletable.has_value()))
    return Error(Code::kInvalidArgument, "the certificate is not for blob object " + id);
  return object;
}

// The signature is verified without the lock: it takes milliseconds.
Result<BlobObject> FileLedger::certify(const std::string& object_id, const BlobCertificate& certificate) {
  WFS_ASSIGN(const StorageConfirmation confirmed, parse_confirmation(certificate.message));
  WFS_TRY(check_signatures(committee_, chain_quorum_weight(shards_of(committee_)), certificate));
  MutexLock lock(mutex_);
  WFS_ASSIGN(BlobObject* object, find_confirmed(object_id, confirmed));
  if (object->certified_epoch) return *object;
  BlobObject certified = *object;
  certified.certified_epoch = epoch_;
  certified.last_event = new_event();
  WFS_TRY(save(certified));
  return certified;
}

Status FileLedger::invalidate(const BlobId& blob, const BlobCertificate& certificate) {
  WFS_TRY(check_signatures(committee_, chain_one_correct_weight(shards_of(committee_)), certificate));
  MutexLock lock(mutex_);
  if (invalid_.contains(blob)) return {};
  if (!equal(certificate.message, invalid_blob_id_message(epoch_, blob)))
    return Error(Code::kInvalidArgument, "the certificate does not say in this epoch that the blob is invalid");
  const TransactionEvent event = new_event();
  WFS_TRY(write({{"op", "invalid"}, {"blob", blob.to_string()}, {"tx", event.tx_digest}}));
  invalid_[blob] = event;
  return {};
}

Result<uint64_t> FileLedger::extend(const std::string& object_id, uint32_t epochs) {
  MutexLock lock(mutex_);
  BlobObject* object = find_live(object_id);
  if (object == nullptr || !object->certified_epoch)
    return Error(Code::kNotFound, "no live, certified blob object " + object_id);
  uint64_t end = uint64_t{object->end_epoch} + epochs;
  if (epochs == 0 || end > uint64_t{epoch_} + kMaxEpochsAhead)
    return Error(Code::kInvalidArgument,
                 "a blob can be kept for at most " + std::to_string(kMaxEpochsAhead) + " epochs ahead");
  BlobObject longer = *object;
  longer.end_epoch = static_cast<uint32_t>(end);
  WFS_TRY(save(longer));
  return storage_units(longer.encoded_length) * kStoragePricePerUnit * epochs;
}

Status FileLedger::remove(const std::string& object_id) {
  MutexLock lock(mutex_);
  BlobObject* object = find_live(object_id);
  if (object == nullptr) return Error(Code::kNotFound, "no live blob object " + object_id);
  if (!object->deletable) return Error(Code::kNotPermitted, "blob object " + object_id + " is permanent");
  WFS_TRY(write({{"op", "remove"}, {"id", object_id}}));
  erase(object_id);
  return {};
}

Result<uint32_t> FileLedger::advance_epoch() {
  MutexLock lock(mutex_);
  WFS_TRY(write({{"op", "epoch"}, {"epoch", epoch_ + 1}}));
  return ++epoch_;
}

std::optional<BlobObject> FileLedger::object(const std::string& object_id) const {
  MutexLock lock(mutex_);
  auto found = objects_.find(object_id);
  if (found == objects_.end()) return std::nullopt;
  return found->second;
}

std::vector<BlobObject> FileLedger::objects_of(const BlobId& blob) const {
  MutexLock lock(mutex_);
  std::vector<BlobObject> copies;
  for (const BlobObject* object : live_objects(blob)) copies.push_back(*object);
  return copies;
}

uint64_t FileLedger::live_bytes() const {
  MutexLock lock(mutex_);
  uint64_t sum = 0;
  for (const auto& [blob, ids] : by_blob_)
    if (const auto copies = live_objects(blob); !copies.empty()) sum += copies.front()->size_bytes;
  return sum;
}

}  // namespace

uint64_t storage_units(uint64_t encoded_length) { return (encoded_length + kUnitBytes - 1) / kUnitBytes; }

uint64_t store_cost_frost(uint64_t encoded_length, uint32_t epochs) {
  return storage_units(encoded_length) * (kStoragePricePerUnit * epochs + kWritePricePerUnit);
}

Result<std::unique_ptr<Ledger>> open_file_ledger(Files& files, Rng& rng, const std::string& path,
                                                 std::vector<Signer> committee) {
  WFS_ASSIGN(bool existed, files.exists(path));
  WFS_ASSIGN(auto file, files.open(path, Files::Open::kCreate));
  auto ledger = std::make_unique<FileLedger>(rng, std::move(file), std::move(committee));
  if (existed) WFS_TRY(ledger->load(path));
  if (ledger->wallet_address().empty()) {  // new, or it ended before its first line was whole
    WFS_TRY(ledger->begin());
    WFS_TRY(files.sync_directory(path.substr(0, path.rfind('/'))));
  }
  return std::unique_ptr<Ledger>(std::move(ledger));
}

}  // namespace walrusfs::localnet
