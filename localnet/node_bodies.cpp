#include "localnet/node_bodies.h"

#include "codec/bcs.h"

namespace walrusfs::localnet {
namespace {

Status skip_node(BcsReader& in) {
  WFS_ASSIGN(const uint8_t variant, in.u8());
  if (variant > 1) return in.fail("a hash is of an unknown kind");
  if (variant == 1) WFS_TRY(in.digest());
  return {};
}

}  // namespace

Status decode_metadata_body(ByteView body) {
  BcsReader in(body, "blob metadata");
  WFS_ASSIGN(const uint8_t version, in.u8());
  if (version != 0) return in.fail("its version is unknown");
  WFS_TRY(in.u8());   // encoding type
  WFS_TRY(in.u64());  // length of the blob
  WFS_ASSIGN(const uint32_t pairs, in.uleb(UINT16_MAX));
  for (uint32_t i = 0; i < 2 * pairs; ++i) WFS_TRY(skip_node(in));
  return in.finish();
}

Result<SliverBody> decode_sliver_body(ByteView body) {
  BcsReader in(body, "a sliver");
  SliverBody sliver;
  WFS_ASSIGN(sliver.data, in.bytes(UINT32_MAX));
  WFS_ASSIGN(sliver.symbol_bytes, in.u16());
  WFS_ASSIGN(sliver.index, in.u16());
  WFS_TRY(in.finish());
  return sliver;
}

}  // namespace walrusfs::localnet
