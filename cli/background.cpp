#include "cli/background.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "base/fd.h"
#include "base/log.h"
#include "cli/exit_code.h"

namespace walrusfs::cli {
namespace {

// What the child writes to the pipe: '+' when ready, or '-', the code as one byte, and the message.
constexpr char kReady = '+';
constexpr char kFailed = '-';

void tell(int pipe, const std::string& text) {
  if (write(pipe, text.data(), text.size()) < 0) log_warn("whoever started this mount has gone away");
}

[[noreturn]] void run_child(Fd pipe, const std::string& log_path,
                            const std::function<Status(const std::function<void()>&)>& work) {
  setsid();
  Fd nothing(open("/dev/null", O_RDWR | O_CLOEXEC));
  dup2(nothing.get(), STDIN_FILENO);
  dup2(nothing.get(), STDOUT_FILENO);
  // Also for what libraries and a dying program say.
  Fd log(open(log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  dup2(log.valid() ? log.get() : nothing.get(), STDERR_FILENO);
  log_setup(LogLevel::kInfo, log.valid() ? log_path : "");
  bool told = false;
  const Status done = work([&] {
    tell(pipe.get(), std::string(1, kReady));
    told = true;
    pipe.reset();
  });
  if (done.ok()) _exit(0);
  log_error("{}", done.error().to_string());
  if (!told) {
    tell(pipe.get(), std::string(1, kFailed) + static_cast<char>(done.error().code()) + done.error().message());
  }
  _exit(to_exit(done.error().code()));
}

std::string read_all(int fd) {
  std::string text;
  char chunk[4096];
  while (true) {
    const ssize_t n = read(fd, chunk, sizeof chunk);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return text;
    text.append(chunk, static_cast<size_t>(n));
  }
}

}  // namespace

Status run_in_background(const std::string& log_path, const std::function<Status(const std::function<void()>&)>& work) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return error_from_errno(errno, "make a pipe");
  Fd read_end(ends[0]);
  Fd write_end(ends[1]);
  const pid_t child = fork();
  if (child < 0) return error_from_errno(errno, "start a process");
  if (child == 0) {
    read_end.reset();
    run_child(std::move(write_end), log_path, work);
  }
  write_end.reset();
  const std::string told = read_all(read_end.get());
  if (!told.empty() && told[0] == kReady) return {};
  if (told.size() > 2 && told[0] == kFailed) return Error(static_cast<Code>(told[1]), told.substr(2));
  return Error(Code::kInternal, "the mount ended before it was ready; see " + log_path);
}

}  // namespace walrusfs::cli
