// What a network owes its users: the blobs that were handed in, and who paid for them until when. The simple truth
// that the simulated network is compared with.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"

namespace walrusfs::sim {

// One blob object that was acknowledged as certified.
struct Claim {
  std::string object;
  uint32_t end_epoch = 0;  // exclusive
  bool deletable = false;
  bool deleted = false;
};

enum class Owed {
  kMustBeThere,
  kMayBeThere,  // just gone; readers believe for a while what they saw
  kMustBeGone,  // or was never certified
};

class Model {
 public:
  struct Blob {
    std::string content;
    std::vector<Claim> claims;
    std::optional<Deadline::TimePoint> gone_since;  // the last claim
  };

  // Something was handed in; whether anything came of it is told by claim().
  void handed_in(const BlobId& blob, const std::string& content) { blobs_[blob].content = content; }
  // Of an object that was claimed before: it was extended.
  void claim(const BlobId& blob, Claim claim);
  void deleted(const BlobId& blob, size_t claim, Deadline::TimePoint now);
  void epoch_began(uint32_t epoch, Deadline::TimePoint now);

  uint32_t epoch() const { return epoch_; }
  bool is_live(const Claim& claim) const { return !claim.deleted && claim.end_epoch > epoch_; }
  bool has_live_claim(const Blob& blob) const;
  Owed owed(const BlobId& blob, Deadline::TimePoint now) const;
  const std::map<BlobId, Blob>& blobs() const { return blobs_; }
  Blob& blob(const BlobId& id) { return blobs_.at(id); }

 private:
  std::map<BlobId, Blob> blobs_;
  uint32_t epoch_ = 1;
};

}  // namespace walrusfs::sim
