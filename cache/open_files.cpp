#include "cache/open_files.h"

#include "cache/staging_file.h"

namespace walrusfs {

void OpenFiles::admit(StagingFile& file) {
  std::unique_ptr<File> closing;  // closed after the lock is gone
  MutexLock lock(mutex_);
  if (open_.size() >= limit_) closing = close_one();
  file.slot_ = open_.size();
  open_.push_back(&file);
}

void OpenFiles::forget(StagingFile& file) {
  MutexLock lock(mutex_);
  take_out(file.slot_);
}

size_t OpenFiles::count() const {
  MutexLock lock(mutex_);
  return open_.size();
}

std::unique_ptr<File> OpenFiles::close_one() {
  // Twice round: the first visit may only take the mark of use away.
  for (size_t step = 0; step < 2 * open_.size(); ++step) {
    if (hand_ >= open_.size()) hand_ = 0;
    const size_t slot = hand_++;
    std::unique_ptr<File> handle = open_[slot]->close_if_idle();
    if (!handle) continue;
    take_out(slot);
    return handle;
  }
  return nullptr;
}

void OpenFiles::take_out(size_t slot) {
  open_[slot] = open_.back();
  open_[slot]->slot_ = slot;
  open_.pop_back();
}

}  // namespace walrusfs
