// A few threads for the length of one call; none in a simulation, where everything happens in one order that the
// seed decides.
#pragma once

#include <cstddef>
#include <functional>
#include <future>

#include "base/rng.h"

namespace walrusfs::localnet {

// Calls work(0) … work(count - 1), at most `threads` at a time, and returns when all have returned.
void for_each_parallel(size_t count, size_t threads, const std::function<void(size_t)>& work);

// For the length of its life, what this thread would have done by several threads it does by itself: one piece of work
// after the other, in an order drawn from `order`, which must outlive it. Scopes do not nest.
class OneAtATime {
 public:
  explicit OneAtATime(Rng& order);
  ~OneAtATime();
  OneAtATime(const OneAtATime&) = delete;
  OneAtATime& operator=(const OneAtATime&) = delete;
};

// Whether this thread is in such a scope.
bool one_at_a_time();

// `work` on a thread of its own; its future waits when it goes. One at a time: when it is asked for.
template <typename Work>
auto start_async(Work work) {
  return std::async(one_at_a_time() ? std::launch::deferred : std::launch::async, std::move(work));
}

}  // namespace walrusfs::localnet
