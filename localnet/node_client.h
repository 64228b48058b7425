// What aggregator and publisher ask one storage node, over a NodeWire.
//
// Safe to call from any thread. Errors: kNotFound (not stored there), kUnavailable and kTimeout (the
// node does not answer), kCorrupt (it answers nonsense, or what it handed out does not verify), others as
// the node refused. A node that did not answer is not worth asking first for a little while, and one
// that hangs not for half a minute.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "codec/recovery.h"
#include "localnet/node_json.h"
#include "localnet/node_wire.h"

namespace walrusfs::localnet {

class NodeClient {
 public:
  // `clock` must outlive the client.
  NodeClient(std::string name, std::unique_ptr<NodeWire> wire, CodeShape shape, Clock& clock);
  // Over HTTP.
  NodeClient(std::string name, std::string address, uint16_t port, CodeShape shape, Clock& clock);

  // Verified against `blob`.
  Result<BlobMetadata> metadata(const BlobId& blob);
  // Verified against `metadata`.
  Result<Sliver> sliver(const BlobId& blob, const BlobMetadata& metadata, Axis axis, SliverIndex index);
  // Not verified: without proofs they cannot be.
  Result<std::vector<DecodingSymbol>> decoding_symbols(const BlobId& blob, const BlobMetadata& metadata, Axis axis,
                                                       SliverIndex target);
  // The same for several source slivers of that axis at once.
  using SymbolsByTarget = std::map<SliverIndex, std::vector<DecodingSymbol>>;
  Result<SymbolsByTarget> decoding_symbols(const BlobId& blob, const BlobMetadata& metadata, Axis axis,
                                           std::span<const SliverIndex> targets);
  // Single symbols, with proofs of the slivers of `proof_axis`; not verified. Those that the node has not are left out.
  // At most kSymbolsPerRequest, so that the request stays below the 8 KiB that servers take for a line.
  static constexpr size_t kSymbolsPerRequest = 500;
  Result<std::vector<GeneralRecoverySymbol>> recovery_symbols(const BlobId& blob, const BlobMetadata& metadata,
                                                              std::span<const SymbolId> ids, Axis proof_axis);
  Result<StatusAnswer> status(const BlobId& blob);
  // Not verified.
  Result<SignedMessage> confirmation(const BlobId& blob, const Persistence& persistence);
  // What the node says of a proof that the blob is inconsistent. Not verified.
  Result<SignedMessage> inconsistency_verdict(const BlobId& blob, const InconsistencyProof& proof);
  // Slivers of a shard that the node keeps or has just given away, in order of blob IDs; not verified. Empty when there
  // are no more. `max_bytes` bounds the answer.
  using BlobSlivers = std::vector<std::pair<BlobId, Sliver>>;
  Result<BlobSlivers> sync_shard(const SyncShardRequest& request, const bls::SecretKey& key, uint64_t max_bytes);

  Status put_metadata(const BlobId& blob, ByteView bcs);
  Status put_sliver(const BlobId& blob, const Sliver& sliver);

  // True for a little while after the node did not answer, and for longer after it hung.
  bool seems_down() const;
  void close_idle() { wire_->close_idle(); }
  const std::string& name() const { return name_; }

 private:
  // True for half a minute after it took a request and said nothing.
  bool hangs() const;
  // The body of a 2xx answer.
  Result<std::string> get(const std::string& target, uint64_t max_bytes);
  Status put(const std::string& target, ByteView body, Millis patience);
  Result<std::string> post(const std::string& target, HttpHeaderList headers, ByteView body, uint64_t max_bytes);
  Error note(const Error& error);

  const std::string name_;
  const CodeShape shape_;
  Clock& clock_;
  const std::unique_ptr<NodeWire> wire_;
  std::atomic<Deadline::TimePoint::rep> down_until_{0}, hangs_until_{0};  // monotonic
};

}  // namespace walrusfs::localnet
