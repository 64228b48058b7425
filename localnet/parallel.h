// A few threads for the length of one call.
#pragma once

#include <cstddef>
#include <functional>

namespace walrusfs::localnet {

// Calls work(0) … work(count - 1), at most `threads` at a time, and returns when all have returned.
void for_each_parallel(size_t count, size_t threads, const std::function<void(size_t)>& work);

}  // namespace walrusfs::localnet
