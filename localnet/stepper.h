// A thread that does background work step by step.
//
// Safe to call from any thread. The destructor waits for the step that runs.
#pragma once

#include <functional>
#include <thread>

#include "base/clock.h"
#include "base/mutex.h"

namespace walrusfs::localnet {

class Stepper {
 public:
  // `step` says after how long it wants to be called again; what it uses must outlive the stepper.
  explicit Stepper(std::function<Millis()> step);
  ~Stepper();
  Stepper(const Stepper&) = delete;
  Stepper& operator=(const Stepper&) = delete;

  // The next step comes at once.
  void nudge();

 private:
  // The work's own, or a pause after what it threw.
  Millis step();
  void run();

  const std::function<Millis()> step_;
  Mutex mutex_;
  CondVar changed_;
  bool ending_ GUARDED_BY(mutex_) = false;
  bool nudged_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace walrusfs::localnet
