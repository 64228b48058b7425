// Spreads an encoded blob over the storage nodes, for the publisher.
//
// Slivers are made and sent in batches of bounded size, so that a blob of 256 MiB needs no gigabyte of
// memory. A node that fails is left out for the rest of the blob. Safe to call from any thread.
#pragma once

#include <string>

#include "codec/encoder.h"
#include "localnet/membership.h"
#include "localnet/node_directory.h"

namespace walrusfs::localnet {

struct SpreadOutcome {
  std::shared_ptr<const Committee> committee;  // over which it was spread
  uint32_t weight = 0;         // shards of the nodes that took everything that is theirs
  std::vector<bool> complete;  // which members these are
  std::string failures;        // "node 2: …; node 4: …", empty when none
};

class BlobWriter {
 public:
  // All must outlive the writer.
  BlobWriter(const Membership& membership, const NodeDirectory& nodes, unsigned threads)
      : membership_(membership), nodes_(nodes), threads_(threads) {}

  // The blob is registered; `metadata` is that of `content`. An error only when encoding itself fails;
  // whether the weight is enough is the caller's to judge.
  Result<SpreadOutcome> spread(const BlobId& blob, const BlobMetadata& metadata, ByteView content);
  // The epoch has changed since: what has another owner now, and what could not be handed over, goes to its owner in
  // the committee of the moment.
  Result<SpreadOutcome> spread_again(const BlobId& blob, const BlobMetadata& metadata, ByteView content,
                                     const SpreadOutcome& before);
  // Whether that is due.
  bool outdated(const SpreadOutcome& spread) const { return membership_.committees()->current != spread.committee; }

 private:
  Result<SpreadOutcome> spread_over(const BlobId& blob, const BlobMetadata& metadata, ByteView content,
                                    const SpreadOutcome* before);

  const Membership& membership_;
  const NodeDirectory& nodes_;
  const unsigned threads_;
};

}  // namespace walrusfs::localnet
