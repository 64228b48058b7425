// Certificates made by hand.
#pragma once

#include <numeric>

#include "codec/certificate.h"
#include "codec/signed_messages.h"
#include "localnet/ledger.h"

namespace walrusfs::localnet {

inline StorageConfirmation confirmation_for(const BlobObject& object, uint32_t epoch) {
  StorageConfirmation out{epoch, object.blob, {}};
  if (object.deletable) out.persistence.deletable = parse_object_id(object.id).value();
  return out;
}

// Signed by the first keys.size() of `members` members (0: as many as there are keys).
inline BlobCertificate certificate_of(const Bytes& message, const std::vector<bls::SecretKey>& keys,
                                      size_t members = 0) {
  std::vector<bls::Signature> signatures;
  for (const bls::SecretKey& key : keys) signatures.push_back(key.sign(message));
  std::vector<uint16_t> signers(keys.size());
  std::iota(signers.begin(), signers.end(), uint16_t{0});
  return {message, signers_to_bitmap(signers, members == 0 ? keys.size() : members),
          to_bytes(bls::aggregate(signatures).value().to_bytes())};
}

inline BlobCertificate certificate_for(const BlobObject& object, uint32_t epoch,
                                       const std::vector<bls::SecretKey>& keys) {
  return certificate_of(confirmation_for(object, epoch).to_bytes(), keys);
}

}  // namespace walrusfs::localnet
