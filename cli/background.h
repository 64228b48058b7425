// Going into the background: the parent waits until the child says that it is ready, or why it is not.
#pragma once

#include <functional>

#include "base/result.h"

namespace walrusfs::cli {

// Runs `work` in a child process of a session of its own, whose output goes to `log_path`. Returns
// when the child has called the function it is given (success), or with the child's error. Call it
// before any thread is started.
Status run_in_background(const std::string& log_path,
                         const std::function<Status(const std::function<void()>& on_ready)>& work);

}  // namespace walrusfs::cli
