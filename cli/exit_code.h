// What the program's exit status means; stable for scripts, listed in docs/operations.md.
#pragma once

#include "base/result.h"

namespace walrusfs::cli {

enum class Exit : int {
  kOk = 0,
  kFailed = 1,       // anything without a number of its own
  kUsage = 2,        // the command line or configuration makes no sense
  kNotFound = 3,     // volume, mount, file or blob unknown
  kBusy = 4,         // locked, mounted already, in use
  kCorrupt = 5,      // stored bytes do not check out
  kUnavailable = 6,  // network or server; trying again may help
  kWrongKey = 7,
  kNoSpace = 8,
  kNewerVersion = 9,
};

int to_exit(Code code);

}  // namespace walrusfs::cli
