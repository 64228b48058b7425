// The token source that asks a program. The door to starting processes in this layer.
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <optional>

#include <fmt/format.h>

#include "base/fd.h"
#include "client/token_source.h"

extern char** environ;

namespace walrusfs {
namespace {

constexpr size_t kOutputBytes = 16 * 1024;  // more than any token
constexpr Millis kLongestRun{30'000};
constexpr Millis kPoll{50};
constexpr Millis kReapPause{2};

// A started program; killed and reaped when it is still there at the end.
class Child {
 public:
  explicit Child(pid_t pid) : pid_(pid) {}
  ~Child() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    int ignored = 0;
    while (::waitpid(pid_, &ignored, 0) < 0 && errno == EINTR) {
    }
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // Its exit code, -1 when a signal ended it, or nothing when it is still there at the deadline.
  std::optional<int> reap(Clock& clock, Deadline deadline) {
    int status = 0;
    while (::waitpid(pid_, &status, WNOHANG) == 0) {
      if (clock.passed(deadline)) return std::nullopt;
      clock.sleep_for(kReapPause);
    }
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  pid_t pid_;
};

class SpawnActions {
 public:
  SpawnActions() { posix_spawn_file_actions_init(&raw_); }
  ~SpawnActions() { posix_spawn_file_actions_destroy(&raw_); }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;
  posix_spawn_file_actions_t* get() { return &raw_; }

 private:
  posix_spawn_file_actions_t raw_;
};

class CommandToken final : public TokenSource {
 public:
  CommandToken(Clock& clock, std::vector<std::string> argv) : clock_(clock), argv_(std::move(argv)) {}

  Result<std::string> token(const TokenClaims&, Deadline deadline) override {
    if (argv_.empty()) return Error(Code::kInvalidArgument, "the token command is empty");
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return error_from_errno(errno, "opening a pipe for the token command");
    Fd output(ends[0]);
    Fd input(ends[1]);
    WFS_ASSIGN(pid_t pid, start(input));
    input.reset();
    Child child(pid);
    deadline = deadline.sooner_of(clock_.in(kLongestRun));
    WFS_ASSIGN(std::string text, collect(output, deadline));
    const auto code = child.reap(clock_, deadline);
    if (!code) return too_slow();
    if (*code != 0) {
      return Error(Code::kPermission, fmt::format("the token command {} failed (exit code {})", argv_[0], *code));
    }
    const std::string line = text.substr(0, text.find_first_of("\r\n"));
    return make_static_token(line)->token({}, deadline);
  }
  bool gives_fresh_tokens() const override { return true; }

 private:
  Result<pid_t> start(const Fd& output) {
    SpawnActions actions;
    posix_spawn_file_actions_addopen(actions.get(), STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(actions.get(), output.get(), STDOUT_FILENO);
    std::vector<std::string> arguments = argv_;  // posix_spawnp wants them writable
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    pid_t pid = -1;
    const int failed = ::posix_spawnp(&pid, argv[0], actions.get(), nullptr, argv.data(), environ);
    if (failed != 0) return error_from_errno(failed, "starting the token command " + argv_[0]);
    return pid;
  }

  Result<std::string> collect(const Fd& output, Deadline deadline) {
    std::string text;
    char piece[4096];
    while (text.size() < kOutputBytes) {
      if (clock_.passed(deadline)) return too_slow();
      pollfd waiting{output.get(), POLLIN, 0};
      if (::poll(&waiting, 1, static_cast<int>(kPoll.count())) <= 0) continue;
      const ssize_t got = ::read(output.get(), piece, sizeof piece);
      if (got == 0) return text;
      if (got < 0 && errno != EINTR) return error_from_errno(errno, "reading from the token command");
      if (got > 0) text.append(piece, static_cast<size_t>(got));
    }
    return Error(Code::kPermission, fmt::format("the token command {} printed more than a token", argv_[0]));
  }

  Error too_slow() const { return Error(Code::kTimeout, fmt::format("the token command {} took too long", argv_[0])); }

  Clock& clock_;
  const std::vector<std::string> argv_;
};

}  // namespace

std::unique_ptr<TokenSource> make_command_token(Clock& clock, std::vector<std::string> argv) {
  return std::make_unique<CommandToken>(clock, std::move(argv));
}

}  // namespace walrusfs
