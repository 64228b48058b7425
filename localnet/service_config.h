// Settings of what a network offers beside its nodes: aggregator, publisher, upload relay.
#pragma once

#include "localnet/jwt.h"
#include "localnet/relay_tip.h"

namespace walrusfs::localnet {

struct ServiceConfig {
  // Aggregator.
  uint64_t aggregator_max_blob_bytes = 0;  // larger ones are refused; 0: none is
  Millis keep_not_found{0};                // answers "not found" as a cache in front would repeat them; 0: not at all
  bool all_quilt_tags = false;             // become headers, not only those of the official list

  // Publisher.
  JwtOptions jwt;
  uint64_t max_quilt_bytes = 100 << 20;  // the official limit

  // Upload relay.
  Tip relay_tip;
  Millis relay_freshness{3'600'000};           // of a transaction with a tip
  uint64_t relay_max_body_bytes = 1 << 30;     // the official limit

  // Storage nodes: HTTPS with the key of each node instead of HTTP.
  bool node_tls = false;
};

}  // namespace walrusfs::localnet
