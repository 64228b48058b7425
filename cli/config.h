// Settings: built-in defaults, then the configuration file, then the volume's own file.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace walrusfs::cli {

enum class Backend { kLocal, kHttp };

struct NetworkConfig {
  Backend backend = Backend::kLocal;
  std::vector<std::string> aggregators;  // http: where to read
  std::string publisher;                 // http: where to write; empty: read only
  std::string token;                     // http: JWT for the publisher, or
  std::string token_command;             // a command that prints one per upload, or
  std::string token_secret;              // the HS256 secret to make them from
  std::string send_object_to;            // Sui address that gets the blob objects
  uint32_t shards = 1000;                // http: of the committee; mainnet and testnet have 1000
  uint32_t epochs = 26;                  // bought with each pack
};

// Of a new local network.
constexpr uint32_t kFewestLocalNodes = 1, kMostLocalNodes = 100;
constexpr uint32_t kFewestLocalShards = 4, kMostLocalShards = 1000;

// What the local network offers beside its nodes.
struct LocalServicesConfig {
  std::string jwt_secret;  // the publisher wants tokens signed with it
  std::string jwt_algorithm = "HS256";
  Millis jwt_window{0};  // a token's exp - iat must be exactly this; 0: whatever it is
  bool jwt_verify_upload = false;
  uint64_t max_quilt_bytes = 100 << 20;
  uint64_t aggregator_max_blob_bytes = 0;  // 0: no limit
  Millis aggregator_keep_404{0};           // as a cache in front of it would
  bool aggregator_all_quilt_tags = false;
  std::string relay_tip_address;  // empty: the upload relay wants no tip
  uint64_t relay_tip = 0;         // MIST
  uint64_t relay_tip_per_kib = 0;
  Millis relay_freshness{3'600'000};
  bool node_tls = false;
};

struct Config {
  NetworkConfig network;

  std::optional<uint64_t> pack_bytes;  // none: 256 MiB locally, 8 MiB over a publisher
  std::optional<Millis> pack_max_age;  // none: 30 s locally, 1 h on paid networks
  int compression_level = 3;

  Millis journal_interval{5'000};
  std::optional<uint64_t> spool_bytes;  // none: 20 % of the free disk, at most 64 GiB
  std::optional<uint64_t> cache_bytes;  // none: 10 % of the free disk, at most 32 GiB
  uint64_t cache_memory_bytes = 64 << 20;
  std::optional<uint64_t> read_ahead_bytes;  // none: 16 MiB locally, 32 MiB else
  unsigned threads = 4;
  bool allow_other = false;

  uint32_t localnet_nodes = 5;
  uint32_t localnet_shards = 301;
  uint32_t localnet_epoch_seconds = 0;  // 0: epochs end only when told to
  bool localnet_stop_with_mount = false;
  LocalServicesConfig localnet_services;

  bool epochs_set = false;  // network.epochs was given, not the default
};

// Reads `path` over `base`. A missing file changes nothing. Errors name file and line; an unknown key
// is one, and lists the known ones.
Result<Config> load_config(const std::string& path, Config base);

// The whole configuration as TOML, every key with its value in force. Secrets are not shown.
std::string print_config(const Config& config);

}  // namespace walrusfs::cli
