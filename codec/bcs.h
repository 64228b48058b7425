// Reading and writing BCS: little-endian integers, ULEB128 lengths, structs without any framing.
// The reader is for hostile input: every length is bounded by the caller and by the bytes at hand.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"

namespace walrusfs {

class BcsWriter {
 public:
  void u8(uint8_t value) { out_.push_back(value); }
  void u16(uint16_t value) { append_le(out_, value); }
  void u32(uint32_t value) { append_le(out_, value); }
  void u64(uint64_t value) { append_le(out_, value); }
  void uleb(uint32_t value);
  void raw(ByteView bytes) { append(out_, bytes); }
  // Length, then the bytes.
  void bytes(ByteView value);

  void reserve(size_t bytes) { out_.reserve(bytes); }
  Bytes take() { return std::move(out_); }

 private:
  Bytes out_;
};

// Views into `input`, which must outlive the reader and what it returns. All errors are kCorrupt.
class BcsReader {
 public:
  // `what` names the thing being read in messages; a string literal.
  BcsReader(ByteView input, const char* what) : input_(input), what_(what) {}

  Result<uint8_t> u8();
  Result<uint16_t> u16();
  Result<uint32_t> u32();
  Result<uint64_t> u64();
  // Canonical ULEB128 of at most 32 bits, at most `max`.
  Result<uint32_t> uleb(uint32_t max);
  Result<ByteView> raw(size_t bytes);
  // Length (at most `max`), then the bytes.
  Result<ByteView> bytes(uint32_t max);
  Result<Digest> digest();

  size_t left() const { return input_.size(); }
  // An error unless everything has been read.
  Status finish() const;
  // kCorrupt with the name of the thing in front.
  Error fail(std::string_view why) const;

 private:
  ByteView input_;
  const char* what_;
};

}  // namespace walrusfs
