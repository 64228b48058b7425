// The accepting side of a server. A connection on which nothing is asked costs a descriptor and some bytes, never a
// thread: official clients open one per sliver in flight, 2000 with 1000 shards, and keep every one.
//
// One thread accepts and watches all connections that wait for a request. When the head of one is there, a thread of
// the pool answers it and gives the connection back. When there are as many connections as there may be, the one that
// waits longest is closed for the next; never one that asks something: when all do, new ones wait in the kernel.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <thread>
#include <unordered_map>

#include "base/clock.h"
#include "localnet/connection.h"
#include "localnet/growing_pool.h"

namespace walrusfs::localnet {

struct FrontOptions {
  size_t max_connections = 4096;
  size_t max_threads = 64;
  Millis idle_life{60'000};  // of a connection; what was sent of a head that is not complete does not count
  TransferLimits transfers;
  Millis stop_grace{5'000};  // for requests that are being answered when it ends; then their connections break
};

struct FrontCounts {
  size_t connections = 0, waiting = 0, threads = 0;
};

class ConnectionFront {
 public:
  // Answers one request; whether the connection is good for another one. From many threads at once.
  using Serve = std::function<bool(Connection& connection)>;
  // Nothing when the connection is not wanted.
  using MakeWire = std::function<std::unique_ptr<Wire>(Fd socket)>;

  // `listener` is bound, listening and non-blocking. `clock` must outlive the front.
  static Result<std::unique_ptr<ConnectionFront>> start(Fd listener, const FrontOptions& options, Clock& clock,
                                                        MakeWire make_wire, Serve serve);
  // Closes what waits; requests that are being answered are finished, without what they have yet to receive, and
  // without the rest of answers that are not taken within the grace.
  ~ConnectionFront();

  FrontCounts counts() const;

 private:
  struct Held;
  using Helds = std::unordered_map<uint64_t, std::unique_ptr<Held>>;

  ConnectionFront(Fd listener, Fd poll, Fd wake, const FrontOptions& options, Clock& clock, MakeWire make_wire,
                  Serve serve);

  // By the watching thread.
  void watch();
  int wait_ms();
  void accept_some();
  bool is_full() const REQUIRES(mutex_);
  std::list<uint64_t>::iterator find_idle() REQUIRES(mutex_);
  bool find_room();
  void make_room();
  void hold(Fd socket);
  void stirred(uint64_t id);
  void drop_expired();
  void set_accepting(bool accepting);

  // By threads of the pool.
  void answer(Held& held);

  void rest(Held& held, Connection::Gathered missing);
  void rearm(const Held& held, Connection::Gathered missing);
  void forget(uint64_t id);
  void wake();
  void break_off_the_slow();

  // Constant after construction.
  const Fd listener_, poll_, wake_;
  const FrontOptions options_;
  Clock& clock_;
  const MakeWire make_wire_;
  const Serve serve_;

  bool accepting_ = true;  // the watching thread's own
  mutable Mutex mutex_;
  Helds held_ GUARDED_BY(mutex_);
  std::list<uint64_t> waiting_ GUARDED_BY(mutex_);  // the longest first
  uint64_t next_id_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;
  CondVar gone_;  // of those that are answered, while stopping
  GrowingPool pool_;
  std::thread watcher_;
};

}  // namespace walrusfs::localnet
