// Values that a test cannot go on without.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>

#include "base/result.h"

namespace walrusfs {

template <typename T>
T must(Result<T> result) {
  if (!result.ok()) {
    ADD_FAILURE() << result.error().to_string();
    std::abort();
  }
  return std::move(result).value();
}
inline void must(const Status& status) {
  if (status.ok()) return;
  ADD_FAILURE() << status.error().to_string();
  std::abort();
}

}  // namespace walrusfs
