// A local network with a few verbs.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <httplib.h>
#include <sys/socket.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>

#include "base/crypto.h"
#include "base/fd.h"
#include "codec/encoder.h"
#include "localnet/ledger.h"
#include "localnet/localnet.h"
#include "localnet/node_keys.h"
#include "signing.h"
#include "temp_folder.h"

namespace walrusfs::localnet {

using Json = nlohmann::ordered_json;

inline World real_world() { return {system_files(), system_clock(), system_rng()}; }

// Bytes that differ for every (seed, size).
inline std::string content_of(size_t size, uint64_t seed = 1) {
  SeededRng rng(seed * 1'000'003 + size);
  Bytes bytes(size);
  if (size > 0) rng.fill(bytes);
  return std::string(as_text(bytes));
}

struct Reply {
  int status = 0;  // 0: the connection broke
  std::string body;
  httplib::Headers headers;

  std::string header(const std::string& name) const {
    auto found = headers.find(name);
    return found == headers.end() ? "" : found->second;
  }
  bool has(const std::string& name) const { return headers.contains(name); }
  Json json() const { return Json::parse(body); }
  std::string reason() const { return json().at("error").at("details").at(0).at("reason").get<std::string>(); }
  std::string domain() const { return json().at("error").at("details").at(0).at("domain").get<std::string>(); }
};

inline Reply send(const std::string& url, const std::string& method, const std::string& target,
                  const std::string& body = "", const httplib::Headers& headers = {}) {
  httplib::Client client(url);
  client.set_read_timeout(120);
  client.set_tcp_nodelay(true);
  client.set_url_encode(false);
  httplib::Request request;
  request.method = method;
  request.path = target;
  request.headers = headers;
  request.body = body;
  auto result = client.send(request);
  if (!result) return {};
  return {result->status, result->body, result->headers};
}

// A connection over which exactly these bytes were sent.
inline Fd begin_request(uint16_t port, const std::string& bytes) {
  Fd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  WFS_CHECK(connect(fd.get(), reinterpret_cast<sockaddr*>(&to), sizeof to) == 0);
  WFS_CHECK(write(fd.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  return fd;
}

// And all that comes back until the server closes; `break_off` ends the sending side first.
inline std::string send_raw(uint16_t port, const std::string& bytes, bool break_off = false) {
  const Fd fd = begin_request(port, bytes);
  if (break_off) shutdown(fd.get(), SHUT_WR);
  std::string answer;
  char buffer[4096];
  for (ssize_t n = 0; (n = read(fd.get(), buffer, sizeof buffer)) > 0;) answer.append(buffer, static_cast<size_t>(n));
  return answer;
}

class NetworkTest : public testing::Test {
 protected:
  // Damage stays as it is, unless a test wants to see it healed.
  static LocalnetConfig without_healing() {
    LocalnetConfig config;
    config.heal = false;
    return config;
  }
  // The last committee's numbers stay until given again.
  void start(uint32_t shards = 10, uint32_t nodes = 4) {
    config_.folder = folder_ / "net";
    config_.shards = shards;
    config_.nodes = nodes;
    start_again();
  }
  void start_again() {
    auto started = Localnet::start(config_, {*files_, system_clock(), system_rng()});
    ASSERT_TRUE(started.ok()) << started.error().to_string();
    network_ = std::move(*started);
    shape_ = CodeShape::create(config_.shards).value();
  }
  void stop() { network_.reset(); }
  bool nothing_is_spooled() const { return std::filesystem::is_empty(config_.folder + "/spools"); }

  std::string aggregator() const { return network_->state().aggregator_url; }
  std::string publisher() const { return network_->state().publisher_url; }
  std::string node(size_t i) const { return network_->state().nodes.at(i).url; }

  Reply put(const std::string& content, const std::string& query = "") {
    return send(publisher(), "PUT", "/v1/blobs" + query, content, {{"Content-Type", "application/octet-stream"}});
  }
  // Stores and answers with the blob ID, which must be the one the codec computes.
  std::string store(const std::string& content, const std::string& query = "") {
    Reply reply = put(content, query);
    EXPECT_EQ(reply.status, 200) << reply.body;
    if (reply.status != 200) return "";
    Json answer = reply.json();
    std::string id = answer.contains("newlyCreated") ? answer["newlyCreated"]["blobObject"]["blobId"]
                                                     : answer.at("alreadyCertified").at("blobId");
    EXPECT_EQ(id, blob_id(content).to_string());
    return id;
  }
  BlobId blob_id(const std::string& content) const { return metadata(content).blob_id(); }
  BlobMetadata metadata(const std::string& content) const {
    return compute_metadata(*shape_, as_bytes(content)).value();
  }

  Reply get(const std::string& id, const httplib::Headers& headers = {}, const std::string& query = "") {
    return send(aggregator(), "GET", "/v1/blobs/" + id + query, "", headers);
  }
  Reply get_range(const std::string& id, uint64_t first, uint64_t last) {
    return get(id, {{"Range", "bytes=" + std::to_string(first) + "-" + std::to_string(last)}});
  }
  void expect_reads_back(const std::string& id, const std::string& content) {
    Reply reply = get(id);
    EXPECT_EQ(reply.status, 200) << reply.body.substr(0, 300);
    EXPECT_EQ(reply.body.size(), content.size());
    EXPECT_TRUE(reply.body == content);
  }

  // The nodes by id, as they stand in the chain's committee.
  std::vector<size_t> chain_order() const {
    const auto nodes = network_->state().nodes;
    std::vector<size_t> order(nodes.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return nodes[a].id < nodes[b].id; });
    return order;
  }
  // Certifies without asking the nodes, with their own keys.
  Result<BlobObject> certify(const std::string& object_id) {
    Ledger& ledger = network_->ledger();
    std::vector<bls::SecretKey> keys;
    for (const size_t i : chain_order())
      keys.push_back(load_node_keys(system_files(), node_folder(config_.folder, i)).value().protocol);
    return ledger.certify(object_id, certificate_for(*ledger.object(object_id), ledger.epoch(), keys));
  }

  // For whoever uploads without the publisher.
  BlobObject register_blob(const std::string& content, bool deletable) {
    const BlobMetadata built = metadata(content);
    RegisterRequest request;
    request.blob = built.blob_id();
    request.root_hash = built.root();
    request.size_bytes = content.size();
    request.encoded_length = shape_->encoded_length(content.size()).value();
    request.epochs = 3;
    request.deletable = deletable;
    return network_->ledger().register_blob(request).value().object;
  }

  NodeStatus node_now(size_t number) const { return network_->status().nodes.at(number); }
  static void wait_until(const std::function<bool()>& done) {
    const auto deadline = system_clock().in(Millis(120'000));
    while (!done() && !system_clock().passed(deadline)) system_clock().sleep_for(Millis(10));
    EXPECT_TRUE(done());
  }

  // A fresh aggregator, without anything in its cache.
  void forget_reads() {
    stop();
    start_again();
  }
  size_t owner_of_row(const std::string& id, uint16_t row) const {
    BlobId blob = BlobId::parse(id).value();
    ShardIndex shard = shape_->shard_of(blob, shape_->pair_of(Axis::kPrimary, SliverIndex{row}));
    std::ifstream file(config_.folder + "/committee.json");
    Json members = Json::parse(file).at("nodes");
    for (size_t i = 0; i < members.size(); ++i)
      for (const Json& owned : members[i].at("shards"))
        if (owned == raw(shard)) return i;
    return members.size();
  }
  // Every file that the node keeps, with something else in it of the same size.
  void overwrite_with_garbage(size_t node_index) {
    SeededRng rng(7);
    for (const auto& entry : std::filesystem::recursive_directory_iterator(
             config_.folder + "/node-" + std::to_string(node_index) + "/blobs")) {
      if (!entry.is_regular_file()) continue;
      Bytes garbage(entry.file_size());
      rng.fill(garbage);
      std::ofstream(entry.path(), std::ios::binary) << as_text(garbage);
    }
  }

  Files* files_ = &system_files();
  TempFolder folder_;
  LocalnetConfig config_ = without_healing();
  std::unique_ptr<Localnet> network_;
  std::optional<CodeShape> shape_;
};

}  // namespace walrusfs::localnet
