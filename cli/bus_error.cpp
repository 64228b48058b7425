#include "cli/bus_error.h"

#include <signal.h>
#include <unistd.h>

#include <string_view>

#include "cli/exit_code.h"

namespace walrusfs::cli {
namespace {

extern "C" void explain_bus_error(int) {
  constexpr std::string_view kText = "walrusfs: a file became shorter while it was read, or its disk failed\n";
  const bool told = write(STDERR_FILENO, kText.data(), kText.size()) > 0;
  static_cast<void>(told);  // nobody is left to be told that nobody listens
  _exit(static_cast<int>(Exit::kFailed));
}

}  // namespace

void explain_bus_errors() {
  struct sigaction action {};
  action.sa_handler = explain_bus_error;
  sigaction(SIGBUS, &action, nullptr);
}

}  // namespace walrusfs::cli
