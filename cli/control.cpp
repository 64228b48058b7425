#include "cli/control.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

#include <nlohmann/json.hpp>

#include "base/limits.h"
#include "base/log.h"

namespace walrusfs::cli {
namespace {

constexpr size_t kRequestBytes = 64 * limits::kKiB;
constexpr size_t kEventBytes = 4 * limits::kMiB;
constexpr int kClientsAtOnce = 8;

Result<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return Error(Code::kNameTooLong, "the path of the control socket is longer than Linux allows: " + path);
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

Status send_line(int fd, const nlohmann::json& value) {
  const std::string line = value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  for (size_t sent = 0; sent < line.size();) {
    const ssize_t n = send(fd, line.data() + sent, line.size() - sent, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return error_from_errno(errno, "send to the control socket");
    sent += static_cast<size_t>(n);
  }
  return {};
}

// Reads lines from a socket, each bounded.
class LineReader {
 public:
  LineReader(int fd, size_t limit) : fd_(fd), limit_(limit) {}

  Result<std::string> next() {
    while (true) {
      if (const size_t end = buffer_.find('\n'); end != std::string::npos) {
        std::string line = buffer_.substr(0, end);
        buffer_.erase(0, end + 1);
        return line;
      }
      if (buffer_.size() > limit_) return Error(Code::kTooLarge, "a line on the control socket is too long");
      char chunk[4096];
      const ssize_t n = recv(fd_, chunk, sizeof chunk, 0);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return error_from_errno(errno, "read from the control socket");
      if (n == 0) return Error(Code::kUnavailable, "the other side of the control socket went away");
      buffer_.append(chunk, static_cast<size_t>(n));
    }
  }

 private:
  const int fd_;
  const size_t limit_;
  std::string buffer_;
};

nlohmann::json error_event(const Error& error) {
  return {
      {"error",
       {{"code", code_name(error.code())}, {"number", static_cast<int>(error.code())}, {"message", error.message()}}}};
}

}  // namespace

Result<std::unique_ptr<ControlServer>> ControlServer::listen(const std::string& path, Handler handler) {
  WFS_ASSIGN(const sockaddr_un address, address_of(path));
  Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket.valid()) return error_from_errno(errno, "make the control socket");
  unlink(path.c_str());
  const mode_t before = umask(0177);
  const int bound = bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  umask(before);
  if (bound != 0) return error_from_errno(errno, "bind " + path);
  if (::listen(socket.get(), kClientsAtOnce) != 0) return error_from_errno(errno, "listen on " + path);
  return std::unique_ptr<ControlServer>(new ControlServer(std::move(socket), path, std::move(handler)));
}

ControlServer::ControlServer(Fd socket, std::string path, Handler handler)
    : path_(std::move(path)), handler_(std::move(handler)), socket_(std::move(socket)) {
  int ends[2];
  WFS_CHECK(pipe2(ends, O_CLOEXEC) == 0);
  wake_read_ = Fd(ends[0]);
  wake_write_ = Fd(ends[1]);
  acceptor_ = std::thread([this] { accept_loop(); });
}

ControlServer::~ControlServer() {
  wake_write_.reset();
  acceptor_.join();
  unlink(path_.c_str());
  MutexLock lock(mutex_);
  while (serving_ > 0) changed_.wait(mutex_);
}

void ControlServer::accept_loop() {
  while (true) {
    pollfd watched[2] = {{socket_.get(), POLLIN, 0}, {wake_read_.get(), POLLIN, 0}};
    if (poll(watched, 2, -1) < 0 && errno != EINTR) return;
    if (watched[1].revents != 0) return;
    if (watched[0].revents == 0) continue;
    Fd client(accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!client.valid()) continue;
    {
      MutexLock lock(mutex_);
      while (serving_ >= kClientsAtOnce) changed_.wait(mutex_);
      ++serving_;
    }
    std::thread([this, held = std::make_shared<Fd>(std::move(client))] {
      serve(std::move(*held));
      MutexLock lock(mutex_);
      --serving_;
      changed_.notify_all();
    }).detach();
  }
}

void ControlServer::serve(Fd client) {
  LineReader reader(client.get(), kRequestBytes);
  auto line = reader.next();
  if (!line.ok()) return;
  const auto request = nlohmann::json::parse(*line, nullptr, false);
  const SendEvent send = [&client](const nlohmann::json& event) { return send_line(client.get(), event); };
  nlohmann::json last;
  if (!request.is_object()) {
    last = error_event(Error(Code::kInvalidArgument, "the request is not a JSON object"));
  } else if (auto done = handler_(request, send); done.ok()) {
    last = {{"done", *done}};
  } else {
    last = error_event(done.error());
  }
  if (auto sent = send(last); !sent.ok()) log_debug("{}", sent.error().message());
}

Result<nlohmann::json> control_request(const std::string& path, const nlohmann::json& request,
                                       const std::function<void(const nlohmann::json&)>& on_event) {
  WFS_ASSIGN(const sockaddr_un address, address_of(path));
  Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket.valid()) return error_from_errno(errno, "make a socket");
  if (connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    if (errno == ENOENT || errno == ECONNREFUSED) return Error(Code::kNotFound, "the volume is not mounted");
    return error_from_errno(errno, "connect to " + path);
  }
  WFS_TRY(send_line(socket.get(), request));
  LineReader reader(socket.get(), kEventBytes);
  while (true) {
    WFS_ASSIGN(std::string line, reader.next());
    auto event = nlohmann::json::parse(line, nullptr, false);
    if (!event.is_object()) return Error(Code::kCorrupt, "the mount answered something that is not JSON");
    if (event.contains("done")) return event["done"];
    if (event.contains("error")) {
      const auto number = event["error"].value("number", static_cast<int>(Code::kInternal));
      return Error(static_cast<Code>(number), event["error"].value("message", "the mount reported an error"));
    }
    if (on_event) on_event(event);
  }
}

}  // namespace walrusfs::cli
