// Files are mapped, not loaded; when somebody cuts one meanwhile, or its disk fails, touching it raises SIGBUS.
#pragma once

namespace walrusfs::cli {

// From now on that ends the program with a sentence and status 1, not with a signal. Call it before mapping what others
// may write to.
void explain_bus_errors();

}  // namespace walrusfs::cli
