// One storage node: the routes of the storage-node API over a NodeStore. No sockets here: hand() answers a
// call, whoever brings it.
//
// Safe to call from any thread. Not there yet: signing (confirmations answer UNAVAILABLE rather than
// with a made-up signature), uploads ahead of registration (`pending=true` without one answers
// CACHE_SATURATED, as a node with a full buffer does), inconsistency proofs (INVALID_PROOF), shard sync.
#pragma once

#include "base/clock.h"
#include "localnet/committee.h"
#include "localnet/http_types.h"
#include "localnet/ledger.h"
#include "localnet/node_store.h"

namespace walrusfs::localnet {

struct NodeCall;

class StorageNode {
 public:
  // All must outlive the node.
  StorageNode(const Committee& committee, size_t index, NodeStore& store, const BlobRegistry& registry, Clock& clock);

  HttpAnswer answer(HttpCall& call);

 private:
  struct SliverPath {
    BlobId blob;
    PairIndex pair{};
    Axis axis = Axis::kPrimary;
  };

  HttpAnswer answer_blob(HttpCall& call, const std::vector<std::string>& path);
  HttpAnswer answer_metadata(HttpCall& call, const BlobId& blob);
  HttpAnswer answer_sliver(HttpCall& call, const SliverPath& where);
  HttpAnswer get_metadata(const BlobId& blob);
  HttpAnswer put_metadata(HttpCall& call, const BlobId& blob);
  HttpAnswer metadata_status(const BlobId& blob);
  HttpAnswer get_sliver(const SliverPath& where);
  HttpAnswer put_sliver(HttpCall& call, const SliverPath& where);
  HttpAnswer store_sliver(const SliverPath& where, const Bytes& body, bool pending);
  HttpAnswer sliver_status(const SliverPath& where);
  HttpAnswer confirmation(const BlobId& blob, const std::string* object_id);
  HttpAnswer blob_status(const BlobId& blob);
  HttpAnswer decoding_symbols(HttpCall& call, const BlobId& blob);
  HttpAnswer recovery_symbols(HttpCall& call, const BlobId& blob);
  HttpAnswer health(HttpCall& call);

  const CodeShape& shape() const { return committee_.shape(); }

  const Committee& committee_;
  const size_t index_;
  NodeStore& store_;
  const BlobRegistry& registry_;
  Clock& clock_;
  const Deadline::TimePoint started_;
};

}  // namespace walrusfs::localnet
