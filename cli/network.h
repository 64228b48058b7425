// From configuration to a way to the network.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/files.h"
#include "base/rng.h"
#include "cli/config.h"
#include "cli/places.h"
#include "client/blob_store.h"

namespace walrusfs::cli {

// What a volume's network settings come to.
struct Network {
  std::unique_ptr<BlobStore> store;
  uint32_t shards = 0;
  uint32_t epochs = 0;
  uint64_t pack_bytes = 0;
  Millis pack_max_age{};
  uint64_t read_ahead_bytes = 0;
  std::string description;      // "the local network in …", "https://…"
};

// For the backend `local`: starts the embedded network in a process of its own unless it runs.
Result<Network> connect_network(Files& files, Clock& clock, Rng& rng, const Places& places, const Config& config);

}  // namespace walrusfs::cli
