// A flag that tells long operations to stop soon. One side calls cancel(), the other looks now and then;
// an operation that saw it returns kCancelled.
//
// Safe to call from any thread.
#pragma once

#include <atomic>

namespace walrusfs {

class CancelToken {
 public:
  void cancel() { cancelled_.store(true, std::memory_order_release); }
  bool cancelled() const { return cancelled_.load(std::memory_order_acquire); }

 private:
  std::atomic<bool> cancelled_{false};
};

inline bool is_cancelled(const CancelToken* token) { return token != nullptr && token->cancelled(); }

}  // namespace walrusfs
