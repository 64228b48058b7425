// A full node as somebody sees it who may lag behind: all reads are of one moment, now or past. What is executed is
// executed now.
//
// A value; the node must outlive it. Safe to call from any thread, errors as those of FullNode.
#pragma once

#include "localnet/sui/full_node.h"

namespace walrusfs::localnet::sui {

class NodeView {
 public:
  // Of now.
  NodeView(FullNode& node) : node_(node) {}  // NOLINT: a node is its own view
  // As it was so long ago.
  NodeView(FullNode& node, Millis behind) : node_(node), behind_(behind) {
    if (behind > Millis(0)) as_of_ = node.checkpoint_behind(behind);
  }

  Network network() const { return node_.network(); }
  uint64_t height() const { return as_of_.value_or(node_.height()); }
  uint64_t now_ms() const { return node_.now_ms() - static_cast<uint64_t>(behind_.count()); }

  std::optional<Object> object(const ObjectId& id) const { return node_.object(id, as_of_); }
  std::vector<Object> owned_by(const Address& owner, const std::optional<TypeTag>& type,
                               const std::optional<ObjectId>& after, size_t limit) const {
    return node_.owned_by(owner, type, after, limit, as_of_);
  }
  CoinTotal balance(const Address& owner, const TypeTag& coin_type) const {
    return node_.balance(owner, coin_type, as_of_);
  }
  std::optional<Record> transaction(const SuiDigest& digest) const {
    auto record = node_.transaction(digest);
    if (record && record->checkpoint > height()) return std::nullopt;
    return record;
  }
  Result<Execution> simulate(const TransactionData& data, Checks checks = Checks::kOn) const {
    return node_.simulate(data, checks, as_of_);
  }
  Result<Record> execute(ByteView bytes, const std::vector<Bytes>& signatures) {
    return node_.execute(bytes, signatures);
  }

 private:
  FullNode& node_;
  Millis behind_{0};
  std::optional<uint64_t> as_of_;  // a checkpoint
};

}  // namespace walrusfs::localnet::sui
