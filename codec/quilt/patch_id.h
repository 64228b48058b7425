// The name of one file in a quilt on the network. Specification section 17.5.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/result.h"

namespace walrusfs::quilt {

// Columns [begin, end) of the message matrix: whole secondary slivers with these indices.
struct ColumnRange {
  uint16_t begin = 0;
  uint16_t end = 0;

  uint16_t count() const { return static_cast<uint16_t>(end - begin); }
  auto operator<=>(const ColumnRange&) const = default;
};

// Text form: URL base64 without padding, 50 characters.
struct PatchId {
  BlobId quilt;
  ColumnRange columns;

  // kInvalidArgument for anything else, also for the ID of a whole blob.
  static Result<PatchId> parse(std::string_view text);
  std::string to_string() const;
  auto operator<=>(const PatchId&) const = default;
};

}  // namespace walrusfs::quilt
