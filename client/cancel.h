// A flag that tells long operations to stop soon. One side calls cancel(), the other looks now and then;
// an operation that saw it returns kCancelled.
//
// Safe to call from any thread.
#pragma once

#include <atomic>

namespace walrusfs {

class CancelToken {
 public:
  CancelToken() = default;
  // Counts as cancelled also when one of these is; they may be null, and must outlive it.
  CancelToken(const CancelToken* one, const CancelToken* other) : one_(one), other_(other) {}

  void cancel() { cancelled_.store(true, std::memory_order_release); }
  bool cancelled() const {
    if (cancelled_.load(std::memory_order_acquire)) return true;
    return (one_ != nullptr && one_->cancelled()) || (other_ != nullptr && other_->cancelled());
  }

 private:
  const CancelToken* const one_ = nullptr;
  const CancelToken* const other_ = nullptr;
  std::atomic<bool> cancelled_{false};
};

inline bool is_cancelled(const CancelToken* token) { return token != nullptr && token->cancelled(); }

}  // namespace walrusfs
