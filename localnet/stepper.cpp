#include "localnet/stepper.h"

#include <exception>

#include "base/log.h"

namespace walrusfs::localnet {
namespace {

constexpr Millis kAfterTrouble{10'000};

}  // namespace

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

Millis Stepper::step() {
  try {
    return step_();
  } catch (const std::exception& problem) {
    log_warn("work in the background is tried again later: {}", problem.what());
    return kAfterTrouble;
  }
}

void Stepper::run() {
  for (;;) {
    const Millis wait = step();
    MutexLock lock(mutex_);
    if (!ending_ && !nudged_ && wait > Millis(0)) changed_.wait_for(mutex_, wait);
    if (ending_) return;
    nudged_ = false;
  }
}

}  // namespace walrusfs::localnet
