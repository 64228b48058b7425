// Commands talk to a mount over its control socket: one request line of JSON, then event lines of JSON
// until one that has "done" or "error". The socket has mode 0600.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "base/fd.h"
#include "base/mutex.h"
#include "base/result.h"

namespace walrusfs::cli {

// Sends one event line to the client; fails when it has gone away.
using SendEvent = std::function<Status(const nlohmann::json& event)>;
// Serves one request; what it returns becomes the last line ({"done": …} or {"error": …}).
using Handler = std::function<Result<nlohmann::json>(const nlohmann::json& request, const SendEvent& send)>;

class ControlServer {
 public:
  // Replaces a socket that a killed mount left behind: the caller holds the volume's lock.
  static Result<std::unique_ptr<ControlServer>> listen(const std::string& path, Handler handler);
  ~ControlServer();  // waits for requests that are being served

 private:
  ControlServer(Fd socket, std::string path, Handler handler);
  void accept_loop();
  void serve(Fd client);

  const std::string path_;
  const Handler handler_;
  Fd socket_;
  Fd wake_read_, wake_write_;
  std::thread acceptor_;

  Mutex mutex_;
  CondVar changed_;
  int serving_ GUARDED_BY(mutex_) = 0;
};

// Sends `request` and hands each event to `on_event` (may be null); returns the content of "done".
// kNotFound when nobody listens there.
Result<nlohmann::json> control_request(const std::string& path, const nlohmann::json& request,
                                       const std::function<void(const nlohmann::json&)>& on_event);

}  // namespace walrusfs::cli
