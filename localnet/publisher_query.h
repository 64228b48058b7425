// What a store request asks for besides the bytes. HTTP API, section 3.1.
#pragma once

#include <optional>
#include <string>

#include "localnet/http_types.h"

namespace walrusfs::localnet {

struct StoreWish {
  uint32_t epochs = 1;
  bool permanent = false;
  bool force = false;
  bool reuse_resources = false;
  bool share = false;
  std::optional<std::string> send_object_to;  // in its long form
};

// The wish, or the answer that refuses it.
struct StoreQuery {
  std::optional<StoreWish> wish;
  HttpAnswer refusal;
};
StoreQuery parse_store_query(const std::string& text, bool quilt);

}  // namespace walrusfs::localnet
