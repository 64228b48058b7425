// What one storage node keeps on its disk: one BlobFile per blob, and in memory which slivers are there.
//
// The shards whose slivers it keeps may change at run time. Slivers of shards given away stay readable until they are
// dropped.
//
// Safe to call from any thread. A sliver or metadata that turns out damaged when read is taken as not
// stored from then on (and may be uploaded again), and is counted. When the last sliver of the node's
// shards arrives, everything of the blob is made durable before that call returns.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/files.h"
#include "base/mutex.h"
#include "codec/sliver.h"
#include "localnet/blob_file.h"

namespace walrusfs::localnet {

struct NodeStoreStatus {
  uint64_t blobs = 0;
  uint64_t slivers = 0;
  uint64_t bytes = 0;         // of metadata and slivers, without the files' own overhead
  uint64_t damaged_found = 0; // since the start
};

// The shards that a node has to do with.
struct ShardSet {
  std::vector<ShardIndex> owned;    // it takes and keeps their slivers
  std::vector<ShardIndex> leaving;  // given away: it still serves them
};

enum class ShardState { kReady, kInTransfer, kInRecovery };

class NodeStore {
 public:
  // Reads what is in `folder` (made if missing). Files that are damaged or cannot be read are counted and passed over;
  // files of version 1 are rewritten, `shards.owned` being those that the node had all the time. `files` must outlive
  // the store.
  static Result<std::unique_ptr<NodeStore>> open(Files& files, std::string folder, CodeShape shape, ShardSet shards);

  // kNotFound unless stored.
  Result<std::shared_ptr<const BlobMetadata>> metadata(const BlobId& blob);
  bool has_metadata(const BlobId& blob);
  // `metadata` has been verified.
  Status put_metadata(const BlobId& blob, const BlobMetadata& metadata);

  // From now on. Nothing is dropped by it.
  void assign(ShardSet shards);
  ShardSet shards() const;
  // How owned shards stand, as whoever fills them says; all others are ready.
  void mark_in_transfer(const std::vector<ShardIndex>& shards);
  void mark_recovering(const std::vector<ShardIndex>& shards);
  ShardState state(ShardIndex shard) const;
  // Slivers of other shards that were kept before the store was opened anew: it has them from now on.
  Status look_for_unassigned(const BlobId& blob);
  // Erases the slivers of all other shards, but of the blobs that are `kept`.
  Status drop_unassigned(const std::set<BlobId>& kept = {});

  bool owns(const BlobId& blob, PairIndex pair) const;
  // Owned, or given away just now.
  bool serves(const BlobId& blob, PairIndex pair) const;
  bool serves_shard(ShardIndex shard) const;
  // kNotFound unless stored and intact.
  Result<Sliver> sliver(const BlobId& blob, PairIndex pair, Axis axis);
  bool has_sliver(const BlobId& blob, PairIndex pair, Axis axis);
  // The sliver has been verified, its metadata is stored, its shard is owned.
  Status put_sliver(const BlobId& blob, const Sliver& sliver);
  // Of all owned shards.
  bool has_all_slivers(const BlobId& blob);
  // Slivers of owned shards that are not stored, and slivers of any shard that are; in ascending order. Without the
  // blob's metadata all are missing.
  std::vector<SliverIndex> missing(const BlobId& blob, Axis axis) const;
  std::vector<SliverIndex> held(const BlobId& blob, Axis axis) const;
  // Symbol number `symbol` of every intact sliver of that axis that is stored, with the sliver's index.
  Result<std::vector<std::pair<SliverIndex, Bytes>>> symbols(const BlobId& blob, Axis axis, uint16_t symbol);

  Status drop(const BlobId& blob);
  // Unless it is wanted after all when nobody can store it any more: between a look at the ledger and the end of the
  // file somebody may have registered it again.
  Status drop_unless(const BlobId& blob, const std::function<bool()>& wanted);
  std::vector<BlobId> blobs() const;  // in ascending order
  NodeStoreStatus status() const;

 private:
  struct Record {
    uint64_t metadata_bytes = 0;
    uint64_t sliver_bytes[2] = {0, 0};      // by axis
    std::vector<bool> stored[2];            // by axis and shard
    size_t stored_count[2] = {0, 0};
  };
  static Record empty_record(const BlobFile& file);

  NodeStore(Files& files, std::string folder, CodeShape shape, ShardSet shards);
  Status load();
  void load_folder(const std::string& folder);
  void load_file(const BlobId& blob, const std::string& path);
  void pass_over(const std::string& path, const Error& error);
  Result<std::unique_ptr<BlobFile>> open_or_upgrade(const BlobId& blob, const std::string& path);
  Result<Record> inspect(BlobFile& file, const std::vector<ShardIndex>& shards) const;

  std::string folder_of(const BlobId& blob) const;
  std::string path_of(const BlobId& blob) const;
  uint16_t slot_of(const BlobId& blob, PairIndex pair) const { return raw(shape_.shard_of(blob, pair)); }
  std::vector<SliverIndex> slivers_in(const BlobId& blob, Axis axis, const std::vector<bool>& slots) const;
  Status erase_slots(const BlobId& blob, const std::vector<bool>& slots);
  Result<std::unique_ptr<BlobFile>> open_file(const BlobId& blob);
  // What went wrong while reading: damage is noted and becomes kNotFound.
  Error after_read_error(const BlobId& blob, const Error& error, Axis axis, std::optional<uint16_t> slot);
  void set_stored(const BlobId& blob, Axis axis, uint16_t slot, bool stored);
  Status seal(const BlobId& blob);

  // Constant after construction.
  Files& files_;
  const std::string folder_;
  const CodeShape shape_;

  std::atomic<uint64_t> damaged_found_{0};
  Mutex create_mutex_;  // held while a file is made; taken before mutex_
  mutable Mutex mutex_;
  ShardSet shards_ GUARDED_BY(mutex_);
  // By shard.
  std::vector<bool> owned_ GUARDED_BY(mutex_), served_ GUARDED_BY(mutex_);
  std::vector<bool> in_transfer_ GUARDED_BY(mutex_), recovering_ GUARDED_BY(mutex_);
  std::unordered_map<BlobId, Record> records_ GUARDED_BY(mutex_);
  // Parsed metadata of the blobs used last; uploads need it for every sliver.
  std::map<BlobId, std::shared_ptr<const BlobMetadata>> recent_metadata_ GUARDED_BY(mutex_);
};

}  // namespace walrusfs::localnet
