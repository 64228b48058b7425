#include "codec/bls/message_point.h"

#include "base/mutex.h"
#include "codec/bls/hash_to_g2.h"

namespace walrusfs::bls {
namespace {

// A new message takes the place of the oldest.
class LatestPoints {
 public:
  std::optional<AffineG2> find(ByteView message) {
    MutexLock lock(mutex_);
    for (const Entry& entry : entries_)
      if (entry.point && equal(entry.message, message)) return entry.point;
    return std::nullopt;
  }

  void keep(ByteView message, const AffineG2& point) {
    MutexLock lock(mutex_);
    entries_[next_] = {to_bytes(message), point};
    next_ = (next_ + 1) % entries_.size();
  }

 private:
  struct Entry {
    Bytes message;
    std::optional<AffineG2> point;
  };
  Mutex mutex_;
  std::array<Entry, kMessagesRemembered> entries_ GUARDED_BY(mutex_);
  size_t next_ GUARDED_BY(mutex_) = 0;
};

}  // namespace

std::optional<AffineG2> message_point(ByteView message) {
  static LatestPoints latest;
  if (message.size() > kLongestRemembered) return hash_to_g2(message).affine();
  if (auto known = latest.find(message)) return known;
  const auto point = hash_to_g2(message).affine();
  if (point) latest.keep(message, *point);
  return point;
}

}  // namespace walrusfs::bls
