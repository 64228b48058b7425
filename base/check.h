// WFS_CHECK(condition): for what only our own mistake can cause. Stays on in release builds; prints
// where and why, then aborts. What the network, the disk or a user can cause is a Result instead.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace walrusfs {

[[noreturn]] inline void check_failed(const char* file, int line, const char* what) {
  std::fprintf(stderr, "walrusfs: internal error at %s:%d: %s\n", file, line, what);
  std::abort();
}

}  // namespace walrusfs

#define WFS_CHECK(condition)                                              \
  do {                                                                    \
    if (!(condition)) [[unlikely]]                                        \
      ::walrusfs::check_failed(__FILE__, __LINE__, #condition);           \
  } while (false)
