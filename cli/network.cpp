#include "cli/network.h"

#include <iterator>
#include <sstream>

#include "base/limits.h"
#include "cli/local_network.h"
#include "client/http_curl.h"
#include "client/http_store.h"
#include "client/limit_store.h"
#include "client/log_store.h"
#include "client/retry_store.h"

namespace walrusfs::cli {
namespace {

// The local network's publisher takes any pack that we make.
constexpr uint64_t kLocalPackBytes = 256 * limits::kMiB;
constexpr uint64_t kLocalMaxBodyBytes = limits::kGiB;
// A stock publisher refuses more than 10 MiB.
constexpr uint64_t kPublisherPackBytes = 8 * limits::kMiB;

constexpr HttpTimeouts kLocalTimeouts{
    .connect = Millis(2'000), .first_byte = Millis(60'000), .stall = Millis(60'000), .whole = Millis(600'000)};
constexpr HttpTimeouts kPaidTimeouts{
    .connect = Millis(5'000), .first_byte = Millis(120'000), .stall = Millis(60'000), .whole = Millis(600'000)};

// A program and its arguments; there is no shell, so no quoting.
std::vector<std::string> split_words(const std::string& command) {
  std::istringstream words(command);
  return {std::istream_iterator<std::string>(words), {}};
}

Result<std::unique_ptr<TokenSource>> make_tokens(Clock& clock, Rng& rng, const Config& config) {
  const NetworkConfig& network = config.network;
  const int given = !network.token.empty() + !network.token_command.empty() + !network.token_secret.empty();
  if (given > 1) {
    return Error(Code::kInvalidArgument, "only one of network.token, token_command and token_secret can be set");
  }
  if (!network.token.empty()) return make_static_token(network.token);
  if (!network.token_command.empty()) return make_command_token(clock, split_words(network.token_command));
  if (!network.token_secret.empty()) return make_secret_token(clock, rng, {.secret = network.token_secret});
  const LocalServicesConfig& local = config.localnet_services;
  if (network.backend != Backend::kLocal || local.jwt_secret.empty()) return std::unique_ptr<TokenSource>();
  // The local publisher's own secret: nobody has to say it twice.
  TokenSecret secret{.secret = local.jwt_secret};
  if (local.jwt_window > Millis(0)) secret.lifetime = local.jwt_window;
  return make_secret_token(clock, rng, secret);
}

Error no_aggregators() {
  return Error(Code::kInvalidArgument, "backend 'http' needs network.aggregators: at least one URL to read from");
}

Result<HttpStoreOptions> http_options(const Config& config, Network& network) {
  if (config.network.aggregators.empty()) return no_aggregators();
  HttpStoreOptions options;
  options.aggregators = config.network.aggregators;
  options.publisher = config.network.publisher;
  options.shards = config.network.shards;
  options.max_blob_bytes = config.pack_bytes.value_or(kPublisherPackBytes);
  options.send_object_to = config.network.send_object_to;
  options.timeouts = kPaidTimeouts;
  network.description = config.network.publisher.empty() ? options.aggregators.front() : options.publisher;
  network.epochs = config.network.epochs;
  network.pack_max_age = config.pack_max_age.value_or(Millis(3'600'000));
  network.read_ahead_bytes = config.read_ahead_bytes.value_or(32 * limits::kMiB);
  return options;
}

Result<LocalNetworkState> start_local_network(Files& files, Clock& clock, const Places& places, const Config& config) {
  LocalNetworkOptions wanted{
      .folder = places.localnet(), .nodes = config.localnet_nodes, .shards = config.localnet_shards};
  wanted.epoch_seconds = config.localnet_epoch_seconds;
  keep_settings_of_existing(files, wanted);
  wanted.max_body_bytes = kLocalMaxBodyBytes;
  return ensure_local_network(files, clock, wanted);
}

Result<HttpStoreOptions> local_options(Files& files, Clock& clock, const Places& places, const Config& config,
                                       Network& network) {
  WFS_ASSIGN(const LocalNetworkState state, start_local_network(files, clock, places, config));
  HttpStoreOptions options;
  options.aggregators = {state.aggregator_url};
  options.publisher = state.publisher_url;
  options.shards = state.shards;
  // A network that was started by hand keeps the official limit.
  options.max_blob_bytes = std::min(config.pack_bytes.value_or(kLocalPackBytes), state.max_body_bytes);
  options.timeouts = kLocalTimeouts;
  network.description = "the local network at " + state.aggregator_url;
  network.epochs = config.epochs_set ? config.network.epochs : 10;
  network.pack_max_age = config.pack_max_age.value_or(Millis(30'000));
  network.read_ahead_bytes = config.read_ahead_bytes.value_or(16 * limits::kMiB);
  return options;
}

}  // namespace

Result<std::unique_ptr<Network>> connect_network(Files& files, Clock& clock, Rng& rng, const Places& places,
                                                 const Config& config) {
  auto network = std::make_unique<Network>();
  const bool local = config.network.backend == Backend::kLocal;
  WFS_ASSIGN(HttpStoreOptions options,
             local ? local_options(files, clock, places, config, *network) : http_options(config, *network));
  network->cancel = std::make_unique<CancelToken>();
  options.cancel = network->cancel.get();
  network->shards = options.shards;
  network->pack_bytes = options.max_blob_bytes;
  WFS_ASSIGN(network->tokens, make_tokens(clock, rng, config));
  const StoreLimits limits{.cancel = network->cancel.get()};
  const RetryOptions retries{.cancel = network->cancel.get()};
  WFS_ASSIGN(network->transport, CurlTransport::create(clock));
  WFS_ASSIGN(auto http, HttpStore::create(*network->transport, clock, network->tokens.get(), options));
  // Each layer wraps the one before: what is logged is one attempt, what is limited is what is under way, and
  // a pause before another attempt holds no place.
  network->layers.push_back(std::move(http));
  network->layers.push_back(std::make_unique<LogStore>(network->store(), clock, "network"));
  network->layers.push_back(std::make_unique<LimitStore>(network->store(), clock, limits));
  network->layers.push_back(std::make_unique<RetryStore>(network->store(), clock, rng, retries));
  return network;
}

Result<std::string> blob_url(Files& files, Clock& clock, const Places& places, const Config& config,
                             const BlobId& blob) {
  const std::string path = "/v1/blobs/" + blob.to_string();
  if (config.network.backend != Backend::kLocal) {
    if (config.network.aggregators.empty()) return no_aggregators();
    return config.network.aggregators.front() + path;
  }
  WFS_ASSIGN(const LocalNetworkState state, start_local_network(files, clock, places, config));
  return state.aggregator_url + path;
}

}  // namespace walrusfs::cli
