// What the events of the chain say about blobs: which objects there are for a blob ID, until when, certified or not.
// The state that every storage node makes of the events it follows; so a burned object of a permanent blob still counts
// until it expires, and an entry of a storage pool lives as long as its pool.
//
// Used under its owner's lock. Records must come in the order of the chain, each once.
#pragma once

#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "localnet/ledger.h"
#include "localnet/sui/chain_store.h"

namespace walrusfs::localnet {

class BlobIndex {
 public:
  struct Entry {
    sui::ObjectId id;
    BlobId blob;
    uint64_t size_bytes = 0;
    uint32_t registered_epoch = 0;
    std::optional<uint32_t> certified_epoch;
    uint32_t end_epoch = 0;  // of entries of a pool: see end_of()
    bool deletable = false;
    std::optional<sui::ObjectId> pool, shared;  // shared: the SharedBlob that it is wrapped in
    sui::SuiDigest transaction;                 // of the last event
    uint64_t event_seq = 0;
  };

  explicit BlobIndex(uint32_t epoch) : epoch_(epoch) {}

  void apply(const sui::Record& record);
  // Events do not tell that a blob was wrapped.
  void set_shared(const sui::ObjectId& blob_object, const sui::ObjectId& shared);

  uint32_t epoch() const { return epoch_; }
  BlobStanding standing(const BlobId& blob) const;
  // Null unless it is live.
  const Entry* find(const sui::ObjectId& id) const;
  uint32_t end_of(const Entry& entry) const;
  // Live ones, in order of registration.
  std::vector<const Entry*> objects_of(const BlobId& blob) const;
  // Ever registered, alive or not.
  bool has_heard_of(const BlobId& blob) const { return heard_of_.contains(blob); }
  bool is_invalid(const BlobId& blob) const { return invalid_.contains(blob); }
  std::vector<BlobId> certified_blobs() const;
  uint64_t live_bytes() const;

 private:
  struct Place {
    sui::SuiDigest transaction;
    uint64_t seq = 0;
  };
  struct Pool {
    uint32_t end_epoch = 0;
    std::set<sui::ObjectId> entries;
  };

  void apply_event(const sui::EmittedEvent& event, const Place& place);
  // False for events that are none of theirs.
  bool apply_blob_event(const std::string& name, ByteView contents, const Place& place);
  bool apply_pool_event(const std::string& name, ByteView contents, const Place& place);
  void add(Entry entry, const Place& place);
  void certify(const sui::ObjectId& id, uint32_t epoch, const Place& place);
  void erase(const sui::ObjectId& id);
  void begin_epoch(uint32_t epoch);
  bool live(const Entry& entry) const { return end_of(entry) > epoch_; }
  static TransactionEvent event_of(const Entry& entry);

  uint32_t epoch_;
  std::map<sui::ObjectId, Entry> entries_;
  std::unordered_map<BlobId, std::vector<sui::ObjectId>> by_blob_;
  std::unordered_set<BlobId> heard_of_;
  std::map<sui::ObjectId, Pool> pools_;
  std::unordered_map<BlobId, Place> invalid_;
};

}  // namespace walrusfs::localnet
