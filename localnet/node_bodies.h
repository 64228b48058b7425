// Bodies of uploads as a storage node first meets them: whether they are BCS of the right kind at all. What is in them
// is checked later, against other things and with other refusals (storage-node API, section 4.1 and 4.2).
#pragma once

#include "base/bytes.h"
#include "base/result.h"

namespace walrusfs::localnet {

// kCorrupt unless `body` can be read as blob metadata of any network. A foreign encoding type can.
Status decode_metadata_body(ByteView body);

struct SliverBody {
  ByteView data;
  uint16_t symbol_bytes = 0;
  uint16_t index = 0;
};

// Views into `body`; kCorrupt unless it is SliverData.
Result<SliverBody> decode_sliver_body(ByteView body);

}  // namespace walrusfs::localnet
