// Collects symbols from which missing slivers of one blob and one axis are rebuilt: the node's own first, then those of
// other nodes. When a rebuilt sliver does not verify, it finds out by proofs who lied, or that the blob itself is
// inconsistent.
//
// Used by one thread; talks to several nodes at once. It believes nobody: what it hands out has been verified.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "codec/recovery.h"
#include "localnet/heal_plan.h"
#include "localnet/node_directory.h"
#include "localnet/node_store.h"

namespace walrusfs::localnet {

// Another node, and what it should have.
struct Peer {
  std::string id;
  NodeClientPtr client;
  std::vector<ShardIndex> shards;
};

class SymbolGatherer {
 public:
  // `metadata` is verified; all must outlive it.
  SymbolGatherer(const BlobId& blob, const BlobMetadata& metadata, const HealBatch& batch, NodeStore& store);

  // Until every target has enough symbols or nobody is left to ask. May be called again with others.
  void gather(const std::vector<Peer>& peers);

  // The sliver of batch.targets[target]. kUnavailable when symbols are missing, kCorrupt when it does not verify.
  Result<Sliver> rebuild(size_t target) const;

  // After kCorrupt: fetches the proofs of all symbols of that sliver and replaces those of liars, whom it names. The
  // sliver; or the proof that there is none; or neither when symbols are missing.
  SliverRebuild rebuild_with_proofs(size_t target, const std::vector<Peer>& peers);
  // Nodes that handed out a symbol which is not what the metadata commits to.
  const std::set<std::string>& liars() const { return liars_; }
  // Forgets what liars handed out without proof.
  void drop_symbols_of_liars();

 private:
  struct Given {
    DecodingSymbol symbol;
    std::string giver;  // empty: this node
    bool proven = false;
  };
  using Bag = std::map<SliverIndex, Given>;  // by the sliver that the symbol was cut from

  // One request: for symbols of all targets cut out of `sources`, or of everything that the peer has.
  struct Ask {
    const Peer* peer;
    bool everything;
    std::vector<SliverIndex> sources;
  };
  void add_own(NodeStore& store);
  void add(size_t target, Given given);
  size_t most_missing() const;
  std::vector<Ask> plan_round(const std::vector<Peer>& peers);
  Ask ask_for(const Peer& peer, size_t still_missing);
  void carry_out(const Ask& ask);
  void fetch_everything(const Peer& peer);
  void fetch_with_proofs(const Peer& peer, const std::vector<SliverIndex>& sources);
  std::vector<SliverIndex> sources_of(const Peer& peer) const;
  // Recovery symbols of one target, verified; a peer that sends others is a liar.
  std::vector<RecoverySymbol> proofs_from(const Peer& peer, SliverIndex target,
                                          const std::vector<SliverIndex>& sources);
  std::vector<RecoverySymbol> own_proofs(SliverIndex target);
  std::vector<SliverIndex> given_by(const Peer& peer, size_t target) const;
  void compare(size_t target, const RecoverySymbol& proven);
  void accuse(const Peer& peer);

  const BlobId blob_;
  const BlobMetadata& metadata_;
  const CodeShape shape_;
  const HealBatch batch_;
  const size_t wanted_;  // symbols per target
  NodeStore& store_;
  std::map<std::string, std::set<SliverIndex>> asked_;  // what a node was asked for already

  mutable Mutex mutex_;
  std::vector<Bag> bags_ GUARDED_BY(mutex_);  // by target
  std::set<std::string> liars_;               // changed under mutex_ while several nodes are asked
};

}  // namespace walrusfs::localnet
