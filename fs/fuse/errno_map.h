// The one place where our codes become errno.
#pragma once

#include "base/result.h"

namespace walrusfs {

int to_errno(Code code);

}  // namespace walrusfs
