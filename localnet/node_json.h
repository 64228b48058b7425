// JSON payloads of the storage-node API.
#pragma once

#include <string>
#include <vector>

#include "codec/shape.h"
#include "codec/signed_messages.h"
#include "localnet/ledger.h"
#include "localnet/node_store.h"

namespace walrusfs::localnet {

struct NodeHealth {
  uint64_t uptime_ns = 0;
  uint32_t epoch = 0;
  bls::PublicKey key;
  ChainProgress chain;
  std::vector<std::pair<ShardIndex, ShardState>> owned;
  std::vector<ShardIndex> leaving;  // given away, still served
};

// Section 4.5 (status) and 4.8 (health).
std::string standing_to_json(const BlobStanding& standing);
std::string health_to_json(const NodeHealth& health, bool detailed);

// {"serializedMessage": …, "signature": …}, both base64; a confirmation wraps it in {"signed": …}.
std::string signed_message_to_json(const SignedMessage& message);
std::string confirmation_to_json(const SignedMessage& message);
// `body` is the whole answer with its envelope. kCorrupt when it is none; nothing is verified.
Result<SignedMessage> parse_confirmation_answer(std::string_view body);
// The same for a verdict on an inconsistency proof, which is not wrapped.
Result<SignedMessage> parse_verdict_answer(std::string_view body);

// What a status answer says, as far as readers need it.
struct StatusAnswer {
  bool exists = false;
  bool certified = false;
  std::optional<uint32_t> certified_epoch;  // the first
};
// `body` is the whole answer with its envelope. kCorrupt when it is none.
Result<StatusAnswer> parse_status_answer(std::string_view body);
// The first reason of an error envelope; empty when `body` is none.
std::string error_reason(std::string_view body);

}  // namespace walrusfs::localnet
