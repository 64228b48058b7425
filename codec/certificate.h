// Certificates: the confirmations of many storage nodes made into one signature that the chain accepts.
// Storage-node API, sections 6.2 and 6.3. Pure reckoning: no network, no clock.
#pragma once

#include <span>
#include <vector>

#include "codec/bls/bls.h"

namespace walrusfs {

// Shards that must stand behind a statement, out of n. For n = 3f + 1 chain and official client agree.
constexpr uint32_t chain_quorum_weight(uint32_t n) { return (2 * n + 3) / 3; }   // 3 w >= 2 n + 1
constexpr uint32_t chain_one_correct_weight(uint32_t n) { return (n + 3) / 3; }  // 3 w >= n + 1
constexpr uint32_t client_quorum_weight(uint32_t n) { return 2 * ((n - 1) / 3) + 1; }
constexpr uint32_t client_validity_weight(uint32_t n) { return (n - 1) / 3 + 1; }

// A member of the committee that signs; its place in the list is its number in bitmaps.
struct Signer {
  bls::PublicKey key;   // its owner has proved to possess it
  uint32_t weight = 0;  // shards
};

struct Certificate {
  std::vector<uint16_t> signers;  // ascending
  Bytes message;
  bls::Signature signature;

  uint32_t weight(std::span<const Signer> committee) const;
  bool operator==(const Certificate&) const = default;
};

// Bit i % 8 of byte i / 8 for member i; one bit per member of the committee, rounded up to bytes.
Bytes signers_to_bitmap(std::span<const uint16_t> signers, size_t members);
// A shorter bitmap means that the rest did not sign. kInvalidArgument for a longer one, or a bit past the last member.
Result<std::vector<uint16_t>> signers_from_bitmap(ByteView bitmap, size_t members);

// Collects confirmations of one message. Not safe to share between threads.
class CertificateBuilder {
 public:
  // `committee` must outlive the builder.
  CertificateBuilder(std::span<const Signer> committee, Bytes message)
      : committee_(committee), message_(std::move(message)), signatures_(committee.size()) {}

  // kCorrupt unless `message` is the one wanted, and `signature` is that of `member` on it. A member that
  // is added twice counts once.
  Status add(size_t member, ByteView message, ByteView signature);
  // The same in two steps, which cost one verification for all instead of one for each: what is noted does not count
  // until settle() has verified the sum of it, or, when that does not hold, one by one. Answers with the members whose
  // signature was not theirs.
  Status note(size_t member, ByteView message, ByteView signature);
  std::vector<size_t> settle();
  uint32_t weight() const { return weight_; }
  // kUnavailable below `quorum_weight`.
  Result<Certificate> build(uint32_t quorum_weight) const;

 private:
  const std::span<const Signer> committee_;
  const Bytes message_;
  void count(size_t member, const bls::Signature& signature);
  bool sum_holds(std::span<const std::pair<size_t, bls::Signature>> noted) const;

  std::vector<std::optional<bls::Signature>> signatures_;  // by member
  std::vector<std::pair<size_t, bls::Signature>> noted_;
  uint32_t weight_ = 0;
};

// The chain's check: the sum of all keys without those that did not sign verifies the signature, and the signers have
// `quorum_weight`. kInvalidArgument with the reason otherwise. What the message says is for the caller to read.
Status verify_certificate(std::span<const Signer> committee, uint32_t quorum_weight, const Certificate& certificate);

}  // namespace walrusfs
