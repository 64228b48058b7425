#include "localnet/growing_pool.h"

namespace walrusfs::localnet {
namespace {

constexpr auto kIdleThreadLife = std::chrono::seconds(10);

// Threads that have ended need no lock any more, so waiting for them is short.
void join(std::list<std::thread>& ended) {
  for (auto& thread : ended) thread.join();
  ended.clear();
}

}  // namespace

void GrowingPool::add(std::function<void()> job) {
  MutexLock lock(mutex_);
  jobs_.push_back(std::move(job));
  if (jobs_.size() > idle_ && running_ < max_threads_) {
    ++running_;
    threads_.emplace_back();
    auto self = std::prev(threads_.end());
    *self = std::thread([this, self] { work(self); });
  }
  join(ended_);
  wake_.notify_one();
}

void GrowingPool::finish() {
  MutexLock lock(mutex_);
  ending_ = true;
  wake_.notify_all();
  while (running_ > 0) all_ended_.wait(mutex_);
  join(ended_);
}

size_t GrowingPool::threads() const {
  MutexLock lock(mutex_);
  return running_;
}

void GrowingPool::work(Threads::iterator self) {
  MutexLock lock(mutex_);
  while (wait_for_job()) {
    auto job = std::move(jobs_.front());
    jobs_.pop_front();
    mutex_.unlock();
    job();
    job = nullptr;
    mutex_.lock();
  }
  ended_.splice(ended_.end(), threads_, self);
  if (--running_ == 0) all_ended_.notify_all();
}

bool GrowingPool::wait_for_job() {
  ++idle_;
  bool in_time = true;
  while (jobs_.empty() && !ending_ && in_time) in_time = wake_.wait_for(mutex_, kIdleThreadLife);
  --idle_;
  return !jobs_.empty();
}

}  // namespace walrusfs::localnet
