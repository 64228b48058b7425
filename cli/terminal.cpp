#include "cli/terminal.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <iostream>

#include "base/fd.h"
#include "cli/quantity.h"

namespace walrusfs::cli {
namespace {

constexpr Millis kTerminalInterval{200};
constexpr Millis kPlainInterval{10'000};

}  // namespace

Progress::Progress(std::string doing, Clock& clock)
    : doing_(std::move(doing)), clock_(clock), terminal_(isatty(STDERR_FILENO) == 1), started_(clock.monotonic()) {}

Progress::~Progress() {
  if (shown_ && terminal_) std::fputc('\n', stderr);
}

void Progress::update(uint64_t done, uint64_t total) {
  const auto now = clock_.monotonic();
  const Millis interval = terminal_ ? kTerminalInterval : kPlainInterval;
  const auto since = shown_ ? last_ : started_;
  if (now - since < interval) return;
  last_ = now;
  shown_ = true;
  const double seconds = std::chrono::duration<double>(now - started_).count();
  const double rate = seconds > 0 ? static_cast<double>(done) / seconds : 0;
  std::string line = doing_ + ": " + format_bytes(done);
  if (total > 0)
    line += fmt::format(" of {} ({:.0f} %)", format_bytes(total),
                        100.0 * static_cast<double>(done) / static_cast<double>(total));
  line += fmt::format(", {}/s", format_bytes(static_cast<uint64_t>(rate)));
  if (total > done && rate > 0) {
    line +=
        ", " + format_duration(Millis(static_cast<int64_t>(static_cast<double>(total - done) / rate * 1000))) + " left";
  }
  std::fprintf(stderr, terminal_ ? "\r\033[K%s" : "%s\n", line.c_str());
  std::fflush(stderr);
}

Result<std::string> ask_secret(const std::string& question) {
  Fd terminal(open("/dev/tty", O_RDWR | O_CLOEXEC));
  if (!terminal.valid()) {
    return Error(Code::kInvalidArgument,
                 "a passphrase is needed and there is no terminal to ask on: use --passphrase-file");
  }
  termios before{};
  tcgetattr(terminal.get(), &before);
  termios silent = before;
  silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  tcsetattr(terminal.get(), TCSAFLUSH, &silent);
  const std::string prompt = question + ": ";
  std::string answer;
  if (write(terminal.get(), prompt.data(), prompt.size()) > 0) {
    char c = 0;
    while (read(terminal.get(), &c, 1) == 1 && c != '\n') answer += c;
  }
  tcsetattr(terminal.get(), TCSAFLUSH, &before);
  if (write(terminal.get(), "\n", 1) < 0) return Error(Code::kIo, "the terminal went away");
  if (answer.empty()) return Error(Code::kInvalidArgument, "an empty passphrase protects nothing");
  return answer;
}

Result<std::string> read_secret_file(const std::string& path) {
  std::string line;
  bool read = false;
  if (path == "-") {
    read = static_cast<bool>(std::getline(std::cin, line));
  } else {
    std::ifstream file(path);
    read = static_cast<bool>(std::getline(file, line));
  }
  if (!read || line.empty())
    return Error(Code::kInvalidArgument, "no passphrase in " + path + " (its first line is taken)");
  return line;
}

}  // namespace walrusfs::cli
