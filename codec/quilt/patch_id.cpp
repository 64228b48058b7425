#include "codec/quilt/patch_id.h"

#include <algorithm>

#include "codec/bcs.h"

namespace walrusfs::quilt {
namespace {

constexpr uint8_t kPatchIdVersion = 1;
constexpr size_t kPatchIdBytes = sizeof(Digest) + 1 + 2 + 2;

Error refused(std::string_view text, std::string_view why) {
  return Error(Code::kInvalidArgument,
               "'" + std::string(text.substr(0, 60)) + "' is not a quilt patch ID: " + std::string(why));
}

}  // namespace

Result<PatchId> PatchId::parse(std::string_view text) {
  const auto bytes = from_base64url(text);
  if (!bytes) return refused(text, "it is not URL base64 without padding");
  if (bytes->size() == sizeof(Digest)) return refused(text, "it names a whole blob");
  if (bytes->size() != kPatchIdBytes) return refused(text, "it has the wrong length");
  PatchId id;
  std::copy_n(bytes->begin(), id.quilt.bytes.size(), id.quilt.bytes.begin());
  const uint8_t* rest = bytes->data() + id.quilt.bytes.size();
  if (rest[0] != kPatchIdVersion) return refused(text, "its version is unknown");
  id.columns = {load_le<uint16_t>(rest + 1), load_le<uint16_t>(rest + 3)};
  if (id.columns.begin >= id.columns.end) return refused(text, "it names no columns");
  return id;
}

std::string PatchId::to_string() const {
  BcsWriter out;
  out.raw(quilt.bytes);
  out.u8(kPatchIdVersion);
  out.u16(columns.begin);
  out.u16(columns.end);
  return to_base64url(out.take());
}

}  // namespace walrusfs::quilt
