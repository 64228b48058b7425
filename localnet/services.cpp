#include "localnet/services.h"

#include "localnet/aggregator.h"
#include "localnet/http_server.h"
#include "localnet/publisher.h"
#include "localnet/upload_relay.h"

namespace walrusfs::localnet {
namespace {

// The gates admit 256 + 320, 8 + 8 and 8 + 64; requests beyond must still be told 429. The rest of the publisher's and
// the relay's is for bodies that come slowly, a thread each.
constexpr size_t kAggregatorThreads = 640, kPublisherThreads = 256, kRelayThreads = 256;

AggregatorOptions aggregator_options(const LocalnetConfig& config, const std::string& scratch_folder) {
  AggregatorOptions options;
  options.scratch_folder = scratch_folder;
  options.max_blob_bytes = config.services.aggregator_max_blob_bytes;
  options.keep_not_found = config.services.keep_not_found;
  options.attributes.all_quilt_tags = config.services.all_quilt_tags;
  return options;
}

PublisherOptions publisher_options(const LocalnetConfig& config, const std::string& scratch_folder, JwtGuard* guard) {
  PublisherOptions options;
  options.max_body_bytes = config.max_body_bytes;
  options.max_quilt_bytes = config.services.max_quilt_bytes;
  options.scratch_folder = scratch_folder;
  options.encode_threads = config.encode_threads;
  options.guard = guard;
  return options;
}

RelayOptions relay_options(const LocalnetConfig& config, const std::string& scratch_folder) {
  RelayOptions options;
  options.tip = config.services.relay_tip;
  options.freshness = config.services.relay_freshness;
  options.max_body_bytes = config.services.relay_max_body_bytes;
  options.scratch_folder = scratch_folder;
  options.encode_threads = config.encode_threads;
  return options;
}

// On the configured port or none; without one, on the port of before if it is free.
HttpServerOptions listening(const std::string& name, const LocalnetConfig& config, uint16_t configured,
                            uint16_t before, size_t threads) {
  HttpServerOptions options;
  options.name = name;
  options.address = config.address;
  options.port = configured != 0 ? configured : before;
  options.any_port_if_taken = configured == 0;
  options.max_threads = threads;
  return options;
}

}  // namespace

// In the order in which they need each other; the servers go first.
struct Services::Impl {
  BlobReader reader;
  BlobWriter writer;
  std::unique_ptr<JwtGuard> guard;
  Aggregator aggregator;
  Publisher publisher;
  UploadRelay relay;
  std::unique_ptr<HttpServer> aggregator_server, publisher_server, relay_server;

  Impl(const LocalnetConfig& config, const ServiceNeeds& needs, const std::string& scratch_folder,
       std::unique_ptr<JwtGuard> with_guard)
      : reader(needs.membership, needs.nodes, needs.world.clock, config.read_cache_bytes),
        writer(needs.membership, needs.nodes, config.encode_threads),
        guard(std::move(with_guard)),
        aggregator(reader, needs.ledger, needs.world.files, needs.world.clock,
                   aggregator_options(config, scratch_folder)),
        publisher(needs.membership, writer, needs.nodes, needs.ledger, needs.world.files,
                  publisher_options(config, scratch_folder, guard.get())),
        relay(needs.membership, writer, needs.nodes, needs.ledger, needs.transactions, needs.world.files,
              needs.world.clock, relay_options(config, scratch_folder)) {}

  Status listen(const LocalnetConfig& config, const LocalnetState& before) {
    HttpServerOptions options = listening("aggregator", config, config.aggregator_port, before.aggregator_port,
                                          kAggregatorThreads);
    options.malformed_range = Aggregator::malformed_range();
    WFS_ASSIGN(aggregator_server,
               HttpServer::start(options, [this](HttpCall& call) { return aggregator.answer(call); }));
    options = listening("publisher", config, config.publisher_port, before.publisher_port, kPublisherThreads);
    WFS_ASSIGN(publisher_server, HttpServer::start(options, [this](HttpCall& call) { return publisher.answer(call); }));
    options = listening("upload relay", config, config.relay_port, before.relay_port, kRelayThreads);
    WFS_ASSIGN(relay_server, HttpServer::start(options, [this](HttpCall& call) { return relay.answer(call); }));
    return {};
  }
};

Services::Services(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Services::~Services() = default;

Result<std::unique_ptr<Services>> Services::start(const LocalnetConfig& config, const ServiceNeeds& needs,
                                                  const std::string& scratch_folder, const LocalnetState& before) {
  WFS_ASSIGN(auto guard, JwtGuard::create(config.services.jwt, needs.world.clock));
  auto impl = std::make_unique<Impl>(config, needs, scratch_folder, std::move(guard));
  WFS_TRY(impl->listen(config, before));
  return std::unique_ptr<Services>(new Services(std::move(impl)));
}

void Services::tell(LocalnetState& state) const {
  state.aggregator_url = impl_->aggregator_server->url();
  state.aggregator_port = impl_->aggregator_server->port();
  state.publisher_url = impl_->publisher_server->url();
  state.publisher_port = impl_->publisher_server->port();
  state.relay_url = impl_->relay_server->url();
  state.relay_port = impl_->relay_server->port();
}

ReaderCounts Services::counts() const { return impl_->reader.counts(); }

}  // namespace walrusfs::localnet
