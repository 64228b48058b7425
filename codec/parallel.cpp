#include "codec/parallel.h"

#include <algorithm>
#include <system_error>
#include <thread>
#include <vector>

namespace walrusfs::codec {

void parallel_for(unsigned threads, size_t count, const std::function<void(unsigned, size_t)>& body) {
  std::atomic<size_t> next{0};
  const auto work = [&](unsigned worker) {
    for (size_t item; (item = next.fetch_add(1)) < count;) body(worker, item);
  };
  std::vector<std::thread> helpers;
  const size_t wanted = std::min<size_t>(threads, count);
  try {
    for (unsigned worker = 1; worker < wanted; ++worker) helpers.emplace_back(work, worker);
  } catch (const std::system_error&) {
    // The system has no more threads to give; those that run share the work.
  }
  work(0);
  for (std::thread& helper : helpers) helper.join();
}

void Progress::add(uint64_t work) {
  if (!callback_) return;
  // The lock keeps calls apart, which the callback's contract promises.
  MutexLock lock(mutex_);
  done_ += work;
  if (!callback_(done_, total_)) cancelled_.store(true, std::memory_order_relaxed);
}

}  // namespace walrusfs::codec
