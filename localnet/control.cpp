#include "localnet/control.h"

#include <nlohmann/json.hpp>

#include "localnet/envelope.h"
#include "localnet/faults_json.h"
#include "localnet/http_client.h"
#include "localnet/query.h"

namespace walrusfs::localnet {
namespace {

using nlohmann::ordered_json;

constexpr uint64_t kAnswerBytes = 16 << 20;
constexpr uint64_t kFaultBytes = 4096;
constexpr Millis kUsualPatience{60'000};
constexpr Millis kEpochPatience{180'000};  // the network itself waits for nodes that heal, and for those that copy

// How an error travels.
constexpr std::pair<Code, int> kStatusOf[] = {{Code::kInvalidArgument, 400}, {Code::kNotFound, 404},
                                              {Code::kBusy, 409},            {Code::kTooLarge, 413},
                                              {Code::kNoSpace, 507}};

int status_of(Code code) {
  for (const auto& [known, status] : kStatusOf)
    if (known == code) return status;
  return 500;
}

Code code_of(int status) {
  for (const auto& [code, known] : kStatusOf)
    if (known == status) return code;
  return Code::kUnavailable;
}

HttpAnswer outcome(const Status& status) {
  if (status.ok()) return json_answer(200, "{}");
  ordered_json body;
  body["error"] = status.error().message();
  const std::string text = body.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
  return json_answer(status_of(status.error().code()), text);
}

Status set_fault(Localnet& network, std::optional<size_t> node, HttpCall& call) {
  WFS_ASSIGN(const Bytes body, read_whole_body(call, kFaultBytes));
  WFS_ASSIGN(FaultRule rule, fault_from_json(as_text(body)));
  return network.set_fault(node, std::move(rule));
}

Status clear_faults(Localnet& network, std::optional<size_t> node, HttpCall& call) {
  WFS_ASSIGN(const Query query, Query::parse(call.query(), {"kind"}));
  std::optional<FaultKind> kind;
  if (auto name = query.text("kind")) {
    kind = fault_named(*name);
    if (!kind) return Error(Code::kInvalidArgument, "there is no kind of fault named '" + *name + "'");
  }
  return network.clear_faults(node, kind);
}

HttpAnswer answer_faults(Localnet& network, std::optional<size_t> node, HttpCall& call) {
  if (call.method() == "POST") return outcome(set_fault(network, node, call));
  if (call.method() == "DELETE") return outcome(clear_faults(network, node, call));
  return text_answer(405, "");
}

std::string faults_path(std::optional<size_t> node) {
  return node ? "/v1/nodes/" + std::to_string(*node) + "/faults" : "/v1/ledger/faults";
}

// "frost" of the query; nothing when it is left out.
Result<std::optional<uint64_t>> read_frost(HttpCall& call) {
  WFS_ASSIGN(const Query query, Query::parse(call.query(), {"frost"}));
  auto text = query.text("frost");
  if (!text) return std::optional<uint64_t>();
  auto frost = parse_decimal(*text);
  if (!frost) return Error(Code::kInvalidArgument, "frost is a number");
  return frost;
}

HttpAnswer add_node(Localnet& network, HttpCall& call) {
  auto frost = read_frost(call);
  if (!frost) return outcome(frost.error());
  auto number = network.add_node(*frost);
  if (!number) return outcome(number.error());
  return json_answer(200, "{\"node\":" + std::to_string(*number) + "}");
}

HttpAnswer stake(Localnet& network, size_t node, HttpCall& call) {
  auto frost = read_frost(call);
  if (!frost) return outcome(frost.error());
  if (!*frost) return outcome(Error(Code::kInvalidArgument, "how much: frost is missing"));
  return outcome(network.stake(node, **frost));
}

// Sends with the token; the error is the one the network told.
Result<std::string> ask(Files& files, const std::string& folder, const std::string& method, const std::string& target,
                        std::optional<ByteView> body = std::nullopt, Millis patience = kUsualPatience) {
  WFS_ASSIGN(LocalnetState state, find_running(files, folder));
  std::string address = state.control_url.substr(state.control_url.find("//") + 2);
  HttpClient client(address.substr(0, address.rfind(':')), state.control_port);
  auto sent = client.send({.method = method,
                           .target = target,
                           .headers = {{kTokenHeader, state.control_token}},
                           .body = body,
                           .max_answer_bytes = kAnswerBytes,
                           .patience = patience});
  if (!sent)
    return Error(sent.error().code(), "the local network in " + folder + " gave no answer (" + sent.error().message() +
                                          "); whether it still runs: walrusfs localnet status");
  HttpReply& reply = *sent;
  if (reply.status == 200) return std::move(reply.body);
  auto root = ordered_json::parse(reply.body, nullptr, false);
  std::string why = root.is_object() && root.contains("error") && root["error"].is_string()
                        ? root["error"].get<std::string>()
                        : "it answered " + std::to_string(reply.status);
  return Error(code_of(reply.status),
               "the local network in " + folder + " refused: " + why);
}

HttpAnswer answer_faucet(Localnet& network, const std::string& address, const std::string& amounts) {
  const auto query = Query::parse(amounts, {"mist", "frost"});
  if (!query) return outcome(query.error());
  const auto mist = query->number("mist"), frost = query->number("frost");
  if (!mist || !frost) return outcome(mist ? frost.error() : mist.error());
  const auto granted = network.faucet({address, mist->value_or(0), frost->value_or(0)});
  if (!granted) return outcome(granted.error());
  ordered_json body;
  body["digest"] = *granted;
  return json_answer(200, body.dump());
}

}  // namespace

HttpAnswer answer_control(Localnet& network, const std::string& token, HttpCall& call) {
  if (call.header(kTokenHeader) != token) return text_answer(403, "the token of localnet.json is needed");
  auto path = split_path(call.path());
  if (!path || path->size() < 2) return text_answer(404, "");
  if (call.method() == "GET" && path->size() == 2 && (*path)[1] == "status")
    return json_answer(200, to_json(network.status()));
  const bool of_node = path->size() == 4 && (*path)[1] == "nodes";
  const auto node = of_node ? parse_decimal((*path)[2]) : std::nullopt;
  if (node && (*path)[3] == "faults") return answer_faults(network, *node, call);
  if (path->size() == 3 && (*path)[1] == "ledger" && (*path)[2] == "faults")
    return answer_faults(network, std::nullopt, call);
  if (call.method() != "POST") return text_answer(405, "");
  if (path->size() == 3 && (*path)[1] == "epoch" && (*path)[2] == "advance") {
    auto epoch = network.advance_epoch();
    if (!epoch) return outcome(epoch.error());
    return json_answer(200, "{\"epoch\":" + std::to_string(*epoch) +
                                ",\"beyondHealing\":" + to_json(network.lost_blobs()) + "}");
  }
  if (path->size() == 3 && (*path)[1] == "faucet") return answer_faucet(network, (*path)[2], call.query());
  if (path->size() == 2 && (*path)[1] == "nodes") return add_node(network, call);
  if (!node) return text_answer(404, "");
  if ((*path)[3] == "stop") return outcome(network.stop_node(*node));
  if ((*path)[3] == "start") return outcome(network.start_node(*node));
  if ((*path)[3] == "remove") return outcome(network.remove_node(*node));
  if ((*path)[3] == "stake") return stake(network, *node, call);
  return text_answer(404, "");
}

Result<std::string> fetch_status_json(Files& files, const std::string& folder) {
  return ask(files, folder, "GET", "/v1/status");
}

Status control_node(Files& files, const std::string& folder, size_t node, const std::string& action) {
  if (action != "stop" && action != "start" && action != "remove")
    return Error(Code::kInvalidArgument, "a node can be told to stop, to start or to leave");
  auto answer = ask(files, folder, "POST", "/v1/nodes/" + std::to_string(node) + "/" + action);
  return answer.ok() ? ok_status() : Status(answer.error());
}

Status control_set_fault(Files& files, const std::string& folder, std::optional<size_t> node, const FaultRule& rule) {
  const std::string body = fault_to_json(rule);
  auto answer = ask(files, folder, "POST", faults_path(node), as_bytes(body));
  return answer.ok() ? ok_status() : Status(answer.error());
}

Status control_clear_faults(Files& files, const std::string& folder, std::optional<size_t> node,
                            std::optional<FaultKind> kind) {
  const std::string query = kind ? "?kind=" + std::string(fault_name(*kind)) : "";
  auto answer = ask(files, folder, "DELETE", faults_path(node) + query);
  return answer.ok() ? ok_status() : Status(answer.error());
}

Result<size_t> control_add_node(Files& files, const std::string& folder, std::optional<uint64_t> frost) {
  const std::string query = frost ? "?frost=" + std::to_string(*frost) : "";
  WFS_ASSIGN(std::string answer, ask(files, folder, "POST", "/v1/nodes" + query));
  try {
    return ordered_json::parse(answer).at("node").get<size_t>();
  } catch (const ordered_json::exception& problem) {
    return Error(Code::kInternal, std::string("the local network's answer makes no sense: ") + problem.what());
  }
}

Status control_stake(Files& files, const std::string& folder, size_t node, uint64_t frost) {
  auto answer = ask(files, folder, "POST",
                    "/v1/nodes/" + std::to_string(node) + "/stake?frost=" + std::to_string(frost));
  return answer.ok() ? ok_status() : Status(answer.error());
}

Result<std::string> control_advance_epoch(Files& files, const std::string& folder) {
  return ask(files, folder, "POST", "/v1/epoch/advance", std::nullopt, kEpochPatience);
}

Result<std::string> control_faucet(Files& files, const std::string& folder, const FaucetWish& wish) {
  WFS_ASSIGN(std::string answer,
             ask(files, folder, "POST", "/v1/faucet/" + wish.address + "?mist=" + std::to_string(wish.mist) +
                                            "&frost=" + std::to_string(wish.frost)));
  try {
    return ordered_json::parse(answer).at("digest").get<std::string>();
  } catch (const ordered_json::exception& problem) {
    return Error(Code::kInternal, std::string("the local network's answer makes no sense: ") + problem.what());
  }
}

}  // namespace walrusfs::localnet
