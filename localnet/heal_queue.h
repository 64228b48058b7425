// The blobs of which a node lacks something, in the order in which they are to be tried. Not safe from several threads.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/clock.h"
#include "base/ids.h"

namespace walrusfs::localnet {

class HealQueue {
 public:
  using TimePoint = Deadline::TimePoint;

  // Anew, when it is there already.
  void put(const BlobId& blob, TimePoint when) {
    erase(blob);
    when_.emplace(blob, when);
    order_.emplace(when, blob);
  }
  void erase(const BlobId& blob) {
    auto found = when_.find(blob);
    if (found == when_.end()) return;
    order_.erase({found->second, blob});
    when_.erase(found);
  }
  std::optional<TimePoint> when(const BlobId& blob) const {
    auto found = when_.find(blob);
    return found == when_.end() ? std::nullopt : std::optional(found->second);
  }
  // The first one whose time has come.
  std::optional<BlobId> due(TimePoint now) const {
    return order_.empty() || order_.begin()->first > now ? std::nullopt : std::optional(order_.begin()->second);
  }
  size_t size() const { return when_.size(); }
  const std::map<BlobId, TimePoint>& all() const { return when_; }

 private:
  std::map<BlobId, TimePoint> when_;
  std::set<std::pair<TimePoint, BlobId>> order_;
};

}  // namespace walrusfs::localnet
