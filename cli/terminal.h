// What a person sees: progress on long work, and questions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"

namespace walrusfs::cli {

// Progress with rate and time left: one line that is rewritten on a terminal, a plain line every ten
// seconds otherwise. On standard error, so that standard output stays clean.
class Progress {
 public:
  Progress(std::string doing, Clock& clock);
  ~Progress();  // ends the line
  // `total` may change while work goes on; 0: unknown.
  void update(uint64_t done, uint64_t total);

 private:
  const std::string doing_;
  Clock& clock_;
  const bool terminal_;
  const Deadline::TimePoint started_;
  Deadline::TimePoint last_{};
  bool shown_ = false;
};

// Asks on the terminal without showing what is typed. kInvalidArgument when there is no terminal.
Result<std::string> ask_secret(const std::string& question);
// The first line of a file, or of standard input for "-".
Result<std::string> read_secret_file(const std::string& path);

}  // namespace walrusfs::cli
