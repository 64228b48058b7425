// One log for the program. Messages are sentences for the person who runs the mount; no key, file
// content or token ever goes in. The layer that handles an error logs it, once.
#pragma once

#include <string>
#include <string_view>

#include <fmt/format.h>

namespace walrusfs {

enum class LogLevel { kDebug, kInfo, kWarn, kError };

// To standard error, or appended to `file`, of which three old ones of 8 MiB are kept (x.1.log). Before threads start.
void log_setup(LogLevel level, const std::string& file = "");
bool log_enabled(LogLevel level);
void log_message(LogLevel level, std::string_view message);

template <typename... Args>
void log_debug(fmt::format_string<Args...> format, Args&&... args) {
  if (log_enabled(LogLevel::kDebug)) log_message(LogLevel::kDebug, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void log_info(fmt::format_string<Args...> format, Args&&... args) {
  if (log_enabled(LogLevel::kInfo)) log_message(LogLevel::kInfo, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void log_warn(fmt::format_string<Args...> format, Args&&... args) {
  log_message(LogLevel::kWarn, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void log_error(fmt::format_string<Args...> format, Args&&... args) {
  log_message(LogLevel::kError, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace walrusfs
