#include "codec/parallel.h"

#include <algorithm>

namespace walrusfs::codec {

void parallel_for(unsigned threads, size_t count, const std::function<void(unsigned, size_t)>& body, WorkerPool* pool) {
  std::atomic<size_t> next{0};
  const auto work = [&](unsigned worker) {
    for (size_t item; (item = next.fetch_add(1)) < count;) body(worker, item);
  };
  const auto workers = static_cast<unsigned>(std::min<size_t>(threads, count));
  if (workers <= 1) return work(0);
  if (pool != nullptr) return pool->run(workers, work);
  WorkerPool(workers - 1).run(workers, work);
}

void parallel_for_runs(unsigned threads, size_t count, size_t item_bytes,
                       const std::function<void(unsigned, size_t)>& body, WorkerPool* pool) {
  constexpr size_t kRunBytes = 2048;
  constexpr size_t kRunsPerThread = 16;  // at least, so that all end at about the same time
  const size_t enough = std::max<size_t>(kRunBytes / std::max<size_t>(item_bytes, 1), 1);
  const size_t run = std::clamp<size_t>(count / (kRunsPerThread * std::max(threads, 1u)), 1, enough);
  parallel_for(
      threads, (count + run - 1) / run,
      [&](unsigned worker, size_t number) {
        const size_t end = std::min(count, (number + 1) * run);
        for (size_t item = number * run; item < end; ++item) body(worker, item);
      },
      pool);
}

void Progress::add(uint64_t work) {
  if (!callback_) return;
  // The lock keeps calls apart, which the callback's contract promises.
  MutexLock lock(mutex_);
  done_ += work;
  if (!callback_(done_, total_)) cancelled_.store(true, std::memory_order_relaxed);
}

}  // namespace walrusfs::codec
