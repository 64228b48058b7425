#include "test_nodes.h"

namespace walrusfs::localnet::sui {

TestNodes::TestNodes() {
  genesis.seed = Digest{42};
  genesis.time_ms = 1'700'000'000'000;
  genesis.n_shards = kShards;
  genesis.epoch = 1;
  std::vector<bls::PublicKey> public_keys;
  uint16_t shard = 0;
  for (const uint16_t weight : {3, 3, 2, 2}) {
    const auto number = static_cast<uint8_t>(keys.size() + 1);
    keys.push_back(bls::SecretKey::from_seed(Bytes(32, number)).value());
    public_keys.push_back(keys.back().public_key());
    const auto uncompressed = public_keys.back().to_uncompressed_bytes();
    // Small ids belong to packages of the system.
    const ObjectId id = Address::of(static_cast<uint8_t>(0xe0 + number));
    GenesisNode made{id, "node", "127.0.0.1:9", Bytes(uncompressed.begin(), uncompressed.end()), Bytes(33, 2), {}};
    for (uint16_t i = 0; i < weight; ++i) made.shards.push_back(shard++);
    genesis.nodes.push_back(std::move(made));
  }
  const auto total = bls::aggregate(public_keys).value().to_bytes();
  genesis.total_aggregated_key = Bytes(total.begin(), total.end());
}

std::vector<Bytes> TestNodes::sign_bytes(const Bytes& message, const std::vector<uint16_t>& signers) const {
  std::vector<bls::Signature> signatures;
  for (const uint16_t signer : signers) signatures.push_back(keys[signer].sign(message));
  const auto sum = bls::aggregate(signatures).value().to_bytes();
  return {Bytes(sum.begin(), sum.end()), signers_bitmap(signers, keys.size()), message};
}

std::vector<Bytes> TestNodes::sign(const Confirmation& confirmation, const std::vector<uint16_t>& signers) const {
  return sign_bytes(bcs_encode(confirmation), signers);
}

}  // namespace walrusfs::localnet::sui
