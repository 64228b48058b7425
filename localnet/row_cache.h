// Verified systematic primary slivers of blobs read lately, bounded in bytes; the one used longest ago
// goes first. Safe to call from any thread.
#pragma once

#include <list>
#include <map>
#include <memory>

#include "base/mutex.h"
#include "codec/shape.h"

namespace walrusfs::localnet {

struct RowKey {
  BlobId blob;
  SliverIndex row{};
  auto operator<=>(const RowKey&) const = default;
};
using Row = std::shared_ptr<const Bytes>;

class RowCache {
 public:
  explicit RowCache(uint64_t max_bytes) : max_bytes_(max_bytes) {}

  Row get(const RowKey& key);  // null when absent
  void put(const RowKey& key, Row row);
  uint64_t size_bytes() const;

 private:
  struct Entry {
    RowKey key;
    Row row;
  };
  using Entries = std::list<Entry>;

  const uint64_t max_bytes_;
  mutable Mutex mutex_;
  Entries entries_ GUARDED_BY(mutex_);  // used last in front
  std::map<RowKey, Entries::iterator> by_key_ GUARDED_BY(mutex_);
  uint64_t bytes_ GUARDED_BY(mutex_) = 0;
};

}  // namespace walrusfs::localnet
