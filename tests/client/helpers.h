// What every test of the client layer uses.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/rng.h"
#include "client/blob_store.h"
#include "tests/client/memory_file.h"

namespace walrusfs::testing {

// Expects a failed Result with this code; on another one, shows its message.
#define EXPECT_CODE(result, wanted)                                                                 \
  do {                                                                                              \
    auto&& result_ = (result);                                                                      \
    if (result_.ok()) {                                                                             \
      ADD_FAILURE() << #result " succeeded";                                                        \
    } else {                                                                                        \
      EXPECT_EQ(code_name(result_.error().code()), code_name(wanted)) << result_.error().message(); \
    }                                                                                               \
  } while (false)

inline Bytes random_bytes(uint64_t seed, size_t length) {
  Bytes bytes(length);
  SeededRng(seed).fill(bytes);
  return bytes;
}

inline Verifier expect_bytes(ByteView wanted) {
  return [wanted](ByteView got) -> Status {
    if (equal(got, wanted)) return ok_status();
    return Error(Code::kCorrupt, "the hash differs");
  };
}

}  // namespace walrusfs::testing
