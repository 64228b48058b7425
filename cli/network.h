// From configuration to a way to the network.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/files.h"
#include "base/rng.h"
#include "cli/config.h"
#include "cli/places.h"
#include "client/blob_store.h"
#include "client/cancel.h"
#include "client/token_source.h"
#include "client/transport.h"

namespace walrusfs::cli {

// What a volume's network settings come to, and the parts that the store leans on.
struct Network {
  std::string description;  // "the local network", "https://…"
  uint32_t shards = 0;
  uint32_t epochs = 0;
  uint64_t pack_bytes = 0;
  Millis pack_max_age{};
  uint64_t read_ahead_bytes = 0;

  std::unique_ptr<CancelToken> cancel;  // ends every request, for the end of a mount
  std::unique_ptr<Transport> transport;
  std::unique_ptr<TokenSource> tokens;             // null: the publisher wants none
  std::vector<std::unique_ptr<BlobStore>> layers;  // innermost first
  BlobStore& store() { return *layers.back(); }
};

// For the backend `local`: starts the embedded network in a process of its own unless it runs.
Result<std::unique_ptr<Network>> connect_network(Files& files, Clock& clock, Rng& rng, const Places& places,
                                                 const Config& config);

// Where a blob is read with any HTTP client. For the backend `local` as above.
Result<std::string> blob_url(Files& files, Clock& clock, const Places& places, const Config& config,
                             const BlobId& blob);

}  // namespace walrusfs::cli
