// A full node with four nodes that sign what they are told, for the official client: `serve FOLDER` prints one line of
// JSON, then serves until its standard input ends. POST /test/sign {"message": base64} answers with a signature of
// each node.
#include <unistd.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "localnet/http_server.h"
#include "localnet/sui/bls_certificates.h"
#include "localnet/sui/rpc_http.h"
#include "test_nodes.h"

namespace walrusfs::localnet::sui {
namespace {

using nlohmann::json;

HttpAnswer sign(const TestNodes& nodes, HttpCall& call) {
  const Bytes body = read_whole_body(call, 4096).value();
  const Bytes message = from_base64(json::parse(body).at("message").get<std::string>()).value();
  json signatures = json::array();
  for (const auto& key : nodes.keys) signatures.push_back(to_base64(key.sign(message).to_bytes()));
  HttpAnswer answer = text_answer(200, signatures.dump());
  answer.content_type = "application/json";
  return answer;
}

int serve(const std::string& folder) {
  const TestNodes nodes;
  const BlsCertificates certificates;
  const auto store =
      ChainStore::open(system_files(), folder + "/chain.sqlite", [&nodes] { return make_first_state(nodes.genesis); });
  FullNode node(*store.value(), certificates, system_clock());
  RpcHttp http(node);
  HttpServerOptions options;
  options.name = "full node";
  const auto server = HttpServer::start(
      options, [&](HttpCall& call) { return call.path() == "/test/sign" ? sign(nodes, call) : http.answer(call); });
  const Network network = node.network();
  const json about = {{"url", server.value()->url()},
                      {"system", network.system.to_string()},
                      {"staking", network.staking.to_string()},
                      {"exchange", network.exchange.to_string()},
                      {"package", network.packages.walrus_current.to_string()},
                      {"original", network.packages.walrus_original.to_string()},
                      {"wal", network.packages.wal_type().to_string()}};
  std::printf("%s\n", about.dump().c_str());
  std::fflush(stdout);
  char ignored = 0;
  while (read(STDIN_FILENO, &ignored, 1) > 0) {
  }
  return 0;
}

}  // namespace
}  // namespace walrusfs::localnet::sui

int main(int argc, char** argv) { return argc == 2 ? walrusfs::localnet::sui::serve(argv[1]) : 2; }
