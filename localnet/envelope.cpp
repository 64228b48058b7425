#include "localnet/envelope.h"

#include <nlohmann/json.hpp>

namespace walrusfs::localnet {

using nlohmann::ordered_json;

HttpAnswer json_answer(int code, std::string json) {
  HttpAnswer answer;
  answer.status = code;
  answer.content_type = "application/json";
  answer.body = std::move(json);
  return answer;
}

HttpAnswer error_answer(const ApiError& error) {
  ordered_json metadata = ordered_json::object();
  for (const auto& [name, number] : error.numbers) metadata[name] = number;
  ordered_json details = ordered_json::array();
  details.push_back({{"@type", "ErrorInfo"},
                     {"reason", error.reason},
                     {"domain", error.domain},
                     {"metadata", std::move(metadata)}});
  if (error.http == 500)
    details.push_back({{"@type", "DebugInfo"}, {"stackEntries", ordered_json::array()}, {"detail", "TraceID: 0"}});
  ordered_json body = {{"error",
                        {{"status", error.status},
                         {"code", error.http},
                         {"message", error.message},
                         {"details", std::move(details)}}}};
  // Messages may carry bytes a client sent.
  return json_answer(error.http, body.dump(-1, ' ', false, ordered_json::error_handler_t::replace));
}

ApiError internal_error(std::string message) {
  return {500, "INTERNAL", "INTERNAL_ERROR", kGlobalDomain, std::move(message)};
}

HttpAnswer success_answer(int code, const std::string& data_json) {
  return json_answer(code, "{\"success\":{\"code\":" + std::to_string(code) + ",\"data\":" + data_json + "}}");
}

HttpAnswer success_text_answer(int code, const std::string& text) {
  return success_answer(code, ordered_json(text).dump());
}

}  // namespace walrusfs::localnet
