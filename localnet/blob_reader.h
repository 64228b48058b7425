// Reads blobs from storage nodes for the aggregator, and believes nobody: metadata is verified against
// the blob ID and every sliver against the metadata.
//
// Bytes are read by rows (systematic primary slivers). A row comes from, in this order: the cache; the
// node that owns it; symbols of the secondary slivers of all nodes, from which it is rebuilt at the price of
// one sliver; a decode of the whole blob from any k1 good primary slivers, when somebody lies about symbols
// or too many are gone. One thread fetches a row, others that want it wait. Since every row is
// verified, reads always satisfy the default consistency check.
//
// While a change of epochs runs, blobs certified before it are asked from the previous committee first, others from
// the present one; the other of the two is tried as well.
//
// Safe to call from any thread. Errors: kNotFound (the network says there is no such certified blob),
// kPermission (blocked), kUnavailable (not enough good answers now), kCorrupt (the blob itself is inconsistent).
#pragma once

#include <functional>
#include <map>
#include <set>

#include "base/clock.h"
#include "codec/decoder.h"
#include "localnet/membership.h"
#include "localnet/node_directory.h"
#include "localnet/row_cache.h"

namespace walrusfs::localnet {

using MetadataPtr = std::shared_ptr<const BlobMetadata>;

struct ReaderCounts {
  uint64_t slivers_fetched = 0;  // from the node that owns them
  uint64_t slivers_rebuilt = 0;  // from symbols
  uint64_t blobs_decoded = 0;  // as a whole
};

class BlobReader {
 public:
  // All must outlive the reader.
  BlobReader(const Membership& membership, const NodeDirectory& nodes, Clock& clock, uint64_t cache_bytes);

  // Of a certified blob. Believed for a short while, in one epoch (blobs expire with epochs), then asked for again.
  Result<MetadataPtr> metadata(const BlobId& blob);
  // The whole sliver, padding included.
  Result<Row> row(const BlobId& blob, const MetadataPtr& metadata, SliverIndex index);
  // A systematic secondary sliver (index < k2): a column of the blob. Not kept in memory.
  Result<Sliver> column(const BlobId& blob, const MetadataPtr& metadata, SliverIndex index);

  // Hands the bytes of `range` over in order; several rows are fetched ahead. kCancelled when the sink
  // says stop. kRange when the range is empty or ends past the blob.
  Status read(const BlobId& blob, const MetadataPtr& metadata, ByteRange range,
              const std::function<bool(ByteView)>& sink);

  ReaderCounts counts() const;

 private:
  struct Known {
    MetadataPtr metadata;
    uint32_t certified_epoch = 0;
    uint32_t epoch = 0;  // in which it was asked for
    Deadline::TimePoint believed_until;
  };
  // Those who may have slivers of a blob, whom to ask first in front.
  struct Keepers {
    std::shared_ptr<const EpochCommittees> epoch;  // keeps the committees alive
    std::vector<const Committee*> committees;

    // The nodes that should have the shard, each once.
    std::vector<const Member*> of(ShardIndex shard) const;
    bool speaks_for(const std::string& node, ShardIndex shard) const;
    std::vector<std::string> everybody() const;
  };
  Keepers keepers(const BlobId& blob) const;

  std::vector<size_t> in_turn(const std::vector<NodeClientPtr>& nodes);
  // Null when it is not known, or not to be believed any more.
  MetadataPtr believed(const BlobId& blob, uint32_t epoch) const;
  Result<MetadataPtr> fetch_metadata(const BlobId& blob);
  // The epoch of the first certification, as far as nodes tell it.
  Result<uint32_t> check_certified(const BlobId& blob);
  Result<Row> fetch_row(const BlobId& blob, const MetadataPtr& metadata, SliverIndex index);
  Result<Sliver> sliver_of(const Keepers& keepers, const BlobId& blob, const BlobMetadata& metadata, Axis axis,
                           SliverIndex index, bool even_if_down = false);
  Result<Sliver> sliver_from_owner(const BlobId& blob, const BlobMetadata& metadata, Axis axis, SliverIndex index);
  std::vector<DecodingSymbol> symbols_for(const Keepers& keepers, const BlobId& blob, const BlobMetadata& metadata,
                                          Axis axis, SliverIndex index, bool even_if_down);
  Result<Sliver> sliver_from_symbols(const BlobId& blob, const BlobMetadata& metadata, Axis axis, SliverIndex index);
  Result<Sliver> column_from_rows(const BlobId& blob, const MetadataPtr& metadata, SliverIndex index);
  Result<Row> row_from_decode(const BlobId& blob, const MetadataPtr& metadata, SliverIndex index);
  std::vector<Sliver> gather_primary(const BlobId& blob, const BlobMetadata& metadata);

  const Membership& membership_;
  const CodeShape shape_;
  const NodeDirectory& nodes_;
  Clock& clock_;
  RowCache cache_;

  Mutex decode_mutex_;  // one whole-blob decode at a time: it holds the blob in memory
  mutable Mutex mutex_;
  CondVar fetched_;
  std::set<RowKey> fetching_ GUARDED_BY(mutex_);
  std::map<BlobId, Known> known_ GUARDED_BY(mutex_);
  size_t turn_ GUARDED_BY(mutex_) = 0;
  ReaderCounts counts_ GUARDED_BY(mutex_);
};

}  // namespace walrusfs::localnet
