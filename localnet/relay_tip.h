// What an upload relay wants to be paid, and how it recognises that somebody paid. Pure reckoning. HTTP API, section 4.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "client/sui/types.h"

namespace walrusfs::localnet {

// MIST. `Linear` grows with every started KiB of the encoded blob, metadata included.
struct ConstTip {
  uint64_t mist = 0;
};
struct LinearTip {
  uint64_t base = 0, encoded_size_mul_per_kib = 0;
};
struct TipConfig {
  walrusfs::sui::Address address;
  std::variant<ConstTip, LinearTip> kind;
};
// Nothing: the relay wants no tip.
using Tip = std::optional<TipConfig>;

// At most 2^64 - 1.
uint64_t tip_mist(const TipConfig& tip, uint64_t encoded_bytes);
// "no_tip", or {"send_tip": …}.
std::string tip_config_json(const Tip& tip);

// What a relay reads in a transaction.
struct TransactionFacts {
  struct Change {
    walrusfs::sui::Address owner;
    bool negative = false;
    uint64_t mist = 0;
  };
  std::optional<Bytes> first_input;  // nothing unless input 0 is a pure value
  std::vector<Change> sui_changes;   // balances in SUI
  uint64_t time_ms = 0;              // when it was executed
};

// Where transactions are looked up: a full node.
class TransactionSource {
 public:
  virtual ~TransactionSource() = default;
  // kNotFound for one that nobody has seen executed.
  virtual Result<TransactionFacts> transaction(const walrusfs::sui::SuiDigest& digest) const = 0;
};

// The first input of a transaction with a tip: what is to be uploaded, and who may do it.
constexpr size_t kAuthPackageBytes = 72;
Bytes auth_package(ByteView blob, ByteView nonce);

// A refusal: HTTP status and text.
struct RelayRefusal {
  int http = 400;
  std::string text;
};

struct TipClaim {
  ByteView blob;
  ByteView nonce;
  uint64_t encoded_bytes = 0;
};

// The checks in the relay's order: fresh, paid, and by one who knows the nonce and has the blob.
std::optional<RelayRefusal> check_tip(const TipConfig& tip, Millis freshness, uint64_t now_ms,
                                      const TransactionFacts& facts, const TipClaim& claim);

}  // namespace walrusfs::localnet
