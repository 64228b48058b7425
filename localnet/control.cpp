#include "localnet/control.h"

#include <nlohmann/json.hpp>

#include "localnet/envelope.h"
#include "localnet/http_client.h"
#include "localnet/query.h"

namespace walrusfs::localnet {
namespace {

using nlohmann::ordered_json;

constexpr uint64_t kAnswerBytes = 16 << 20;

HttpAnswer outcome(const Status& status) {
  if (status.ok()) return json_answer(200, "{}");
  ordered_json body;
  body["error"] = status.error().message();
  return json_answer(status.error().code() == Code::kInvalidArgument ? 400 : 500, body.dump());
}

// Sends with the token; the error is the one the network told.
Result<std::string> ask(Files& files, const std::string& folder, const std::string& method, const std::string& target) {
  WFS_ASSIGN(LocalnetState state, find_running(files, folder));
  std::string address = state.control_url.substr(state.control_url.find("//") + 2);
  HttpClient client(address.substr(0, address.rfind(':')), state.control_port);
  WFS_ASSIGN(HttpReply reply, client.send({.method = method,
                                                 .target = target,
                                                 .headers = {{kTokenHeader, state.control_token}},
                                                 .max_answer_bytes = kAnswerBytes}));
  if (reply.status == 200) return std::move(reply.body);
  auto root = ordered_json::parse(reply.body, nullptr, false);
  std::string why = root.is_object() && root.contains("error") && root["error"].is_string()
                        ? root["error"].get<std::string>()
                        : "it answered " + std::to_string(reply.status);
  return Error(reply.status == 400 ? Code::kInvalidArgument : Code::kUnavailable,
               "the local network in " + folder + " refused: " + why);
}

}  // namespace

HttpAnswer answer_control(Localnet& network, const std::string& token, HttpCall& call) {
  if (call.header(kTokenHeader) != token) return text_answer(403, "the token of localnet.json is needed");
  auto path = split_path(call.path());
  if (!path || path->size() < 2) return text_answer(404, "");
  if (call.method() == "GET" && path->size() == 2 && (*path)[1] == "status")
    return json_answer(200, to_json(network.status()));
  if (call.method() != "POST") return text_answer(405, "");
  if (path->size() == 3 && (*path)[1] == "epoch" && (*path)[2] == "advance") {
    auto epoch = network.advance_epoch();
    if (!epoch) return outcome(epoch.error());
    return json_answer(200, "{\"epoch\":" + std::to_string(*epoch) + "}");
  }
  if (path->size() != 4 || (*path)[1] != "nodes") return text_answer(404, "");
  auto node = parse_decimal((*path)[2]);
  if (!node) return text_answer(404, "");
  if ((*path)[3] == "stop") return outcome(network.stop_node(*node));
  if ((*path)[3] == "start") return outcome(network.start_node(*node));
  return text_answer(404, "");
}

Result<std::string> fetch_status_json(Files& files, const std::string& folder) {
  return ask(files, folder, "GET", "/v1/status");
}

Status control_node(Files& files, const std::string& folder, size_t node, const std::string& action) {
  if (action != "stop" && action != "start")
    return Error(Code::kInvalidArgument, "a node can be told to stop or to start");
  auto answer = ask(files, folder, "POST", "/v1/nodes/" + std::to_string(node) + "/" + action);
  return answer.ok() ? ok_status() : Status(answer.error());
}

Result<uint32_t> control_advance_epoch(Files& files, const std::string& folder) {
  WFS_ASSIGN(std::string answer, ask(files, folder, "POST", "/v1/epoch/advance"));
  try {
    return ordered_json::parse(answer).at("epoch").get<uint32_t>();
  } catch (const ordered_json::exception& problem) {
    return Error(Code::kInternal, std::string("the local network's answer makes no sense: ") + problem.what());
  }
}

}  // namespace walrusfs::localnet
