// The JSON that wraps every answer of nodes and services that is not raw bytes.
#pragma once

#include <string>

#include "localnet/http_types.h"

namespace walrusfs::localnet {

inline constexpr const char* kNodeDomain = "storage.walrus.space";
inline constexpr const char* kDaemonDomain = "daemon.walrus.space";
inline constexpr const char* kGlobalDomain = "global";

// Clients decide on (reason, domain); `status` is the general class, e.g. "NOT_FOUND".
struct ApiError {
  int http = 500;
  const char* status = "INTERNAL";
  const char* reason = "INTERNAL_ERROR";
  const char* domain = kGlobalDomain;
  std::string message;
  std::vector<std::pair<std::string, uint64_t>> numbers{};  // details: the metadata of the reason
};

HttpAnswer error_answer(const ApiError& error);
ApiError internal_error(std::string message);

// {"success": {"code": …, "data": …}}; `data_json` is JSON text.
HttpAnswer success_answer(int code, const std::string& data_json);
// The same with a JSON string as data.
HttpAnswer success_text_answer(int code, const std::string& text);
// Bare JSON, without envelope.
HttpAnswer json_answer(int code, std::string json);

}  // namespace walrusfs::localnet
