// Whether the nodes have signed, and what their keys are: all that the ledger needs of BLS12-381.
#pragma once

#include <optional>
#include <vector>

#include "client/sui/objects.h"

namespace walrusfs::localnet::sui {

class CertificateVerifier {
 public:
  virtual ~CertificateVerifier() = default;
  // Whether `signature` is the sum of the signatures of `message` by these members of the committee.
  virtual bool verify(const walrusfs::sui::BlsCommittee& committee, const std::vector<uint16_t>& signers,
                      ByteView message, ByteView signature) const = 0;
  // The sum of keys of 96 bytes, compressed to 48; nothing for none at all, and when one is no key.
  virtual std::optional<Bytes> sum_of_keys(const std::vector<walrusfs::sui::Element>& keys) const = 0;
  // The key (48 bytes) in its form of 96 bytes; nothing unless `proof` shows that `operator_address` possessed it in
  // that epoch.
  virtual std::optional<Bytes> proven_key(ByteView key, uint32_t epoch, const walrusfs::sui::Address& operator_address,
                                          ByteView proof) const = 0;
};

}  // namespace walrusfs::localnet::sui
