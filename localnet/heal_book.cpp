#include "localnet/heal_book.h"

#include <iterator>
#include <utility>

namespace walrusfs::localnet {

void HealBook::expect_work() {
  MutexLock lock(mutex_);
  all_due_ = true;
  looked_ = false;
  ++turn_;
}

bool HealBook::all_due() const {
  MutexLock lock(mutex_);
  return all_due_;
}

bool HealBook::take_all_due() {
  MutexLock lock(mutex_);
  return std::exchange(all_due_, false);
}

void HealBook::replace(HealQueue lacking) {
  MutexLock lock(mutex_);
  lacking_ = std::move(lacking);
  for (auto at = lost_.begin(); at != lost_.end();) at = lacking_.when(at->first) ? std::next(at) : lost_.erase(at);
  looked_ = !all_due_;
}

std::optional<BlobId> HealBook::due(TimePoint now) const {
  MutexLock lock(mutex_);
  return lacking_.due(now);
}

std::optional<HealBook::TimePoint> HealBook::when(const BlobId& blob) const {
  MutexLock lock(mutex_);
  return lacking_.when(blob);
}

void HealBook::put_off(const BlobId& blob, TimePoint when) {
  MutexLock lock(mutex_);
  lacking_.put(blob, when);
}

void HealBook::is_whole(const BlobId& blob) {
  MutexLock lock(mutex_);
  lacking_.erase(blob);
  lost_.erase(blob);
}

uint64_t HealBook::turn() const {
  MutexLock lock(mutex_);
  return turn_;
}

bool HealBook::set_lost(const BlobId& blob, const SliversLeft& left, uint64_t turn) {
  MutexLock lock(mutex_);
  return lost_.insert_or_assign(blob, Lost{turn, left}).second;
}

void HealBook::set_not_lost(const BlobId& blob) {
  MutexLock lock(mutex_);
  lost_.erase(blob);
}

bool HealBook::seemed_lost(const BlobId& blob) const {
  MutexLock lock(mutex_);
  return lost_.contains(blob);
}

std::vector<BlobId> HealBook::lacking() const {
  MutexLock lock(mutex_);
  std::vector<BlobId> blobs;
  for (const auto& [blob, when] : lacking_.all()) blobs.push_back(blob);
  return blobs;
}

std::vector<LostBlob> HealBook::lost() const {
  MutexLock lock(mutex_);
  std::vector<LostBlob> blobs;
  for (const auto& [blob, lost] : lost_)
    if (lost.turn == turn_) blobs.push_back({blob, lost.left});
  return blobs;
}

size_t HealBook::count_lacking() const {
  MutexLock lock(mutex_);
  return lacking_.size();
}

size_t HealBook::count_lost() const { return lost().size(); }

bool HealBook::looked() const {
  MutexLock lock(mutex_);
  return looked_;
}

std::optional<std::vector<BlobId>> HealBook::to_be_healed() const {
  MutexLock lock(mutex_);
  if (!looked_) return std::nullopt;
  std::vector<BlobId> blobs;
  for (const auto& [blob, when] : lacking_.all()) {
    auto lost = lost_.find(blob);
    if (lost == lost_.end() || lost->second.turn != turn_) blobs.push_back(blob);
  }
  return blobs;
}

}  // namespace walrusfs::localnet
