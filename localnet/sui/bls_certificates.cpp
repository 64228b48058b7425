#include "localnet/sui/bls_certificates.h"

#include "codec/bls/bls.h"

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

}  // namespace walrusfs::localnet::sui
