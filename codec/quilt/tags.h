// The tags of a file in a quilt: texts by text. Immutable; kept as the BCS that quilts store, because
// hostile tags would take many times their bytes as a map. Specification section 17.2.
#pragma once

#include <map>
#include <string>

#include "codec/bcs.h"

namespace walrusfs::quilt {

constexpr size_t kMaxTagsBcsBytes = 65535;

class Tags {
 public:
  using Map = std::map<std::string, std::string>;

  Tags() : bcs_{0} {}
  // kInvalidArgument when a text is not UTF-8, kTooLarge beyond kMaxTagsBcsBytes.
  static Result<Tags> create(const Map& tags);
  // Strict: keys in the order of their serialized form, none twice.
  static Result<Tags> read(BcsReader& in);

  bool empty() const { return bcs_.size() == 1; }
  const Bytes& bcs() const { return bcs_; }
  Map to_map() const;

  bool operator==(const Tags&) const = default;

 private:
  explicit Tags(Bytes bcs) : bcs_(std::move(bcs)) {}

  Bytes bcs_;
};

}  // namespace walrusfs::quilt
