#include "localnet/blob_index.h"

#include <algorithm>

#include "client/sui/objects.h"

namespace walrusfs::localnet {
namespace {

namespace event = walrusfs::sui::event;

// The chain here makes the events itself.
template <typename Event>
Event read(ByteView contents) {
  return bcs_decode<Event>(contents, "an event of this ledger").value();
}

}  // namespace

void BlobIndex::apply(const sui::Record& record) {
  Place place{record.effects.transaction, 0};
  for (const sui::EmittedEvent& event : record.effects.events) {
    apply_event(event, place);
    ++place.seq;
  }
}

void BlobIndex::apply_event(const sui::EmittedEvent& event, const Place& place) {
  if (event.type.module != "events") return;
  const std::string& name = event.type.name;
  if (name == "EpochChangeStart") {
    begin_epoch(read<event::EpochChangeStart>(event.contents).epoch);
  } else if (!apply_blob_event(name, event.contents, place)) {
    apply_pool_event(name, event.contents, place);
  }
}

bool BlobIndex::apply_blob_event(const std::string& name, ByteView contents, const Place& place) {
  if (name == "BlobRegistered") {
    const auto e = read<event::BlobRegistered>(contents);
    add({e.object_id, e.blob_id, e.size, e.epoch, {}, e.end_epoch, e.deletable, {}, {}, {}, 0}, place);
  } else if (name == "BlobCertified") {
    const auto e = read<event::BlobCertified>(contents);
    certify(e.object_id, e.epoch, place);
    if (const auto found = entries_.find(e.object_id); found != entries_.end()) found->second.end_epoch = e.end_epoch;
  } else if (name == "BlobDeleted") {
    erase(read<event::BlobDeleted>(contents).object_id);
  } else if (name == "InvalidBlobID") {
    invalid_.emplace(read<event::InvalidBlobId>(contents).blob_id, place);
  } else {
    return false;
  }
  return true;
}

bool BlobIndex::apply_pool_event(const std::string& name, ByteView contents, const Place& place) {
  if (name == "StoragePoolCreated") {
    const auto e = read<event::StoragePoolCreated>(contents);
    pools_[e.pool].end_epoch = e.end_epoch;
  } else if (name == "StoragePoolExtended") {
    const auto e = read<event::StoragePoolExtended>(contents);
    pools_[e.pool].end_epoch = e.new_end_epoch;
  } else if (name == "PooledBlobRegistered") {
    const auto e = read<event::PooledBlobRegistered>(contents);
    pools_[e.pool].entries.insert(e.object_id);
    add({e.object_id, e.blob_id, e.unencoded_size, e.epoch, {}, 0, e.deletable, e.pool, {}, {}, 0}, place);
  } else if (name == "PooledBlobCertified") {
    const auto e = read<event::PooledBlobCertified>(contents);
    certify(e.object_id, e.epoch, place);
  } else if (name == "PooledBlobDeleted") {
    erase(read<event::PooledBlobDeleted>(contents).object_id);
  } else {
    return false;
  }
  return true;
}

void BlobIndex::add(Entry entry, const Place& place) {
  entry.transaction = place.transaction;
  entry.event_seq = place.seq;
  by_blob_[entry.blob].push_back(entry.id);
  heard_of_.insert(entry.blob);
  entries_.insert_or_assign(entry.id, std::move(entry));
}

// An extension is told as a certification, too; the first one counts.
void BlobIndex::certify(const sui::ObjectId& id, uint32_t epoch, const Place& place) {
  const auto found = entries_.find(id);
  if (found == entries_.end()) return;
  Entry& entry = found->second;
  if (!entry.certified_epoch) entry.certified_epoch = epoch;
  entry.transaction = place.transaction;
  entry.event_seq = place.seq;
}

void BlobIndex::erase(const sui::ObjectId& id) {
  const auto found = entries_.find(id);
  if (found == entries_.end()) return;
  const auto ids = by_blob_.find(found->second.blob);
  std::erase(ids->second, id);
  if (ids->second.empty()) by_blob_.erase(ids);
  if (const auto& pool = found->second.pool)
    if (const auto owner = pools_.find(*pool); owner != pools_.end()) owner->second.entries.erase(id);
  entries_.erase(found);
}

// Nothing that has ended comes back: the contract extends only what is alive.
void BlobIndex::begin_epoch(uint32_t epoch) {
  epoch_ = epoch;
  std::vector<sui::ObjectId> ended;
  for (const auto& [id, entry] : entries_)
    if (!live(entry)) ended.push_back(id);
  for (const sui::ObjectId& id : ended) erase(id);
  std::erase_if(pools_, [&](const auto& pool) { return pool.second.end_epoch <= epoch_; });
}

void BlobIndex::set_shared(const sui::ObjectId& blob_object, const sui::ObjectId& shared) {
  if (const auto found = entries_.find(blob_object); found != entries_.end()) found->second.shared = shared;
}

uint32_t BlobIndex::end_of(const Entry& entry) const {
  if (!entry.pool) return entry.end_epoch;
  const auto pool = pools_.find(*entry.pool);
  return pool == pools_.end() ? 0 : pool->second.end_epoch;
}

const BlobIndex::Entry* BlobIndex::find(const sui::ObjectId& id) const {
  const auto found = entries_.find(id);
  return found != entries_.end() && live(found->second) ? &found->second : nullptr;
}

std::vector<const BlobIndex::Entry*> BlobIndex::objects_of(const BlobId& blob) const {
  std::vector<const Entry*> out;
  const auto ids = by_blob_.find(blob);
  if (ids == by_blob_.end()) return out;
  for (const sui::ObjectId& id : ids->second)
    if (const Entry* entry = find(id)) out.push_back(entry);
  return out;
}

TransactionEvent BlobIndex::event_of(const Entry& entry) { return {entry.transaction.to_string(), entry.event_seq}; }

BlobStanding BlobIndex::standing(const BlobId& blob) const {
  BlobStanding out;
  if (const auto found = invalid_.find(blob); found != invalid_.end()) {
    out.kind = BlobStanding::Kind::kInvalid;
    out.event = {found->second.transaction.to_string(), found->second.seq};
    return out;
  }
  const Entry* best = nullptr;  // of the permanent ones
  for (const Entry* entry : objects_of(blob)) {
    const auto& certified = entry->certified_epoch;
    if (certified) out.initial_certified_epoch = std::min(out.initial_certified_epoch.value_or(*certified), *certified);
    if (entry->deletable) {
      ++out.deletable_total;
      if (certified) ++out.deletable_certified;
      continue;
    }
    const auto rank = [this](const Entry& e) { return std::pair(e.certified_epoch.has_value(), end_of(e)); };
    if (best == nullptr || rank(*entry) > rank(*best)) best = entry;
  }
  if (best != nullptr) {
    out.kind = BlobStanding::Kind::kPermanent;
    out.certified = best->certified_epoch.has_value();
    out.end_epoch = end_of(*best);
    out.event = event_of(*best);
  } else if (out.deletable_total > 0) {
    out.kind = BlobStanding::Kind::kDeletable;
    out.certified = out.deletable_certified > 0;
  }
  return out;
}

std::vector<BlobId> BlobIndex::certified_blobs() const {
  std::vector<BlobId> out;
  for (const auto& [blob, ids] : by_blob_) {
    const auto counts = [this](const sui::ObjectId& id) {
      const Entry* entry = find(id);
      return entry != nullptr && entry->certified_epoch;
    };
    if (!is_invalid(blob) && std::any_of(ids.begin(), ids.end(), counts)) out.push_back(blob);
  }
  std::sort(out.begin(), out.end(), [](const BlobId& a, const BlobId& b) { return a.bytes < b.bytes; });
  return out;
}

uint64_t BlobIndex::live_bytes() const {
  uint64_t sum = 0;
  for (const auto& [blob, ids] : by_blob_)
    if (const auto objects = objects_of(blob); !objects.empty()) sum += objects.front()->size_bytes;
  return sum;
}

}  // namespace walrusfs::localnet
