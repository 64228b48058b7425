#include "codec/bls/bls.h"

#include "codec/bls/message_point.h"
#include "codec/bls/pairing.h"

namespace walrusfs::bls {
namespace {

template <typename Value>
Result<Value> sum(std::span<const Value> values, const char* what) {
  if (values.empty()) return Error(Code::kInvalidArgument, std::string("there is no ") + what + " to aggregate");
  auto total = values[0].point();
  for (const Value& value : values.subspan(1)) total = total + value.point();
  return Value(total);
}

}  // namespace

Result<Signature> Signature::parse(ByteView bytes) {
  WFS_ASSIGN(auto point, parse_g2(bytes));
  return Signature(point);
}

Result<PublicKey> PublicKey::parse(ByteView bytes) {
  WFS_ASSIGN(auto point, parse_g1(bytes));
  return PublicKey(point);
}

// e(key, H(m)) = e(generator, signature), as one product.
bool verify(const PublicKey& key, ByteView message, const Signature& signature) {
  if (!in_subgroup(signature.point())) return false;
  const auto hash = message_point(message);
  if (!key.affine() || !signature.affine() || !hash) return false;
  const AffineG1 minus_generator = {g1_generator().x, -g1_generator().y};
  const PairingPair ours{minus_generator, *signature.affine()}, theirs{*key.affine(), *hash};
  return pairing_product_is_one(std::array{ours, theirs});
}

bool verify_aggregate(std::span<const PublicKey> keys, ByteView message, const Signature& aggregated) {
  const auto key = aggregate(keys);
  return key && verify(*key, message, aggregated);
}

Result<Signature> aggregate(std::span<const Signature> signatures) { return sum(signatures, "signature"); }
Result<PublicKey> aggregate(std::span<const PublicKey> keys) { return sum(keys, "public key"); }

PublicKey without(const PublicKey& total, std::span<const PublicKey> absent) {
  G1 rest = total.point();
  for (const PublicKey& key : absent) rest = rest - key.point();
  return PublicKey(rest);
}

}  // namespace walrusfs::bls
