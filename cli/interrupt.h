// Lets long work end tidily on Ctrl-C and SIGTERM: while one of these exists, the first such signal only raises a flag,
// a second one ends the program. One at a time.
#pragma once

#include <signal.h>

#include "base/result.h"

namespace walrusfs::cli {

class Interruptible {
 public:
  Interruptible();
  ~Interruptible();
  Interruptible(const Interruptible&) = delete;
  Interruptible& operator=(const Interruptible&) = delete;

  // Safe from any thread.
  bool requested() const;
  // kCancelled once it was requested.
  Status check() const;

 private:
  struct sigaction old_interrupt_ {};
  struct sigaction old_terminate_ {};
};

}  // namespace walrusfs::cli
