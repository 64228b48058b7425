// What there is of one blob in the whole network, as its nodes tell: asked when a node cannot heal the blob, so that it
// knows whether anybody can.
//
// A node tells by a symbol from each of its slivers (decodingSymbols), also from those that it keeps although their
// shards were given away. Answers are not verified: whoever lies makes others try to heal in vain, and is found out by
// proofs then.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "localnet/heal_counts.h"
#include "localnet/membership.h"
#include "localnet/node_directory.h"
#include "localnet/node_store.h"

namespace walrusfs::localnet {

struct SliverCensus {
  SliversLeft left;
  // Those with an owner, of now or before the change that runs, who did not answer.
  size_t silent_shards = 0;
  // Shards of which a node has slivers, by its id.
  std::map<std::string, std::vector<ShardIndex>> holders;
};

// What is asked about; all must outlive the call. `metadata` is null when nobody has it.
struct CensusSubject {
  BlobId blob;
  CodeShape shape;
  const BlobMetadata* metadata;
  NodeStore& own;
};
// Asks `nodes` (without the asker, `self`), four at a time.
SliverCensus take_census(const CensusSubject& subject, const std::vector<std::pair<std::string, NodeClientPtr>>& nodes,
                         const EpochCommittees& committees, const std::string& self);

}  // namespace walrusfs::localnet
