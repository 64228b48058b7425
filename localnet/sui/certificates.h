// Whether the nodes have signed: the one thing that the ledger needs of BLS12-381.
#pragma once

#include <vector>

#include "client/sui/objects.h"

namespace walrusfs::localnet::sui {

class CertificateVerifier {
 public:
  virtual ~CertificateVerifier() = default;
  // Whether `signature` is the sum of the signatures of `message` by these members of the committee.
  virtual bool verify(const walrusfs::sui::BlsCommittee& committee, const std::vector<uint16_t>& signers,
                      ByteView message, ByteView signature) const = 0;
};

}  // namespace walrusfs::localnet::sui
