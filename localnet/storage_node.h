// One storage node: the routes of the storage-node API over a NodeStore. No sockets here: answer() takes a
// call, whoever brings it.
//
// Safe to call from any thread.
#pragma once

#include "base/clock.h"
#include "codec/signed_messages.h"
#include "localnet/gate.h"
#include "localnet/http_types.h"
#include "localnet/ledger.h"
#include "localnet/membership.h"
#include "localnet/node_store.h"
#include "localnet/pending_buffer.h"

namespace walrusfs::localnet {

// The shards of node `id` in the present epoch, and those that it gave away when the epoch began.
ShardSet shards_of(const std::string& id, const EpochCommittees& committees);

// Of symbols in one answer; what is beyond has to be asked for again.
constexpr uint64_t kSymbolsAnswerBytes = 64 << 20;

// Requests for recovery symbols at work at a time, each of which may expand and hash many slivers; the next one is
// UNAVAILABLE. Fewer than the threads of a node's server, so that there is always one for other requests.
constexpr size_t kRecoveryRequestsAtATime = 100;

class StorageNode {
 public:
  // All must outlive the node; `id` is its name in committees, `key` is what it signs with.
  StorageNode(const Membership& membership, std::string id, NodeStore& store, const BlobRegistry& registry,
              Clock& clock, const bls::SecretKey& key);

  HttpAnswer answer(HttpCall& call);
  // Takes over what the committees say now; every answer begins with it.
  void follow();
  // Those who gained shards in this epoch have them: what was given away is not served any more.
  void let_go();

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
  HttpAnswer store_metadata(const BlobId& blob, const Bytes& body, bool pending);
  HttpAnswer metadata_status(const BlobId& blob);
  HttpAnswer get_sliver(const SliverPath& where);
  HttpAnswer put_sliver(HttpCall& call, const SliverPath& where);
  // The body, or the refusal.
  std::variant<Bytes, HttpAnswer> read_sliver(HttpCall& call, const SliverPath& where);
  std::shared_ptr<const BlobMetadata> known_metadata(const BlobId& blob);
  HttpAnswer store_sliver(const SliverPath& where, const Bytes& body, bool pending);
  HttpAnswer buffer_sliver(const SliverPath& where, ByteView body, const BlobMetadata& metadata, bool pending);
  Result<Sliver> verified_sliver(const SliverPath& where, ByteView body, const BlobMetadata& metadata) const;
  HttpAnswer sliver_status(const SliverPath& where);
  HttpAnswer confirmation(HttpCall& call, const BlobId& blob, const std::string* object_id);
  HttpAnswer confirm(const BlobId& blob, const Persistence& persistence);
  HttpAnswer inconsistency_proof(HttpCall& call, const BlobId& blob, Axis axis);
  HttpAnswer blob_status(const BlobId& blob);
  HttpAnswer decoding_symbols(HttpCall& call, const BlobId& blob);
  HttpAnswer recovery_symbols(HttpCall& call, const BlobId& blob);
  HttpAnswer admitted_recovery_symbols(HttpCall& call, const BlobId& blob);
  HttpAnswer sync_shard(HttpCall& call);
  Bytes slivers_of_shard(const SyncShardRequest& request);
  HttpAnswer health(HttpCall& call);

  // Stores what came ahead of a registration that has been seen by now. Every request about a blob begins with it,
  // which stands for the event that tells a real node.
  void settle(const BlobId& blob);
  Status store_pending(const BlobId& blob, const BlobMetadata& metadata);

  const CodeShape& shape() const { return shape_; }

  const Membership& membership_;
  const CodeShape shape_;
  const std::string id_;
  NodeStore& store_;
  const BlobRegistry& registry_;
  Clock& clock_;
  const bls::SecretKey& key_;
  const bls::PublicKey public_key_;
  const Deadline::TimePoint started_;
  PendingBuffer pending_;
  Gate recovering_{kRecoveryRequestsAtATime, 0};  // nobody waits
  Mutex follow_mutex_;
  std::shared_ptr<const EpochCommittees> followed_ GUARDED_BY(follow_mutex_);
  uint32_t let_go_in_ GUARDED_BY(follow_mutex_) = 0;  // epoch
  Mutex settle_mutex_;  // one blob is moved out of the buffer at a time
};

}  // namespace walrusfs::localnet
