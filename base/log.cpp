#include "base/log.h"

#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace walrusfs {
namespace {

// What a mount that has trouble all night may write.
constexpr size_t kLogFileBytes = 8 << 20;
constexpr size_t kOldLogFiles = 3;

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug: return spdlog::level::debug;
    case LogLevel::kInfo: return spdlog::level::info;
    case LogLevel::kWarn: return spdlog::level::warn;
    case LogLevel::kError: return spdlog::level::err;
  }
  return spdlog::level::info;
}

std::shared_ptr<spdlog::logger>& logger() {
  static std::shared_ptr<spdlog::logger> instance = [] {
    auto made = std::make_shared<spdlog::logger>("walrusfs", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_level(spdlog::level::warn);
    return made;
  }();
  return instance;
}

}  // namespace

void log_setup(LogLevel level, const std::string& file) {
  spdlog::sink_ptr sink;
  if (file.empty()) {
    sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  } else {
    sink = std::make_shared<spdlog::sinks::rotating_file_sink_mt>(file, kLogFileBytes, kOldLogFiles);
  }
  auto made = std::make_shared<spdlog::logger>("walrusfs", sink);
  made->set_level(to_spdlog(level));
  made->set_pattern("%Y-%m-%dT%H:%M:%S.%e %l %v");
  made->flush_on(spdlog::level::info);
  logger() = made;
}

bool log_enabled(LogLevel level) { return logger()->should_log(to_spdlog(level)); }

void log_message(LogLevel level, std::string_view message) { logger()->log(to_spdlog(level), message); }

}  // namespace walrusfs
