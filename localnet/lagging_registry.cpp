#include "localnet/lagging_registry.h"

namespace walrusfs::localnet {
namespace {

constexpr size_t kRemembered = 4096;

template <typename Key, typename Value>
void remember(std::map<Key, Value>& seen, const Key& key, const Value& value) {
  if (seen.size() >= kRemembered && !seen.contains(key)) seen.erase(seen.begin());
  seen.insert_or_assign(key, value);
}

template <typename Key, typename Value>
Value recall(const std::map<Key, Value>& seen, const Key& key) {
  auto found = seen.find(key);
  return found == seen.end() ? Value{} : found->second;
}

}  // namespace

uint32_t LaggingRegistry::epoch() const {
  const bool lagging = lags("epoch");
  const uint32_t now = truth_.epoch();
  MutexLock lock(mutex_);
  if (!lagging) epoch_ = now;
  return epoch_;
}

BlobStanding LaggingRegistry::standing(const BlobId& blob) const {
  if (lags("standing")) {
    MutexLock lock(mutex_);
    return recall(standings_, blob);
  }
  BlobStanding now = truth_.standing(blob);
  MutexLock lock(mutex_);
  remember(standings_, blob, now);
  return now;
}

bool LaggingRegistry::object_is_live(const std::string& object_id, const BlobId& blob) const {
  if (lags("object")) {
    MutexLock lock(mutex_);
    return recall(live_, object_id);
  }
  const bool now = truth_.object_is_live(object_id, blob);
  MutexLock lock(mutex_);
  remember(live_, object_id, now);
  return now;
}

std::vector<BlobId> LaggingRegistry::certified_blobs() const {
  if (lags("certified")) {
    MutexLock lock(mutex_);
    return certified_;
  }
  std::vector<BlobId> now = truth_.certified_blobs();
  MutexLock lock(mutex_);
  certified_ = now;
  return now;
}

ChainProgress LaggingRegistry::progress() const {
  const bool lagging = lags("progress");
  const ChainProgress now = truth_.progress();
  MutexLock lock(mutex_);
  if (!lagging) progress_ = now;
  return {progress_.events, now.pending + now.events - progress_.events, progress_.checkpoint};
}

}  // namespace walrusfs::localnet
