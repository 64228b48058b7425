#include "model.h"

#include <algorithm>

namespace walrusfs::sim {
namespace {

constexpr Millis kBelieveFor{10'000};  // as docs/localnet.md tells of the aggregator

}  // namespace

bool Model::has_live_claim(const Blob& blob) const {
  return std::any_of(blob.claims.begin(), blob.claims.end(), [&](const Claim& claim) { return is_live(claim); });
}

void Model::claim(const BlobId& blob, Claim claim) {
  auto& claims = blobs_[blob].claims;
  const auto known = std::find_if(claims.begin(), claims.end(),
                                  [&](const Claim& other) { return other.object == claim.object; });
  if (known == claims.end()) {
    claims.push_back(std::move(claim));
  } else {
    *known = std::move(claim);
  }
}

void Model::deleted(const BlobId& id, size_t claim, Deadline::TimePoint now) {
  Blob& blob = blobs_.at(id);
  blob.claims[claim].deleted = true;
  if (!has_live_claim(blob)) blob.gone_since = now;
}

void Model::epoch_began(uint32_t epoch, Deadline::TimePoint now) {
  std::vector<Blob*> lived;
  for (auto& [id, blob] : blobs_)
    if (has_live_claim(blob)) lived.push_back(&blob);
  epoch_ = epoch;
  for (Blob* blob : lived)
    if (!has_live_claim(*blob)) blob->gone_since = now;
}

Owed Model::owed(const BlobId& id, Deadline::TimePoint now) const {
  const Blob& blob = blobs_.at(id);
  if (has_live_claim(blob)) return Owed::kMustBeThere;
  const bool just_gone = blob.gone_since && now < *blob.gone_since + kBelieveFor;
  return just_gone ? Owed::kMayBeThere : Owed::kMustBeGone;
}

}  // namespace walrusfs::sim
