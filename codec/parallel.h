// Splitting a computation over threads, with progress and cancelling.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>

#include "base/mutex.h"
#include "codec/worker_pool.h"

namespace walrusfs::codec {

// body(worker, item) for every item < count; worker < threads names the thread, for its scratch. Items
// are taken in order. Returns when all are done. The body must not throw.
// With a pool its threads take part, else threads are started that live as long as the call.
void parallel_for(unsigned threads, size_t count, const std::function<void(unsigned worker, size_t item)>& body,
                  WorkerPool* pool = nullptr);

// The same in runs of neighbouring items, each for one thread: for items that write next to each other, so that
// threads seldom meet in one line of the CPU's cache. `item_bytes`: what an item writes in one place.
void parallel_for_runs(unsigned threads, size_t count, size_t item_bytes,
                       const std::function<void(unsigned worker, size_t item)>& body, WorkerPool* pool = nullptr);

// Counts work done and tells the user's callback. Safe from any thread.
class Progress {
 public:
  using Callback = std::function<bool(uint64_t done, uint64_t total)>;

  // `callback` may be empty and must outlive this.
  Progress(const Callback& callback, uint64_t total) : callback_(callback), total_(total) {}

  void add(uint64_t work);
  // The callback asked to stop; bodies should return early.
  bool cancelled() const { return cancelled_.load(std::memory_order_relaxed); }

 private:
  const Callback& callback_;
  const uint64_t total_;
  std::atomic<bool> cancelled_{false};
  Mutex mutex_;
  uint64_t done_ GUARDED_BY(mutex_) = 0;
};

}  // namespace walrusfs::codec
