// The threads of a mount, all started here (libfuse's request threads and the control socket's apart).
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"

namespace walrusfs::cli {

// Calls a step() again and again, waiting as long as it said, or until wake().
class StepThread {
 public:
  enum class Priority { kUsual, kGivesWay };  // to whoever reads and writes
  explicit StepThread(std::function<Millis()> step, Priority priority = Priority::kUsual);
  ~StepThread();  // after the step that is running

  void wake();

 private:
  void run();

  const std::function<Millis()> step_;
  const Priority priority_;
  Mutex mutex_;
  CondVar changed_;
  bool woken_ GUARDED_BY(mutex_) = false;
  bool ending_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

// A few threads and a bounded queue. A full queue drops the job: only for work that may be left undone.
class WorkerPool {
 public:
  WorkerPool(size_t threads, size_t queue_limit);
  ~WorkerPool();  // drops what has not begun

  // False: dropped. The shape of a BackgroundRunner (fs/io/background.h).
  bool post(std::function<void()> job);

 private:
  void run();

  const size_t queue_limit_;
  Mutex mutex_;
  CondVar changed_;
  std::deque<std::function<void()>> jobs_ GUARDED_BY(mutex_);
  bool ending_ GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

// Blocks SIGTERM, SIGINT and SIGHUP in the calling thread and those it starts later, and calls
// `on_signal` from a thread of its own for each that comes. Make it before any other thread.
class SignalThread {
 public:
  SignalThread();
  ~SignalThread();
  void on_signal(std::function<void(int)> handler);

 private:
  void run();

  Mutex mutex_;
  std::function<void(int)> handler_ GUARDED_BY(mutex_);
  bool ending_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace walrusfs::cli
