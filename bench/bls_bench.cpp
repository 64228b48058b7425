// BLS signatures: what a node pays per confirmation, and a client per node and per certificate.
#include <benchmark/benchmark.h>

#include "codec/bls/bls.h"
#include "codec/bls/hash_to_g2.h"
#include "codec/bls/pairing.h"

namespace walrusfs::bls {
namespace {

constexpr size_t kMembers = 100;  // about as many as mainnet has

// A committee whose members all signed one confirmation.
struct Signers {
  Bytes message = Bytes(72, 7);
  std::vector<SecretKey> secrets;
  std::vector<PublicKey> keys;
  std::vector<Signature> signatures;
  std::vector<std::array<uint8_t, kSignatureBytes>> encoded;

  Signers() {
    SeededRng rng(1);
    for (size_t i = 0; i < kMembers; ++i) {
      secrets.push_back(SecretKey::generate(rng));
      keys.push_back(secrets.back().public_key());
      signatures.push_back(secrets.back().sign(message));
      encoded.push_back(signatures.back().to_bytes());
    }
  }
};

const Signers& signers() {
  static const Signers made;
  return made;
}

void sign(benchmark::State& state) {
  const Signers& s = signers();
  for (auto _ : state) benchmark::DoNotOptimize(s.secrets[0].sign(s.message));
}
BENCHMARK(sign)->Unit(benchmark::kMicrosecond);

void verify_one(benchmark::State& state) {
  const Signers& s = signers();
  for (auto _ : state) {
    if (!verify(s.keys[0], s.message, s.signatures[0])) state.SkipWithError("a good signature was refused");
  }
}
BENCHMARK(verify_one)->Unit(benchmark::kMicrosecond);

// As a client does it: decode 100 signatures, add them up, add up 100 known keys, verify once.
void certify_with_100(benchmark::State& state) {
  const Signers& s = signers();
  for (auto _ : state) {
    std::vector<Signature> decoded;
    for (const auto& bytes : s.encoded) decoded.push_back(Signature::parse(bytes).value());
    if (!verify_aggregate(s.keys, s.message, aggregate(decoded).value())) state.SkipWithError("refused");
  }
}
BENCHMARK(certify_with_100)->Unit(benchmark::kMicrosecond);

// As the chain does it: the aggregate is given.
void verify_aggregate_of_100(benchmark::State& state) {
  const Signers& s = signers();
  const Signature all = aggregate(s.signatures).value();
  for (auto _ : state) {
    if (!verify_aggregate(s.keys, s.message, all)) state.SkipWithError("refused");
  }
}
BENCHMARK(verify_aggregate_of_100)->Unit(benchmark::kMicrosecond);

void decode_signature(benchmark::State& state) {
  const Signers& s = signers();
  for (auto _ : state) benchmark::DoNotOptimize(Signature::parse(s.encoded[0]));
}
BENCHMARK(decode_signature)->Unit(benchmark::kMicrosecond);

void hash_to_curve(benchmark::State& state) {
  const Signers& s = signers();
  for (auto _ : state) benchmark::DoNotOptimize(hash_to_g2(s.message));
}
BENCHMARK(hash_to_curve)->Unit(benchmark::kMicrosecond);

void two_pairings(benchmark::State& state) {
  const Signers& s = signers();
  const PairingPair pair{*s.keys[0].point().affine(), *s.signatures[0].point().affine()};
  for (auto _ : state) benchmark::DoNotOptimize(pairing_product_is_one(std::array{pair, pair}));
}
BENCHMARK(two_pairings)->Unit(benchmark::kMicrosecond);

void field_product(benchmark::State& state) {
  Fp a = g1_generator().x;
  for (auto _ : state) {
    a = a * g1_generator().y;
    benchmark::DoNotOptimize(a);
  }
}
BENCHMARK(field_product);

}  // namespace
}  // namespace walrusfs::bls
