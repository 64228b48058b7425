#include "localnet/shard_sync.h"

#include "base/log.h"

namespace walrusfs::localnet {
namespace {

constexpr uint64_t kSliversPerRequest = 100;
constexpr int kTries = 3;
constexpr uint64_t kAnswerBytes = 64 << 20;  // as much as a node sends at a time (node_sync.cpp) …
constexpr uint64_t kSlackBytes = 1 << 20;    // … and what stands around it

// The one after it in the order of bytes; nothing after the last.
std::optional<BlobId> after(BlobId blob) {
  for (size_t i = blob.bytes.size(); i-- > 0;)
    if (++blob.bytes[i] != 0) return blob;
  return std::nullopt;
}

}  // namespace

ShardSync::ShardSync(const EpochCommittees& change, const std::string& self, NodeStore& store,
                     const NodeDirectory& peers, const bls::SecretKey& key)
    : epoch_(change.epoch), shape_(change.current->shape()), store_(store), key_(key) {
  const Member* member = change.current->find(self);
  if (member != nullptr && change.also_serving() != nullptr)
    for (ShardIndex shard : member->shards) {
      const std::string& before = change.previous->owner_of(shard).id;
      if (before != self) jobs_.push_back({shard, peers.find(before)});
    }
  done_ = jobs_.empty();
  mark_transfer();
}

SyncCounts ShardSync::counts() const { return {slivers_copied_, shards_given_up_}; }

void ShardSync::mark_transfer() {
  std::vector<ShardIndex> shards;
  for (const Job& job : jobs_) shards.push_back(job.shard);
  store_.mark_in_transfer(shards);
}

void ShardSync::step() {
  if (done_) return;
  Job& job = jobs_.front();
  Status fetched = job.from != nullptr ? fetch(job) : Status(Error(Code::kUnavailable, "its owner is unknown"));
  if (fetched) return;
  if (++job.failures < kTries) {  // the others first, meanwhile it may come back
    jobs_.push_back(std::move(job));
    jobs_.pop_front();
    return;
  }
  log_info("shard {} is not copied any further, the rest of it is rebuilt: {}", raw(job.shard),
           fetched.error().to_string());
  ++shards_given_up_;
  job.axis = Axis::kSecondary;
  next_axis_or_job();
}

void ShardSync::next_axis_or_job() {
  Job& job = jobs_.front();
  if (job.axis == Axis::kPrimary) {
    job.axis = Axis::kSecondary;
    job.first = BlobId{};
    return;
  }
  jobs_.pop_front();
  mark_transfer();
  done_ = jobs_.empty();
}

Status ShardSync::fetch(Job& job) {
  const SyncShardRequest request{job.shard, job.axis, job.first, kSliversPerRequest, epoch_};
  WFS_ASSIGN(const NodeClient::BlobSlivers slivers, job.from->sync_shard(request, key_, kAnswerBytes + kSlackBytes));
  for (const auto& [blob, sliver] : slivers)
    if (Status kept = keep(job, blob, sliver); !kept)
      log_info("shard {}, blob {}: {}", raw(job.shard), blob.to_string(), kept.error().to_string());
  auto next = slivers.empty() ? std::nullopt : after(slivers.back().first);
  if (!next) {
    next_axis_or_job();
    return {};
  }
  job.first = *next;
  return {};
}

Status ShardSync::keep(const Job& job, const BlobId& blob, const Sliver& sliver) {
  const PairIndex pair = shape_.pair_of(blob, job.shard);
  if (sliver.index != shape_.sliver_of(sliver.axis, pair)) return Error(Code::kCorrupt, "it is of another shard");
  if (store_.has_sliver(blob, pair, sliver.axis)) return {};
  auto metadata = store_.metadata(blob);
  if (!metadata && metadata.error().code() == Code::kNotFound) {
    WFS_ASSIGN(const BlobMetadata fetched, job.from->metadata(blob));
    WFS_TRY(store_.put_metadata(blob, fetched));
    metadata = store_.metadata(blob);
  }
  if (!metadata) return metadata.error();
  WFS_TRY(verify_sliver(sliver, **metadata));
  WFS_TRY(store_.put_sliver(blob, sliver));
  ++slivers_copied_;
  return {};
}

}  // namespace walrusfs::localnet
