#include "localnet/row_cache.h"

namespace walrusfs::localnet {

Row RowCache::get(const RowKey& key) {
  MutexLock lock(mutex_);
  auto found = by_key_.find(key);
  if (found == by_key_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->row;
}

void RowCache::put(const RowKey& key, Row row) {
  MutexLock lock(mutex_);
  if (by_key_.contains(key)) return;  // rows never change
  bytes_ += row->size();
  entries_.push_front({key, std::move(row)});
  by_key_[key] = entries_.begin();
  while (bytes_ > max_bytes_ && !entries_.empty()) {
    bytes_ -= entries_.back().row->size();
    by_key_.erase(entries_.back().key);
    entries_.pop_back();
  }
}

uint64_t RowCache::size_bytes() const {
  MutexLock lock(mutex_);
  return bytes_;
}

}  // namespace walrusfs::localnet
