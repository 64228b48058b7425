#include "localnet/blob_writer.h"

#include <algorithm>
#include <vector>

#include "base/mutex.h"
#include "localnet/parallel.h"

namespace walrusfs::localnet {
namespace {

constexpr uint64_t kBatchBytes = 96 << 20;  // of slivers in memory at a time
constexpr size_t kUploadThreads = 8;

// Which nodes still take part, and why others do not.
class Participants {
 public:
  explicit Participants(size_t nodes) : failures_(nodes) {}

  bool takes_part(size_t node) const {
    MutexLock lock(mutex_);
    return failures_[node].empty();
  }
  void fail(size_t node, const Error& error) {
    MutexLock lock(mutex_);
    if (failures_[node].empty()) failures_[node] = error.message();
  }
  SpreadOutcome outcome(const std::shared_ptr<const Committee>& committee) const {
    MutexLock lock(mutex_);
    SpreadOutcome out;
    out.committee = committee;
    for (size_t node = 0; node < failures_.size(); ++node) {
      out.complete.push_back(failures_[node].empty());
      if (failures_[node].empty()) {
        out.weight += static_cast<uint32_t>(committee->members()[node].shards.size());
      } else {
        out.failures += (out.failures.empty() ? "" : "; ") + failures_[node];
      }
    }
    return out;
  }
  bool quorum_possible(const std::shared_ptr<const Committee>& committee) const {
    return outcome(committee).weight >= committee->quorum_weight();
  }

 private:
  mutable Mutex mutex_;
  std::vector<std::string> failures_ GUARDED_BY(mutex_);  // empty: none
};

// A node may be restarting or busy: once more, then it is left out. Whoever hangs is not waited for twice.
template <typename Upload>
void upload_twice(Participants& participants, size_t node, const Upload& upload) {
  if (!participants.takes_part(node)) return;
  Status done = upload();
  if (!done && done.error().retryable() && done.error().code() != Code::kTimeout) done = upload();
  if (!done) participants.fail(node, done.error());
}

// Nobody has everything, also those who took all that they were sent.
SpreadOutcome broken_off(SpreadOutcome outcome) {
  outcome.complete.assign(outcome.complete.size(), false);
  return outcome;
}

// Whether the shard's slivers are where they belong already.
bool has_its_sliver(const SpreadOutcome* before, const Committee& committee, ShardIndex shard) {
  if (before == nullptr) return false;
  const size_t owner = before->committee->owner(shard);
  return before->complete[owner] && before->committee->members()[owner].id == committee.owner_of(shard).id;
}

}  // namespace

Result<SpreadOutcome> BlobWriter::spread(const BlobId& blob, const BlobMetadata& metadata, ByteView content) {
  return spread_over(blob, metadata, content, nullptr);
}

Result<SpreadOutcome> BlobWriter::spread_again(const BlobId& blob, const BlobMetadata& metadata, ByteView content,
                                               const SpreadOutcome& before) {
  return spread_over(blob, metadata, content, &before);
}

Result<SpreadOutcome> BlobWriter::spread_over(const BlobId& blob, const BlobMetadata& metadata, ByteView content,
                                              const SpreadOutcome* before) {
  const std::shared_ptr<const Committee> committee = membership_.committees()->current;
  const std::vector<NodeClientPtr> nodes = nodes_.of(*committee);
  const CodeShape& shape = committee->shape();
  WFS_ASSIGN(SliverEncoder encoder, SliverEncoder::create(shape, content));
  Participants participants(nodes.size());
  const Bytes metadata_bcs = metadata.to_bytes();
  for_each_parallel(nodes.size(), kUploadThreads, [&](size_t node) {
    upload_twice(participants, node, [&] { return nodes[node]->put_metadata(blob, metadata_bcs); });
  });

  EncodeOptions options;
  options.threads = threads_;
  for (Axis axis : {Axis::kPrimary, Axis::kSecondary}) {
    std::vector<SliverIndex> all;
    for (uint16_t i = 0; i < shape.n(); ++i)
      if (!has_its_sliver(before, *committee, shape.shard_of(blob, shape.pair_of(axis, SliverIndex{i}))))
        all.push_back(SliverIndex{i});
    const size_t batch = std::max<size_t>(1, kBatchBytes / metadata.sliver_bytes(axis));
    for (size_t first = 0; first < all.size(); first += batch) {
      if (!participants.quorum_possible(committee)) return broken_off(participants.outcome(committee));
      const auto wanted = std::span(all).subspan(first, std::min(batch, all.size() - first));
      WFS_ASSIGN(std::vector<Sliver> slivers, encoder.slivers(axis, wanted, options));
      for_each_parallel(slivers.size(), kUploadThreads, [&](size_t i) {
        size_t node = committee->owner(shape.shard_of(blob, shape.pair_of(axis, slivers[i].index)));
        upload_twice(participants, node, [&] { return nodes[node]->put_sliver(blob, slivers[i]); });
      });
    }
  }
  return participants.outcome(committee);
}

}  // namespace walrusfs::localnet
