// The staging files that have a descriptor, at most so many. Which one to close is decided by the CLOCK
// rule: a hand goes round and takes the first that was not used since it last came by, so that a use
// costs one relaxed store and tiny files, used once, are closed in the order they were opened.
//
// Safe to call from any thread. A file in use at that moment is passed over; when all are, the limit
// is exceeded by one per thread at work.
#pragma once

#include <memory>
#include <vector>

#include "base/files.h"
#include "base/mutex.h"

namespace walrusfs {

class StagingFile;

class OpenFiles {
 public:
  explicit OpenFiles(size_t limit) : limit_(limit == 0 ? 1 : limit) {}

  // `file` has just been opened (its handle is locked by the caller); another one may be closed for it.
  void admit(StagingFile& file);
  // `file` is being closed by its owner.
  void forget(StagingFile& file);
  size_t count() const;

 private:
  std::unique_ptr<File> close_one() REQUIRES(mutex_);
  void take_out(size_t slot) REQUIRES(mutex_);

  const size_t limit_;
  mutable Mutex mutex_;  // taken under a file's handle lock; only tries the handle locks of others
  std::vector<StagingFile*> open_ GUARDED_BY(mutex_);
  size_t hand_ GUARDED_BY(mutex_) = 0;
};

}  // namespace walrusfs
