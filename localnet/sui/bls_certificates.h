// Certificates checked for real: BLS12-381 signatures of the committee's nodes.
#pragma once

#include "localnet/sui/certificates.h"

namespace walrusfs::localnet::sui {

class BlsCertificates final : public CertificateVerifier {
 public:
  bool verify(const walrusfs::sui::BlsCommittee& committee, const std::vector<uint16_t>& signers, ByteView message,
              ByteView signature) const override;
  std::optional<Bytes> sum_of_keys(const std::vector<walrusfs::sui::Element>& keys) const override;
  std::optional<Bytes> proven_key(ByteView key, uint32_t epoch, const walrusfs::sui::Address& operator_address,
                                  ByteView proof) const override;
};

}  // namespace walrusfs::localnet::sui
