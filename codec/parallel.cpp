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

void Progress::add(uint64_t work) {
  if (!callback_) return;
  // The lock keeps calls apart, which the callback's contract promises.
  MutexLock lock(mutex_);
  done_ += work;
  if (!callback_(done_, total_)) cancelled_.store(true, std::memory_order_relaxed);
}

}  // namespace walrusfs::codec
