// The small language that `.walrusfs/frames` and `.walrusfs/changes` share: lines of fields apart by one space.
// Every value has exactly one spelling; anything else is refused. Internal to this folder.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"
#include "codec/pack/pack_types.h"

namespace walrusfs::pack {

// Percent-encoding of docs/formats.md 2: a lone "%" stands for nothing at all.
std::string percent_encode(std::string_view bytes);
std::optional<std::string> percent_decode(std::string_view text);

// For messages: percent-encoded, since names may hold what a terminal obeys, and cut when very long.
std::string printable(std::string_view name);

// Fields of one line, from left to right. After the first field that does not fit, every call gives a
// default value and done() is false: a caller reads a whole row and asks once.
class LineFields {
 public:
  explicit LineFields(std::string_view line) : rest_(line) {}

  std::string_view word();
  uint64_t number(uint64_t most = UINT64_MAX);
  uint32_t number32() { return static_cast<uint32_t>(number(UINT32_MAX)); }
  uint32_t octal32();
  Timestamp time();
  Digest digest();
  BlobId blob_id();
  std::string text();
  FramesPlace place();
  // URL base64, or "-" for nothing.
  Bytes base64_or_dash();

  void fail() { failed_ = true; }
  // All fields were read and fitted.
  bool done() const { return !failed_ && ended_; }

 private:
  std::string_view rest_;
  bool ended_ = false;
  bool failed_ = false;
};

// Takes lines off a text; every line ends with a newline.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}
  // The next line without its newline, or nothing at the end or when the newline is missing.
  std::optional<std::string_view> next();
  bool at_end() const { return rest_.empty(); }
  uint64_t number() const { return number_; }  // of the line given last, from 1

 private:
  std::string_view rest_;
  uint64_t number_ = 0;
};

std::string place_fields(const FramesPlace& place);

}  // namespace walrusfs::pack
