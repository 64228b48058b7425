// Which fields of an answer a client wants: the `read_mask` of a request, over what the API's messages have.
// Spec "Walrus control plane on Sui" section 3.4.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace walrusfs::localnet::sui {

class FieldMask {
 public:
  // Everything.
  FieldMask() = default;
  // `paths` in dotted snake_case, relative to that message. kInvalidArgument names a path that it does not have.
  static Result<FieldMask> parse(const std::vector<std::string>& paths, std::string_view message);

  bool has(std::string_view field) const { return all_ || children_.contains(field); }
  // The mask of a field that has() said yes to.
  const FieldMask& of(std::string_view field) const;

 private:
  void add(std::string_view path);

  bool all_ = true;
  std::map<std::string, FieldMask, std::less<>> children_;
};

}  // namespace walrusfs::localnet::sui
