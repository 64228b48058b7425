// Certificates checked for real: BLS12-381 signatures of the committee's nodes.
#pragma once

#include "localnet/sui/certificates.h"

namespace walrusfs::localnet::sui {

class BlsCertificates final : public CertificateVerifier {
 public:
  bool verify(const walrusfs::sui::BlsCommittee& committee, const std::vector<uint16_t>& signers, ByteView message,
              ByteView signature) const override;
};

}  // namespace walrusfs::localnet::sui
