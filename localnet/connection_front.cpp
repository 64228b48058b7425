#include "localnet/connection_front.h"

#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>

#include "base/log.h"

namespace walrusfs::localnet {
namespace {

constexpr uint64_t kListenerId = 0, kWakeId = 1, kFirstConnectionId = 2;
constexpr int kAcceptAtOnce = 64;
constexpr int kRetryAcceptMs = 50;

// Of all servers in the process; the other half of the descriptors is for files and for calling others.
std::atomic<size_t> open_connections{0};

// As many as the system lets us have; usually 1024 unless asked.
size_t raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
  if (limit.rlim_cur < limit.rlim_max) {
    rlimit raised{limit.rlim_max, limit.rlim_max};
    if (setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
  }
  return static_cast<size_t>(std::min<rlim_t>(limit.rlim_cur, 1 << 20));
}

size_t most_open_connections() {
  static const size_t most = raise_descriptor_limit() / 2;
  return most;
}

Status watch_descriptor(int poll, int operation, int fd, uint64_t id, uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = id;
  if (epoll_ctl(poll, operation, fd, &event) == 0) return {};
  return error_from_errno(errno, "watch a connection");
}

uint32_t events_for(Connection::Gathered missing) {
  return uint32_t{missing == Connection::Gathered::kMoreToWrite ? EPOLLOUT : EPOLLIN} | uint32_t{EPOLLONESHOT};
}

}  // namespace

struct ConnectionFront::Held {
  const uint64_t id;
  Connection connection;
  Deadline::TimePoint waiting_since;
  bool waits = false;
  std::list<uint64_t>::iterator place;  // in waiting_, while it waits

  Held(uint64_t number, std::unique_ptr<Wire> wire, Clock& clock, const TransferLimits& limits)
      : id(number), connection(std::move(wire), clock, limits) {
    ++open_connections;
  }
  ~Held() { --open_connections; }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
};

Result<std::unique_ptr<ConnectionFront>> ConnectionFront::start(Fd listener, const FrontOptions& options, Clock& clock,
                                                                MakeWire make_wire, Serve serve) {
  most_open_connections();  // raises the limit before the first one comes
  // TLS writes to connections that the other side has closed; that is an error, and not the end of the process.
  signal(SIGPIPE, SIG_IGN);
  Fd poll(epoll_create1(EPOLL_CLOEXEC)), wake(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!poll.valid() || !wake.valid()) return error_from_errno(errno, "watch connections");
  WFS_TRY(watch_descriptor(poll.get(), EPOLL_CTL_ADD, listener.get(), kListenerId, EPOLLIN));
  WFS_TRY(watch_descriptor(poll.get(), EPOLL_CTL_ADD, wake.get(), kWakeId, EPOLLIN));
  std::unique_ptr<ConnectionFront> front(new ConnectionFront(std::move(listener), std::move(poll), std::move(wake),
                                                             options, clock, std::move(make_wire), std::move(serve)));
  front->watcher_ = std::thread([self = front.get()] { self->watch(); });
  return front;
}

ConnectionFront::ConnectionFront(Fd listener, Fd poll, Fd wake, const FrontOptions& options, Clock& clock,
                                 MakeWire make_wire, Serve serve)
    : listener_(std::move(listener)),
      poll_(std::move(poll)),
      wake_(std::move(wake)),
      options_(options),
      clock_(clock),
      make_wire_(std::move(make_wire)),
      serve_(std::move(serve)),
      next_id_(kFirstConnectionId),
      pool_(options.max_threads) {}

ConnectionFront::~ConnectionFront() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    for (const auto& [id, held] : held_) shutdown(held->connection.fd(), SHUT_RD);
  }
  wake();
  watcher_.join();
  break_off_the_slow();
  pool_.finish();
}

void ConnectionFront::break_off_the_slow() {
  MutexLock lock(mutex_);
  const Deadline grace = clock_.in(options_.stop_grace);
  while (held_.size() > waiting_.size() && !clock_.passed(grace)) gone_.wait_for(mutex_, clock_.left(grace));
  for (const auto& [id, held] : held_) shutdown(held->connection.fd(), SHUT_RDWR);
}

FrontCounts ConnectionFront::counts() const {
  MutexLock lock(mutex_);
  return {held_.size(), waiting_.size(), pool_.threads()};
}

void ConnectionFront::watch() {
  std::array<epoll_event, 64> events;
  for (;;) {
    const int count = epoll_wait(poll_.get(), events.data(), static_cast<int>(events.size()), wait_ms());
    {
      MutexLock lock(mutex_);
      if (stopping_) return;
    }
    set_accepting(true);  // whatever kept it from accepting may be over
    for (int i = 0; i < count; ++i) {
      const uint64_t id = events[static_cast<size_t>(i)].data.u64;
      if (id == kListenerId) {
        accept_some();
      } else if (id == kWakeId) {
        uint64_t calls = 0;
        (void)!read(wake_.get(), &calls, sizeof calls);
      } else {
        stirred(id);
      }
    }
    drop_expired();
  }
}

// Until the connection that waits longest has waited too long. One that begins to wait while nothing does may get
// up to twice its time: nobody is woken for it.
int ConnectionFront::wait_ms() {
  if (!accepting_) return kRetryAcceptMs;
  MutexLock lock(mutex_);
  if (waiting_.empty()) return static_cast<int>(options_.idle_life.count());
  const Held& oldest = *held_.at(waiting_.front());
  return static_cast<int>(clock_.left(Deadline(oldest.waiting_since + options_.idle_life)).count()) + 1;
}

void ConnectionFront::set_accepting(bool accepting) {
  if (accepting_ == accepting) return;
  accepting_ = accepting;
  const uint32_t events = accepting ? uint32_t{EPOLLIN} : 0;
  if (Status set = watch_descriptor(poll_.get(), EPOLL_CTL_MOD, listener_.get(), kListenerId, events); !set)
    log_error("server: {}", set.error().message());
}

void ConnectionFront::accept_some() {
  for (int i = 0; i < kAcceptAtOnce; ++i) {
    // Nobody is closed before somebody new is there.
    if (!find_room()) return set_accepting(false);
    Fd socket(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (socket.valid()) {
      make_room();
      hold(std::move(socket));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return;
    } else if (errno != EINTR && errno != ECONNABORTED) {
      log_warn("server: a connection has to wait: {}", error_from_errno(errno, "accept").message());
      return set_accepting(false);
    }
  }
}

bool ConnectionFront::is_full() const {
  return held_.size() >= options_.max_connections || open_connections >= most_open_connections();
}

// The connection that waits longest, and on which nothing has just been asked: such a one is as good as busy.
std::list<uint64_t>::iterator ConnectionFront::find_idle() {
  return std::find_if(waiting_.begin(), waiting_.end(), [this](uint64_t id) REQUIRES(mutex_) {
    int unread_bytes = 0;
    return ioctl(held_.at(id)->connection.fd(), FIONREAD, &unread_bytes) == 0 && unread_bytes == 0;
  });
}

// Whether one more connection may come.
bool ConnectionFront::find_room() {
  MutexLock lock(mutex_);
  return !is_full() || find_idle() != waiting_.end();
}

void ConnectionFront::make_room() {
  MutexLock lock(mutex_);
  if (!is_full()) return;
  const auto idle = find_idle();
  if (idle == waiting_.end()) return;  // just asked something: one too many for a moment
  held_.erase(*idle);
  waiting_.erase(idle);
}

void ConnectionFront::hold(Fd socket) {
  const int fd = socket.get();
  std::unique_ptr<Wire> wire = make_wire_(std::move(socket));
  if (!wire) return;
  Held* held = nullptr;
  {
    MutexLock lock(mutex_);
    const uint64_t id = next_id_++;
    auto made = std::make_unique<Held>(id, std::move(wire), clock_, options_.transfers);
    held = made.get();
    held_.emplace(id, std::move(made));
  }
  if (!watch_descriptor(poll_.get(), EPOLL_CTL_ADD, fd, held->id, EPOLLONESHOT).ok()) return forget(held->id);
  rest(*held, Connection::Gathered::kMoreToRead);
}

// Something arrived on a connection that waits. Only this thread closes those, so that it stays where it is.
void ConnectionFront::stirred(uint64_t id) {
  Held* held = nullptr;
  {
    MutexLock lock(mutex_);
    auto found = held_.find(id);
    if (found == held_.end() || !found->second->waits) return;
    held = found->second.get();
  }
  const Connection::Gathered gathered = held->connection.gather();
  if (gathered == Connection::Gathered::kGone) return forget(id);
  if (gathered != Connection::Gathered::kRequest) return rearm(*held, gathered);
  {
    MutexLock lock(mutex_);
    held->waits = false;
    waiting_.erase(held->place);
  }
  pool_.add([this, held] { answer(*held); });
}

void ConnectionFront::drop_expired() {
  MutexLock lock(mutex_);
  while (!waiting_.empty()) {
    const auto oldest = held_.find(waiting_.front());
    if (!clock_.passed(Deadline(oldest->second->waiting_since + options_.idle_life))) return;
    waiting_.pop_front();
    held_.erase(oldest);
  }
}

void ConnectionFront::answer(Held& held) {
  Connection::Gathered gathered = Connection::Gathered::kRequest;
  while (gathered == Connection::Gathered::kRequest) {
    held.connection.begin_request();
    const bool good = serve_(held.connection);
    bool stopping = false;
    {
      MutexLock lock(mutex_);
      stopping = stopping_;
    }
    gathered = good && !stopping ? held.connection.gather() : Connection::Gathered::kGone;
  }
  if (gathered == Connection::Gathered::kGone) return forget(held.id);
  rest(held, gathered);
}

// The last that a thread does with it: from here on another one may answer it, or close it.
void ConnectionFront::rest(Held& held, Connection::Gathered missing) {
  MutexLock lock(mutex_);
  held.waiting_since = clock_.monotonic();
  held.waits = true;
  held.place = waiting_.insert(waiting_.end(), held.id);
  rearm(held, missing);
}

void ConnectionFront::rearm(const Held& held, Connection::Gathered missing) {
  Status set = watch_descriptor(poll_.get(), EPOLL_CTL_MOD, held.connection.fd(), held.id, events_for(missing));
  if (!set) log_error("server: {}; a connection goes when its time is over", set.error().message());
}

void ConnectionFront::forget(uint64_t id) {
  std::unique_ptr<Held> ended;
  MutexLock lock(mutex_);
  auto found = held_.find(id);
  if (found == held_.end()) return;
  ended = std::move(found->second);
  if (ended->waits) waiting_.erase(ended->place);
  held_.erase(found);
  if (stopping_) gone_.notify_all();
}

void ConnectionFront::wake() {
  const uint64_t one = 1;
  (void)!write(wake_.get(), &one, sizeof one);
}

}  // namespace walrusfs::localnet
