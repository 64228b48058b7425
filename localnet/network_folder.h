// Before a network is started in a folder: what must not be made anew there. A fresh committee or chain, beside
// nodes that keep blobs of an earlier one would have those blobs erased as nobody's.
#pragma once

#include "base/files.h"

namespace walrusfs::localnet {

// Whether a network has been running in `folder`.
Result<bool> is_lived_in(Files& files, const std::string& folder);
// kCorrupt, with what to do, when committee or chain of a network that has been running are gone.
Status check_network_folder(Files& files, const std::string& folder);

}  // namespace walrusfs::localnet
