// Admission to a service: so many at a time, so many more waiting, the rest is turned away.
#pragma once

#include "base/mutex.h"

namespace walrusfs::localnet {

class Gate {
 public:
  Gate(size_t most_inside, size_t most_waiting) : most_inside_(most_inside), most_waiting_(most_waiting) {}

  // Waits for a place; false when too many wait already.
  bool enter() {
    MutexLock lock(mutex_);
    if (inside_ >= most_inside_ && waiting_ >= most_waiting_) return false;
    ++waiting_;
    while (inside_ >= most_inside_) left_.wait(mutex_);
    --waiting_;
    ++inside_;
    return true;
  }
  // Whether enter() would say no, now.
  bool full() const {
    MutexLock lock(mutex_);
    return inside_ >= most_inside_ && waiting_ >= most_waiting_;
  }
  size_t waiting() const {
    MutexLock lock(mutex_);
    return waiting_;
  }
  void leave() {
    MutexLock lock(mutex_);
    --inside_;
    left_.notify_one();
  }

 private:
  const size_t most_inside_, most_waiting_;
  mutable Mutex mutex_;
  CondVar left_;
  size_t inside_ GUARDED_BY(mutex_) = 0;
  size_t waiting_ GUARDED_BY(mutex_) = 0;
};

// A place inside, given back at the end of the scope.
class GatePass {
 public:
  explicit GatePass(Gate& gate) : gate_(gate), inside_(gate.enter()) {}
  ~GatePass() {
    if (inside_) gate_.leave();
  }
  GatePass(const GatePass&) = delete;
  GatePass& operator=(const GatePass&) = delete;
  bool inside() const { return inside_; }

 private:
  Gate& gate_;
  const bool inside_;
};

}  // namespace walrusfs::localnet
