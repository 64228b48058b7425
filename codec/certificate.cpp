#include "codec/certificate.h"

#include <algorithm>

namespace walrusfs {
namespace {

Error refused(const std::string& why) { return Error(Code::kInvalidArgument, "the certificate is not valid: " + why); }

std::string too_light(uint32_t weight, uint32_t quorum_weight) {
  return "its signers have " + std::to_string(weight) + " shards, " + std::to_string(quorum_weight) + " are needed";
}

bool are_members(std::span<const uint16_t> signers, size_t members) {
  const bool ascending = std::adjacent_find(signers.begin(), signers.end(), std::greater_equal<>()) == signers.end();
  return ascending && (signers.empty() || signers.back() < members);
}

}  // namespace

uint32_t Certificate::weight(std::span<const Signer> committee) const {
  uint32_t sum = 0;
  for (uint16_t signer : signers) sum += committee[signer].weight;
  return sum;
}

Bytes signers_to_bitmap(std::span<const uint16_t> signers, size_t members) {
  Bytes bitmap((members + 7) / 8);
  for (uint16_t signer : signers) {
    WFS_CHECK(signer < members);
    bitmap[signer / 8] |= static_cast<uint8_t>(1 << signer % 8);
  }
  return bitmap;
}

Result<std::vector<uint16_t>> signers_from_bitmap(ByteView bitmap, size_t members) {
  if (bitmap.size() > (members + 7) / 8) return refused("its bitmap is longer than the committee");
  std::vector<uint16_t> signers;
  for (size_t i = 0; i < bitmap.size() * 8; ++i) {
    if (!(bitmap[i / 8] >> i % 8 & 1)) continue;
    if (i >= members) return refused("its bitmap names a member that does not exist");
    signers.push_back(static_cast<uint16_t>(i));
  }
  return signers;
}

Status CertificateBuilder::add(size_t member, ByteView message, ByteView signature) {
  WFS_CHECK(member < committee_.size());
  if (!equal(message, message_)) return Error(Code::kCorrupt, "the signed message is not the one asked for");
  WFS_ASSIGN(bls::Signature parsed, bls::Signature::parse(signature));
  if (!bls::verify(committee_[member].key, message_, parsed))
    return Error(Code::kCorrupt, "the signature is not that of the node's key");
  count(member, parsed);
  return {};
}

void CertificateBuilder::count(size_t member, const bls::Signature& signature) {
  if (signatures_[member]) return;
  signatures_[member] = signature;
  weight_ += committee_[member].weight;
}

Status CertificateBuilder::note(size_t member, ByteView message, ByteView signature) {
  WFS_CHECK(member < committee_.size());
  if (!equal(message, message_)) return Error(Code::kCorrupt, "the signed message is not the one asked for");
  WFS_ASSIGN(bls::Signature parsed, bls::Signature::parse(signature));
  auto is_of_member = [&](const auto& other) { return other.first == member; };
  const bool known = signatures_[member] || std::any_of(noted_.begin(), noted_.end(), is_of_member);
  if (!known) noted_.emplace_back(member, parsed);
  return {};
}

// Each of them may be wrong and the sum right; then the certificate is right, which is all that is asked of it.
bool CertificateBuilder::sum_holds(std::span<const std::pair<size_t, bls::Signature>> noted) const {
  std::vector<bls::PublicKey> keys;
  std::vector<bls::Signature> signatures;
  for (const auto& [member, signature] : noted) {
    keys.push_back(committee_[member].key);
    signatures.push_back(signature);
  }
  const auto sum = bls::aggregate(signatures);
  return sum && bls::verify_aggregate(keys, message_, *sum);
}

std::vector<size_t> CertificateBuilder::settle() {
  const auto noted = std::exchange(noted_, {});
  const bool all_hold = noted.size() > 1 && sum_holds(noted);
  std::vector<size_t> false_ones;
  for (const auto& [member, signature] : noted) {
    if (all_hold || bls::verify(committee_[member].key, message_, signature)) {
      count(member, signature);
    } else {
      false_ones.push_back(member);
    }
  }
  return false_ones;
}

Result<Certificate> CertificateBuilder::build(uint32_t quorum_weight) const {
  if (weight_ < quorum_weight) return Error(Code::kUnavailable, too_light(weight_, quorum_weight));
  std::vector<uint16_t> signers;
  std::vector<bls::Signature> signatures;
  for (size_t i = 0; i < signatures_.size(); ++i) {
    if (!signatures_[i]) continue;
    signers.push_back(static_cast<uint16_t>(i));
    signatures.push_back(*signatures_[i]);
  }
  WFS_ASSIGN(bls::Signature all, bls::aggregate(signatures));
  return Certificate{std::move(signers), message_, all};
}

Status verify_certificate(std::span<const Signer> committee, uint32_t quorum_weight, const Certificate& certificate) {
  if (!are_members(certificate.signers, committee.size())) return refused("its signers are not members, in order");
  const uint32_t weight = certificate.weight(committee);
  if (weight < quorum_weight || certificate.signers.empty()) return refused(too_light(weight, quorum_weight));
  std::vector<bls::PublicKey> all, absent;
  for (size_t i = 0; i < committee.size(); ++i) {
    all.push_back(committee[i].key);
    if (!std::binary_search(certificate.signers.begin(), certificate.signers.end(), i)) absent.push_back(all.back());
  }
  WFS_ASSIGN(bls::PublicKey total, bls::aggregate(all));
  if (!bls::verify(bls::without(total, absent), certificate.message, certificate.signature))
    return refused("its signature is not that of its signers");
  return {};
}

}  // namespace walrusfs
