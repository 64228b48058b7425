#include "cli/threads.h"

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>

namespace walrusfs::cli {
namespace {

constexpr int kNiceness = 5;  // a third of the processor where two want it: fsync may wait for such a thread

sigset_t ending_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, signal);
  return set;
}

}  // namespace

StepThread::StepThread(std::function<Millis()> step, Priority priority)
    : step_(std::move(step)), priority_(priority), thread_([this] { run(); }) {}

StepThread::~StepThread() {
  {
    MutexLock lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void StepThread::wake() {
  {
    MutexLock lock(mutex_);
    woken_ = true;
  }
  changed_.notify_all();
}

void StepThread::run() {
  // Of this thread and of those that it starts. Where it is refused, the work is done at the usual priority.
  if (priority_ == Priority::kGivesWay) setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kNiceness);
  while (true) {
    const Millis wait = step_();
    const auto until = std::chrono::steady_clock::now() + wait;
    MutexLock lock(mutex_);
    while (!woken_ && !ending_ && std::chrono::steady_clock::now() < until) changed_.wait_until(mutex_, until);
    if (ending_) return;
    woken_ = false;
  }
}

WorkerPool::WorkerPool(size_t threads, size_t queue_limit) : queue_limit_(queue_limit) {
  for (size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
}

WorkerPool::~WorkerPool() {
  {
    MutexLock lock(mutex_);
    ending_ = true;
    jobs_.clear();
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

bool WorkerPool::post(std::function<void()> job) {
  {
    MutexLock lock(mutex_);
    if (ending_ || jobs_.size() >= queue_limit_) return false;
    jobs_.push_back(std::move(job));
  }
  changed_.notify_one();
  return true;
}

void WorkerPool::run() {
  while (true) {
    std::function<void()> job;
    {
      MutexLock lock(mutex_);
      while (jobs_.empty() && !ending_) changed_.wait(mutex_);
      if (ending_) return;
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    job();
  }
}

SignalThread::SignalThread() {
  const sigset_t set = ending_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  thread_ = std::thread([this] { run(); });
}

SignalThread::~SignalThread() {
  {
    MutexLock lock(mutex_);
    ending_ = true;
  }
  pthread_kill(thread_.native_handle(), SIGTERM);
  thread_.join();
}

void SignalThread::on_signal(std::function<void(int)> handler) {
  MutexLock lock(mutex_);
  handler_ = std::move(handler);
}

void SignalThread::run() {
  const sigset_t set = ending_signals();
  while (true) {
    int signal = 0;
    sigwait(&set, &signal);
    std::function<void(int)> handler;
    {
      MutexLock lock(mutex_);
      if (ending_) return;
      handler = handler_;
    }
    if (handler) handler(signal);
  }
}

}  // namespace walrusfs::cli
