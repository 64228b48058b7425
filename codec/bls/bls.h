// BLS signatures as Walrus uses them: curve BLS12-381, public keys in G1 (48 bytes), signatures in G2 (96 bytes),
// messages hashed with the tag of the basic scheme. Signatures of one message by many keys add up to one
// signature, which is checked against the sum of the keys; whoever sums keys must have seen that their owners
// possess them (codec/signed_messages.h), or one of them can forge for all.
//
// Values; safe to use from any thread. Only SecretKey touches secrets: its operations take the same time whatever
// the key is, and it wipes what it held. Byte forms: point_bytes.h.
#pragma once

#include <span>

#include "base/rng.h"
#include "codec/bls/point_bytes.h"

namespace walrusfs::bls {

constexpr size_t kSecretKeyBytes = kScalarBytes, kPublicKeyBytes = kG1Bytes, kSignatureBytes = kG2Bytes;

class Signature {
 public:
  // A point of the curve; verify() finds out whether it is of the right order. kCorrupt otherwise.
  static Result<Signature> parse(ByteView bytes);
  explicit Signature(const G2& point) : affine_(point.affine()) {}

  std::array<uint8_t, kSignatureBytes> to_bytes() const { return g2_to_bytes(affine_); }
  G2 point() const { return affine_ ? G2::from(*affine_) : G2::infinity(); }
  const std::optional<AffineG2>& affine() const { return affine_; }  // nothing for infinity
  bool operator==(const Signature&) const = default;

 private:
  explicit Signature(const std::optional<AffineG2>& affine) : affine_(affine) {}
  std::optional<AffineG2> affine_;
};

class PublicKey {
 public:
  // Compressed (48 bytes) or uncompressed (96 bytes, as the chain has them). kCorrupt unless it is a point of
  // the curve; is_valid() tells the rest.
  static Result<PublicKey> parse(ByteView bytes);
  explicit PublicKey(const G1& point) : affine_(point.affine()) {}

  // Not infinity, and in the subgroup. To be asked once of a key that nobody has vouched for.
  bool is_valid() const { return affine_ && in_subgroup(point()); }

  std::array<uint8_t, kPublicKeyBytes> to_bytes() const { return g1_to_bytes(affine_); }
  // All zeros for infinity, which has no such form.
  std::array<uint8_t, kG1UncompressedBytes> to_uncompressed_bytes() const { return g1_to_uncompressed_bytes(affine_); }
  G1 point() const { return affine_ ? G1::from(*affine_) : G1::infinity(); }
  const std::optional<AffineG1>& affine() const { return affine_; }  // nothing for infinity
  bool operator==(const PublicKey&) const = default;

 private:
  explicit PublicKey(const std::optional<AffineG1>& affine) : affine_(affine) {}
  std::optional<AffineG1> affine_;
};

class SecretKey {
 public:
  static SecretKey generate(Rng& rng);
  // KeyGen of draft-irtf-cfrg-bls-signature (section 2.3) without key information. kInvalidArgument for
  // fewer than 32 bytes of seed.
  static Result<SecretKey> from_seed(ByteView seed);
  // Big-endian. kInvalidArgument unless it has 32 bytes and 0 < key < r.
  static Result<SecretKey> parse(ByteView bytes);

  // For the caller to keep safe and to wipe.
  std::array<uint8_t, kSecretKeyBytes> to_bytes() const;
  PublicKey public_key() const;
  Signature sign(ByteView message) const;

 private:
  explicit SecretKey(const Scalar& scalar) : scalar_(scalar) {}
  Scalar scalar_;  // wipes itself
};

// False for a key or signature at infinity and for a signature outside the subgroup. The key itself is not
// checked for its subgroup: whoever registered it did.
bool verify(const PublicKey& key, ByteView message, const Signature& signature);
// The same for the sum of the keys of all who signed this message. False for no keys.
bool verify_aggregate(std::span<const PublicKey> keys, ByteView message, const Signature& aggregate);

// Sums. kInvalidArgument for nothing. Nothing is verified.
Result<Signature> aggregate(std::span<const Signature> signatures);
Result<PublicKey> aggregate(std::span<const PublicKey> keys);
// The sum of a committee's keys without some of its members, as the chain reckons.
PublicKey without(const PublicKey& total, std::span<const PublicKey> absent);

}  // namespace walrusfs::bls
