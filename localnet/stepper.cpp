#include "localnet/stepper.h"

namespace walrusfs::localnet {

Stepper::Stepper(std::function<Millis()> step) : step_(std::move(step)), thread_([this] { run(); }) {}

Stepper::~Stepper() {
  {
    MutexLock lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Stepper::nudge() {
  {
    MutexLock lock(mutex_);
    nudged_ = true;
  }
  changed_.notify_all();
}

void Stepper::run() {
  for (;;) {
    const Millis wait = step_();
    MutexLock lock(mutex_);
    if (!ending_ && !nudged_ && wait > Millis(0)) changed_.wait_for(mutex_, wait);
    if (ending_) return;
    nudged_ = false;
  }
}

}  // namespace walrusfs::localnet
