#include "localnet/sui/bls_certificates.h"

#include "codec/bls/bls.h"
#include "codec/signed_messages.h"

namespace walrusfs::localnet::sui {

bool BlsCertificates::verify(const walrusfs::sui::BlsCommittee& committee, const std::vector<uint16_t>& signers,
                             ByteView message, ByteView signature) const {
  if (signature.size() != bls::kSignatureBytes) return false;
  const auto aggregate = bls::Signature::parse(signature);
  if (!aggregate) return false;
  std::vector<bls::PublicKey> keys;
  for (const uint16_t signer : signers) {
    auto key = bls::PublicKey::parse(committee.members[signer].public_key.bytes);
    if (!key) return false;
    keys.push_back(std::move(*key));
  }
  return bls::verify_aggregate(keys, message, *aggregate);
}

std::optional<Bytes> BlsCertificates::sum_of_keys(const std::vector<walrusfs::sui::Element>& keys) const {
  std::vector<bls::PublicKey> parsed;
  for (const auto& key : keys) {
    auto point = bls::PublicKey::parse(key.bytes);
    if (!point) return std::nullopt;
    parsed.push_back(std::move(*point));
  }
  const auto sum = bls::aggregate(parsed);
  if (!sum) return std::nullopt;
  const auto bytes = sum->to_bytes();
  return Bytes(bytes.begin(), bytes.end());
}

std::optional<Bytes> BlsCertificates::proven_key(ByteView key, uint32_t epoch,
                                                 const walrusfs::sui::Address& operator_address, ByteView proof) const {
  const auto parsed = bls::PublicKey::parse(key);
  if (!parsed || proof.size() != bls::kSignatureBytes) return std::nullopt;
  const auto signature = bls::Signature::parse(proof);
  if (!signature || !verify_possession(*parsed, epoch, operator_address.bytes, *signature)) return std::nullopt;
  const auto bytes = parsed->to_uncompressed_bytes();
  return Bytes(bytes.begin(), bytes.end());
}

}  // namespace walrusfs::localnet::sui
