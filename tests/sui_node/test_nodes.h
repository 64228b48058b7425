// Four storage nodes with 3, 3, 2 and 2 of ten shards, whose keys the test holds: they sign for real.
#pragma once

#include "client/sui/walrus.h"
#include "codec/bls/bls.h"
#include "localnet/sui/genesis.h"

namespace walrusfs::localnet::sui {

constexpr uint16_t kShards = 10;

struct TestNodes {
  TestNodes();
  // The certificate's three arguments: aggregate, bitmap, message.
  std::vector<Bytes> sign(const Confirmation& confirmation, const std::vector<uint16_t>& signers) const;
  std::vector<Bytes> sign_bytes(const Bytes& message, const std::vector<uint16_t>& signers) const;

  Genesis genesis;
  std::vector<bls::SecretKey> keys;  // in the order of the committee
};

}  // namespace walrusfs::localnet::sui
