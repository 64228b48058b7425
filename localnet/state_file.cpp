#include "localnet/state_file.h"

#include <nlohmann/json.hpp>

#include "localnet/folder_lock.h"

namespace walrusfs::localnet {
namespace {

using nlohmann::ordered_json;

constexpr uint64_t kMaxStateBytes = 4 << 20;

std::string state_path(const std::string& folder) { return folder + "/localnet.json"; }

ordered_json chain_json(const ChainInfo& c) {
  ordered_json out;
  out["rpc"] = {{"url", c.rpc_url}, {"port", c.rpc_port}};
  out["chainId"] = c.chain_id;
  out["packageConfig"] = {{"systemObjectId", c.system_object},
                          {"stakingPoolId", c.staking_object},
                          {"exchangeIds", ordered_json::array({c.exchange_object})}};
  out["walType"] = c.wal_type;
  out["nodeUrlScheme"] = c.node_url_scheme;
  out["wallet"] = c.wallet;
  return out;
}

ChainInfo chain_from_json(const ordered_json& in) {
  ChainInfo c;
  c.rpc_url = in.at("rpc").at("url").get<std::string>();
  c.rpc_port = in.at("rpc").at("port").get<uint16_t>();
  c.chain_id = in.at("chainId").get<std::string>();
  const auto& package = in.at("packageConfig");
  c.system_object = package.at("systemObjectId").get<std::string>();
  c.staking_object = package.at("stakingPoolId").get<std::string>();
  c.exchange_object = package.at("exchangeIds").at(0).get<std::string>();
  c.wal_type = in.at("walType").get<std::string>();
  c.wallet = in.at("wallet").get<std::string>();
  return c;
}

ordered_json state_json(const LocalnetState& s) {
  ordered_json nodes = ordered_json::array();
  for (const NodeAddress& node : s.nodes) {
    ordered_json item = {{"id", node.id}, {"url", node.url}, {"port", node.port}, {"shards", node.shards}};
    nodes.push_back(std::move(item));
  }
  ordered_json out;
  out["version"] = 1;
  out["running"] = s.running;
  out["pid"] = s.pid;
  out["startedAt"] = s.started_at;
  out["shards"] = s.shards;
  out["aggregator"] = {{"url", s.aggregator_url}, {"port", s.aggregator_port}};
  out["publisher"] = {{"url", s.publisher_url}, {"port", s.publisher_port}, {"maxBodyBytes", s.max_body_bytes}};
  out["uploadRelay"] = {{"url", s.relay_url}, {"port", s.relay_port}};
  out["control"] = {{"url", s.control_url}, {"port", s.control_port}, {"token", s.control_token}};
  out["sui"] = chain_json(s.chain);
  out["nodes"] = std::move(nodes);
  return out;
}

LocalnetState from_json(const ordered_json& in) {
  LocalnetState s;
  s.running = in.at("running").get<bool>();
  s.pid = in.at("pid").get<int64_t>();
  s.started_at = in.at("startedAt").get<int64_t>();
  s.shards = in.at("shards").get<uint32_t>();
  s.aggregator_url = in.at("aggregator").at("url").get<std::string>();
  s.aggregator_port = in.at("aggregator").at("port").get<uint16_t>();
  s.publisher_url = in.at("publisher").at("url").get<std::string>();
  s.publisher_port = in.at("publisher").at("port").get<uint16_t>();
  s.max_body_bytes = in.at("publisher").at("maxBodyBytes").get<uint64_t>();
  if (in.contains("uploadRelay")) {  // older versions had none
    s.relay_url = in.at("uploadRelay").at("url").get<std::string>();
    s.relay_port = in.at("uploadRelay").at("port").get<uint16_t>();
  }
  s.control_url = in.at("control").at("url").get<std::string>();
  s.control_port = in.at("control").at("port").get<uint16_t>();
  s.control_token = in.at("control").at("token").get<std::string>();
  if (in.contains("sui")) s.chain = chain_from_json(in.at("sui"));  // older versions had no chain
  for (const auto& node : in.at("nodes"))
    s.nodes.push_back({node.at("id").get<std::string>(), node.at("url").get<std::string>(),
                       node.at("port").get<uint16_t>(), node.at("shards").get<uint32_t>()});
  return s;
}

}  // namespace

std::string to_json(const ChainInfo& chain) { return chain_json(chain).dump(); }

Status write_state(Files& files, const std::string& folder, const LocalnetState& state) {
  return write_file_durably(files, state_path(folder), as_bytes(state_json(state).dump(2) + "\n"));
}

Result<LocalnetState> read_state(Files& files, const std::string& folder) {
  WFS_ASSIGN(Bytes text, read_file(files, state_path(folder), kMaxStateBytes));
  try {
    return from_json(ordered_json::parse(text.begin(), text.end()));
  } catch (const ordered_json::exception& problem) {
    return Error(Code::kCorrupt, state_path(folder) + " cannot be read: " + problem.what());
  }
}

Result<LocalnetState> find_running(Files& files, const std::string& folder) {
  WFS_ASSIGN(bool held, FolderLock::is_held(files, folder));
  if (!held) return Error(Code::kNotFound, "no local network runs in " + folder);
  auto read = read_state(files, folder);
  const std::string way_out =
      "end it with kill $(cat " + folder + "/localnet.lock); its next start writes the file anew";
  if (!read && read.error().code() == Code::kCorrupt)
    return Error(Code::kCorrupt,
                 read.error().message() + ". A local network runs there, but where is not known: " + way_out);
  if (!read && read.error().code() == Code::kNotFound)
    return Error(Code::kNotFound, "the local network in " + folder + " starts for the first time, or its " +
                                      state_path(folder) + " was deleted while it runs: if this stays so, " + way_out);
  if (!read) return read.error();
  const LocalnetState& state = *read;
  if (!state.running) return Error(Code::kNotFound, "the local network in " + folder + " is just starting or stopping");
  return state;
}

}  // namespace walrusfs::localnet
