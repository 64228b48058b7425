// Work that may be done later, or not at all, by threads that somebody else owns.
#pragma once

#include <functional>

#include "base/mutex.h"

namespace walrusfs {

// Runs `task` soon on another thread, or destroys it unrun when its queue is full or it is closing.
// Must not run the task before it returns.
using BackgroundRunner = std::function<void(std::function<void()> task)>;

// Lets an object go while tasks that refer to it may still be queued: a task enters before it touches
// the object; close() waits for those inside and turns away all later ones. Held by shared_ptr, since
// queued tasks outlive the object.
class TaskGate {
 public:
  bool enter() {
    MutexLock lock(mutex_);
    if (closed_) return false;
    ++inside_;
    return true;
  }
  void leave() {
    MutexLock lock(mutex_);
    --inside_;
    left_.notify_all();
  }
  void close() {
    MutexLock lock(mutex_);
    closed_ = true;
    while (inside_ > 0) left_.wait(mutex_);
  }

 private:
  Mutex mutex_;
  CondVar left_;
  bool closed_ GUARDED_BY(mutex_) = false;
  size_t inside_ GUARDED_BY(mutex_) = 0;
};

}  // namespace walrusfs
