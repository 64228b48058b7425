// Which entries of a bounded cache to keep: S3-FIFO (Yang, Zhang, Qiu, Yue, Rashmi, "FIFO queues are all you
// need for cache eviction", SOSP 2023). New entries pass through a small queue, a part of the bound; only
// those used again there reach the main queue, so that reading a film once does not push out what is
// used every day. Keys that left the small queue are remembered for a while ("ghosts"): when one
// comes back it goes to the main queue at once.
//
// Uses that follow each other closely are one: a frame of 1 MiB is read in eight or more pieces.
// Closely means: while fewer than `close_bytes` were inserted.
//
// Pure bookkeeping, no I/O, not thread-safe.
#pragma once

#include <cstdint>
#include <list>
#include <unordered_map>
#include <vector>

#include "base/check.h"

namespace walrusfs {

template <typename Key, typename Hash = std::hash<Key>>
class S3Fifo {
 public:
  static constexpr uint8_t kUsesToPromote = 2;  // as in the paper; reading ahead makes one look like reuse
  static constexpr uint8_t kMostUses = 3;       // further uses add nothing
  static constexpr size_t kFewestGhosts = 64;

  struct Shape {
    uint64_t bound_bytes = 0;
    uint64_t small_bytes = 0;  // of them for the small queue: a tenth in the paper
    uint64_t close_bytes = 0;  // see above
  };

  explicit S3Fifo(const Shape& shape) : shape_(shape) {}

  bool contains(const Key& key) const { return entries_.contains(key); }
  uint64_t bytes() const { return small_.bytes + main_.bytes; }
  size_t count() const { return entries_.size(); }

  // The entry was used.
  void touch(const Key& key) {
    auto found = entries_.find(key);
    if (found == entries_.end()) return;
    Entry& entry = *found->second;
    if (inserted_bytes_ - entry.last_use < shape_.close_bytes) return;
    entry.last_use = inserted_bytes_;
    if (entry.uses < kMostUses) ++entry.uses;
  }

  // Adds the entry, which must not be there, and appends to `evicted` what has to go for it. False when it
  // is larger than everything; nothing has changed then.
  bool insert(const Key& key, uint64_t size, std::vector<Key>& evicted) {
    WFS_CHECK(!contains(key));
    if (size > shape_.bound_bytes) return false;
    const bool came_back = forget_ghost(key);
    while (bytes() + size > shape_.bound_bytes) evict_one(evicted);
    inserted_bytes_ += size;
    push(came_back ? main_ : small_, Entry{key, size, inserted_bytes_, 0, came_back});
    return true;
  }

  // The entry is gone for another reason; no ghost stays.
  void erase(const Key& key) {
    auto found = entries_.find(key);
    if (found == entries_.end()) return;
    take_out(found->second);
  }

  template <typename Act>
  void for_each(Act act) const {
    for (const auto& [key, entry] : entries_) act(key);
  }

 private:
  struct Entry {
    Key key;
    uint64_t size = 0;
    uint64_t last_use = 0;  // inserted_bytes_ then
    uint8_t uses = 0;
    bool in_main = false;
  };
  using Place = typename std::list<Entry>::iterator;

  struct Queue {
    std::list<Entry> entries;  // newest in front
    uint64_t bytes = 0;
  };

  void push(Queue& queue, Entry entry) {
    queue.bytes += entry.size;
    queue.entries.push_front(std::move(entry));
    entries_[queue.entries.front().key] = queue.entries.begin();
  }

  Entry take_out(Place place) {
    Queue& queue = place->in_main ? main_ : small_;
    Entry entry = *place;
    queue.bytes -= entry.size;
    entries_.erase(entry.key);
    queue.entries.erase(place);
    return entry;
  }

  void evict_one(std::vector<Key>& evicted) {
    const bool small_is_large = small_.bytes > shape_.small_bytes;
    if (!small_.entries.empty() && (small_is_large || main_.entries.empty())) {
      evict_from_small(evicted);
    } else {
      evict_from_main(evicted);
    }
  }

  // Removes one entry, or moves one that was used to the main queue.
  void evict_from_small(std::vector<Key>& evicted) {
    Entry entry = take_out(std::prev(small_.entries.end()));
    if (entry.uses >= kUsesToPromote) {
      entry.uses = 0;
      entry.in_main = true;
      push(main_, std::move(entry));
      return;
    }
    add_ghost(entry.key);
    evicted.push_back(std::move(entry.key));
  }

  // Removes one entry, or gives one that was used another round. Each round costs a use, so it ends.
  void evict_from_main(std::vector<Key>& evicted) {
    Entry entry = take_out(std::prev(main_.entries.end()));
    if (entry.uses > 0) {
      --entry.uses;
      push(main_, std::move(entry));
      return;
    }
    evicted.push_back(std::move(entry.key));
  }

  void add_ghost(const Key& key) {
    ghosts_.push_front(key);
    ghost_places_[key] = ghosts_.begin();
    while (ghosts_.size() > kFewestGhosts && ghosts_.size() > entries_.size()) {
      ghost_places_.erase(ghosts_.back());
      ghosts_.pop_back();
    }
  }

  bool forget_ghost(const Key& key) {
    auto found = ghost_places_.find(key);
    if (found == ghost_places_.end()) return false;
    ghosts_.erase(found->second);
    ghost_places_.erase(found);
    return true;
  }

  const Shape shape_;
  uint64_t inserted_bytes_ = 0;  // ever: the clock of this class
  Queue small_;
  Queue main_;
  std::unordered_map<Key, Place, Hash> entries_;
  std::list<Key> ghosts_;  // newest in front
  std::unordered_map<Key, typename std::list<Key>::iterator, Hash> ghost_places_;
};

}  // namespace walrusfs
