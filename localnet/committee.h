// Who keeps which shard: fixed when the network is made, the same after every restart.
//
// Immutable after construction; safe to share between threads.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/rng.h"
#include "codec/certificate.h"
#include "codec/shape.h"

namespace walrusfs::localnet {

struct Member {
  std::string id;  // object id, "0x" and 64 hex digits
  std::vector<ShardIndex> shards;
  std::optional<bls::PublicKey> key;  // of the protocol; nothing until the node is registered
};

// As many as the contract lets into its active set.
constexpr uint32_t kMostNodes = 111;

Error too_many_nodes(uint64_t nodes);

class Committee {
 public:
  // Every shard of `shape` has exactly one owner.
  Committee(CodeShape shape, std::vector<Member> members);
  // Shards are dealt out in contiguous runs whose lengths differ by at most one. kInvalidArgument
  // unless 1 <= nodes <= shards and `shards` makes a code.
  static Result<Committee> create(uint32_t shards, uint32_t nodes, Rng& rng);
  // kCorrupt when `text` is no committee.
  static Result<Committee> from_json(const std::string& text);
  std::string to_json() const;

  const CodeShape& shape() const { return shape_; }
  const std::vector<Member>& members() const { return members_; }
  // Keys and weights in the same order; empty until all nodes are registered.
  const std::vector<Signer>& signers() const { return signers_; }
  size_t owner(ShardIndex shard) const { return owners_[raw(shard)]; }
  const Member& owner_of(ShardIndex shard) const { return members_[owner(shard)]; }
  // Null for a node that is no member.
  const Member* find(const std::string& id) const;
  // The member's place in the chain's committee, which is sorted by id: its bit in a certificate.
  uint16_t chain_index(size_t member) const { return chain_indices_[member]; }

  // Shards that must hold for a blob to count as stored (2f + 1 when n = 3f + 1), and those that
  // surely include one honest node.
  uint32_t quorum_weight() const { return uint32_t{shape_.n()} - shape_.f(); }
  uint32_t validity_weight() const { return uint32_t{shape_.f()} + 1; }

 private:
  CodeShape shape_;
  std::vector<Member> members_;
  std::vector<size_t> owners_;  // by shard
  std::vector<Signer> signers_;
  std::vector<uint16_t> chain_indices_;  // by member
};

// The committee of the network in `folder`, made and written there when there is none yet.
// kInvalidArgument when the folder has one of another size.
Result<Committee> load_or_create_committee(Files& files, Rng& rng, const std::string& folder, uint32_t shards,
                                           uint32_t nodes);
Status save_committee(Files& files, const std::string& folder, const Committee& committee);

// "0x" and 64 random hex digits: the form of object ids and addresses on chain.
std::string random_object_id(Rng& rng);
// Whether `text` has that form; shorter ones (leading zeros dropped) are brought to it.
std::optional<std::string> normalise_object_id(std::string_view text);

}  // namespace walrusfs::localnet
