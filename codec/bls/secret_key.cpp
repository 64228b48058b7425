// Making secret keys, and what is done with them.
#include <algorithm>

#include "base/crypto.h"
#include "codec/bls/bls.h"
#include "codec/bls/message_point.h"

namespace walrusfs::bls {
namespace {

constexpr size_t kSeedBytes = 32, kShaBlockBytes = 64;
constexpr size_t kUniformBytes = 48;  // ceil(3 * 255 / 16): reduced modulo r, the bias is below 2^-128

Bytes padded_key(ByteView key, uint8_t pad) {
  Bytes block(kShaBlockBytes, pad);
  for (size_t i = 0; i < key.size(); ++i) block[i] ^= key[i];
  return block;
}

// RFC 2104, for keys of at most a block.
Digest hmac_sha256(ByteView key, ByteView message) {
  Bytes inner = padded_key(key, 0x36), outer = padded_key(key, 0x5c);
  inner.reserve(inner.size() + message.size());
  append(inner, message);
  outer.reserve(outer.size() + sizeof(Digest));
  append(outer, sha256(inner));
  const Digest out = sha256(outer);
  wipe(inner);
  wipe(outer);
  return out;
}

// HKDF (RFC 5869) of the seed, reduced modulo r.
Scalar derive(ByteView salt, ByteView seed) {
  Bytes material;
  material.reserve(seed.size() + 1);
  append(material, seed);
  material.push_back(0);
  Digest prk = hmac_sha256(salt, material);
  const Bytes info = {0, kUniformBytes};
  Bytes uniform, block;
  uniform.reserve(2 * sizeof(Digest));
  for (uint8_t i = 1; uniform.size() < kUniformBytes; ++i) {
    append(block, info);
    block.push_back(i);
    Digest next = hmac_sha256(prk, block);
    wipe(block);
    block = to_bytes(next);
    append(uniform, next);
    wipe(next);
  }
  const Scalar out = Scalar::reduce(ByteView(uniform).first(kUniformBytes));
  wipe(material);
  wipe(prk);
  wipe(block);
  wipe(uniform);
  return out;
}

template <typename Field>
void wipe_point(Point<Field>& point) {
  wipe({reinterpret_cast<uint8_t*>(&point), sizeof point});
}

}  // namespace

Result<SecretKey> SecretKey::from_seed(ByteView seed) {
  if (seed.size() < kSeedBytes) return Error(Code::kInvalidArgument, "the seed of a key has at least 32 bytes");
  Digest salt = sha256(as_bytes("BLS-SIG-KEYGEN-SALT-"));
  Scalar scalar = derive(salt, seed);
  while (scalar.is_zero()) {  // never seen, but the standard says so
    salt = sha256(salt);
    scalar = derive(salt, seed);
  }
  return SecretKey(scalar);
}

SecretKey SecretKey::generate(Rng& rng) {
  std::array<uint8_t, kSeedBytes> seed{};
  rng.fill(seed);
  SecretKey key = from_seed(seed).value();
  wipe(seed);
  return key;
}

Result<SecretKey> SecretKey::parse(ByteView bytes) {
  const Error refused(Code::kInvalidArgument, "not a secret key of BLS12-381: 32 bytes, above 0 and below the order");
  if (bytes.size() != kSecretKeyBytes) return refused;
  const auto scalar = Scalar::parse(bytes.first<kSecretKeyBytes>());
  if (!scalar || scalar->is_zero()) return refused;
  return SecretKey(*scalar);
}

std::array<uint8_t, kSecretKeyBytes> SecretKey::to_bytes() const {
  std::array<uint8_t, kSecretKeyBytes> out{};
  scalar_.write(out);
  return out;
}

// The coordinates before normalising depend on the key, not only on the point.
PublicKey SecretKey::public_key() const {
  G1 product = G1::from(g1_generator()).times(scalar_);
  const PublicKey key(product);
  wipe_point(product);
  return key;
}

Signature SecretKey::sign(ByteView message) const {
  G2 product = times_in_subgroup(G2::from(message_point(message).value()), scalar_);
  const Signature signature(product);
  wipe_point(product);
  return signature;
}

}  // namespace walrusfs::bls
