#include "codec/bcs.h"

#include <algorithm>
#include <string>

namespace walrusfs {

void BcsWriter::uleb(uint32_t value) {
  while (value >= 0x80) {
    out_.push_back(static_cast<uint8_t>(value | 0x80));
    value >>= 7;
  }
  out_.push_back(static_cast<uint8_t>(value));
}

void BcsWriter::bytes(ByteView value) {
  WFS_CHECK(value.size() <= UINT32_MAX);
  uleb(static_cast<uint32_t>(value.size()));
  raw(value);
}

Error BcsReader::fail(std::string_view why) const {
  return Error(Code::kCorrupt, std::string(what_) + " is malformed: " + std::string(why));
}

Result<ByteView> BcsReader::raw(size_t bytes) {
  if (bytes > input_.size()) return fail("it ends too early");
  const ByteView taken = input_.first(bytes);
  input_ = input_.subspan(bytes);
  return taken;
}

Result<uint8_t> BcsReader::u8() {
  WFS_ASSIGN(const ByteView at, raw(1));
  return at[0];
}

Result<uint16_t> BcsReader::u16() {
  WFS_ASSIGN(const ByteView at, raw(2));
  return load_le<uint16_t>(at.data());
}

Result<uint32_t> BcsReader::u32() {
  WFS_ASSIGN(const ByteView at, raw(4));
  return load_le<uint32_t>(at.data());
}

Result<uint64_t> BcsReader::u64() {
  WFS_ASSIGN(const ByteView at, raw(8));
  return load_le<uint64_t>(at.data());
}

Result<uint32_t> BcsReader::uleb(uint32_t max) {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 35; shift += 7) {
    WFS_ASSIGN(const uint8_t byte, u8());
    value |= uint64_t{byte & 0x7fu} << shift;
    if (byte & 0x80) continue;
    if (byte == 0 && shift > 0) return fail("a length is not in its shortest form");
    if (value > max) return fail("a length of " + std::to_string(value) + " is above " + std::to_string(max));
    return static_cast<uint32_t>(value);
  }
  return fail("a length does not end");
}

Result<ByteView> BcsReader::bytes(uint32_t max) {
  WFS_ASSIGN(const uint32_t length, uleb(max));
  return raw(length);
}

Result<Digest> BcsReader::digest() {
  Digest out;
  WFS_ASSIGN(const ByteView at, raw(out.size()));
  std::copy(at.begin(), at.end(), out.begin());
  return out;
}

Status BcsReader::finish() const {
  if (!input_.empty())
    return fail(std::to_string(input_.size()) +
                (input_.size() == 1 ? " byte follows its end" : " bytes follow its end"));
  return ok_status();
}

}  // namespace walrusfs
