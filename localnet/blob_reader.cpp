#include "localnet/blob_reader.h"

#include <algorithm>
#include <deque>
#include <future>

#include "base/log.h"
#include "localnet/parallel.h"

namespace walrusfs::localnet {
namespace {

constexpr Millis kBelieveFor{10'000};
constexpr size_t kKnownBlobs = 256;
constexpr size_t kRowsAhead = 3;
constexpr size_t kGatherThreads = 8;
constexpr uint64_t kRowsAheadBytes = 64 << 20;  // no more than this is fetched ahead

}  // namespace

BlobReader::BlobReader(const Membership& membership, const NodeDirectory& nodes, Clock& clock, uint64_t cache_bytes)
    : membership_(membership), shape_(membership.shape()), nodes_(nodes), clock_(clock), cache_(cache_bytes) {}

ReaderCounts BlobReader::counts() const {
  MutexLock lock(mutex_);
  return counts_;
}

// Every node once, another one first each time, those that did not answer lately at the end.
std::vector<size_t> BlobReader::in_turn(const std::vector<NodeClientPtr>& nodes) {
  size_t first = 0;
  {
    MutexLock lock(mutex_);
    first = turn_++;
  }
  std::vector<size_t> order;
  for (size_t i = 0; i < nodes.size(); ++i) order.push_back((first + i) % nodes.size());
  std::stable_partition(order.begin(), order.end(), [&](size_t node) { return !nodes[node]->seems_down(); });
  return order;
}

MetadataPtr BlobReader::believed(const BlobId& blob, uint32_t epoch) const {
  MutexLock lock(mutex_);
  const auto found = known_.find(blob);
  if (found == known_.end() || found->second.epoch != epoch) return nullptr;
  return clock_.monotonic() < found->second.believed_until ? found->second.metadata : nullptr;
}

Result<MetadataPtr> BlobReader::metadata(const BlobId& blob) {
  // As it is before anybody is asked: what is heard while epochs change is not believed for long.
  const uint32_t epoch = membership_.committees()->epoch;
  if (auto known = believed(blob, epoch)) return known;
  WFS_ASSIGN(const uint32_t certified_epoch, check_certified(blob));
  WFS_ASSIGN(MetadataPtr metadata, fetch_metadata(blob));
  MutexLock lock(mutex_);
  if (known_.size() >= kKnownBlobs) known_.erase(known_.begin());
  known_.insert_or_assign(blob, Known{metadata, certified_epoch, epoch, clock_.monotonic() + kBelieveFor});
  return metadata;
}

// Enough nodes that one of them is surely honest say it is certified, or a quorum says it is not.
Result<uint32_t> BlobReader::check_certified(const BlobId& blob) {
  const auto committee = membership_.committees()->current;
  const std::vector<NodeClientPtr> nodes = nodes_.of(*committee);
  uint32_t yes = 0, no = 0, blocked = 0, certified_epoch = UINT32_MAX;
  std::string last_problem = "no node was asked";
  for (size_t node : in_turn(nodes)) {
    auto weight = static_cast<uint32_t>(committee->members()[node].shards.size());
    auto status = nodes[node]->status(blob);
    if (!status) {
      last_problem = status.error().message();
      if (status.error().code() == Code::kNotFound) no += weight;
      if (status.error().code() == Code::kPermission) blocked += weight;
    } else {
      (status->exists && status->certified ? yes : no) += weight;
      if (status->certified_epoch) certified_epoch = std::min(certified_epoch, *status->certified_epoch);
    }
    if (yes >= committee->validity_weight()) return certified_epoch;
    if (no >= committee->quorum_weight())
      return Error(Code::kNotFound, "the blob does not exist, has expired, or is not certified yet");
    if (blocked >= committee->validity_weight()) return Error(Code::kPermission, "the blob is blocked by the nodes");
  }
  return Error(Code::kUnavailable, "too few storage nodes answer about the blob; the last one: " + last_problem);
}

// During a change of epochs newcomers may not have it yet, so the committee before is asked first; it is gone only when
// both say so.
Result<MetadataPtr> BlobReader::fetch_metadata(const BlobId& blob) {
  const auto committees = membership_.committees();
  bool gone = true;
  std::string last_problem = "no node was asked";
  for (const Committee* committee : {committees->also_serving(), committees->current.get()}) {
    if (committee == nullptr) continue;
    const std::vector<NodeClientPtr> nodes = nodes_.of(*committee);
    uint32_t not_found = 0;
    for (size_t node : in_turn(nodes)) {
      auto metadata = nodes[node]->metadata(blob);
      if (metadata) return std::make_shared<const BlobMetadata>(std::move(*metadata));
      last_problem = metadata.error().message();
      if (metadata.error().code() == Code::kNotFound)
        not_found += static_cast<uint32_t>(committee->members()[node].shards.size());
      if (metadata.error().code() == Code::kCorrupt) log_warn("metadata of {}: {}", blob.to_string(), last_problem);
    }
    gone = gone && not_found >= committee->quorum_weight();
  }
  if (gone) return Error(Code::kNotFound, "no storage node has the metadata of the blob");
  return Error(Code::kUnavailable, "no storage node serves the metadata of the blob; the last one: " + last_problem);
}

Result<Row> BlobReader::row(const BlobId& blob, const MetadataPtr& metadata, SliverIndex index) {
  const RowKey key{blob, index};
  if (Row hit = cache_.get(key)) return hit;
  {
    MutexLock lock(mutex_);
    while (fetching_.contains(key)) fetched_.wait(mutex_);
    fetching_.insert(key);
  }
  Row hit = cache_.get(key);  // whoever we waited for may have put it there
  auto fetched = hit ? Result<Row>(hit) : fetch_row(blob, metadata, index);
  if (fetched) cache_.put(key, *fetched);
  MutexLock lock(mutex_);
  fetching_.erase(key);
  fetched_.notify_all();
  return fetched;
}

Result<Row> BlobReader::fetch_row(const BlobId& blob, const MetadataPtr& metadata, SliverIndex index) {
  const auto as_row = [](Sliver sliver) { return Row(std::make_shared<const Bytes>(std::move(sliver.data))); };
  auto direct = sliver_from_owner(blob, *metadata, Axis::kPrimary, index);
  if (direct) return as_row(std::move(*direct));
  log_info("blob {}, sliver {}: {}; rebuilding it", blob.to_string(), raw(index), direct.error().message());
  auto rebuilt = sliver_from_symbols(blob, *metadata, Axis::kPrimary, index);
  if (rebuilt) return as_row(std::move(*rebuilt));
  log_warn("blob {}, sliver {}: {}; decoding the blob", blob.to_string(), raw(index), rebuilt.error().message());
  return row_from_decode(blob, metadata, index);
}

Result<Sliver> BlobReader::column(const BlobId& blob, const MetadataPtr& metadata, SliverIndex index) {
  auto direct = sliver_from_owner(blob, *metadata, Axis::kSecondary, index);
  if (direct) return direct;
  log_info("blob {}, column {}: {}; rebuilding it", blob.to_string(), raw(index), direct.error().message());
  auto rebuilt = sliver_from_symbols(blob, *metadata, Axis::kSecondary, index);
  if (rebuilt) return rebuilt;
  log_warn("blob {}, column {}: {}; reading all rows", blob.to_string(), raw(index), rebuilt.error().message());
  return column_from_rows(blob, metadata, index);
}

// The symbol of that number of every row.
Result<Sliver> BlobReader::column_from_rows(const BlobId& blob, const MetadataPtr& metadata, SliverIndex index) {
  const size_t symbol = metadata->symbol_bytes();
  Sliver column{Axis::kSecondary, index, metadata->symbol_bytes(), {}};
  column.data.reserve(shape_.k1() * symbol);
  for (uint16_t i = 0; i < shape_.k1(); ++i) {
    WFS_ASSIGN(const Row whole, row(blob, metadata, SliverIndex{i}));
    append(column.data, ByteView(*whole).subspan(raw(index) * symbol, symbol));
  }
  return column;
}

BlobReader::Keepers BlobReader::keepers(const BlobId& blob) const {
  Keepers out{membership_.committees(), {}};
  out.committees.push_back(out.epoch->current.get());
  const Committee* before = out.epoch->also_serving();
  if (before == nullptr) return out;
  MutexLock lock(mutex_);
  auto known = known_.find(blob);
  const bool old = known == known_.end() || known->second.certified_epoch < out.epoch->epoch;
  out.committees.insert(old ? out.committees.begin() : out.committees.end(), before);
  return out;
}

std::vector<const Member*> BlobReader::Keepers::of(ShardIndex shard) const {
  std::vector<const Member*> members;
  for (const Committee* committee : committees) {
    const Member& owner = committee->owner_of(shard);
    if (members.empty() || members.front()->id != owner.id) members.push_back(&owner);
  }
  return members;
}

bool BlobReader::Keepers::speaks_for(const std::string& node, ShardIndex shard) const {
  return std::any_of(committees.begin(), committees.end(),
                     [&](const Committee* committee) { return committee->owner_of(shard).id == node; });
}

std::vector<std::string> BlobReader::Keepers::everybody() const {
  std::vector<std::string> ids;
  for (const Committee* committee : committees)
    for (const Member& member : committee->members())
      if (std::find(ids.begin(), ids.end(), member.id) == ids.end()) ids.push_back(member.id);
  return ids;
}

// From its owner, or, during a change of epochs, from its other owner.
Result<Sliver> BlobReader::sliver_of(const Keepers& keepers, const BlobId& blob, const BlobMetadata& metadata,
                                     Axis axis, SliverIndex index, bool even_if_down) {
  Error problem(Code::kUnavailable, "nobody has it");
  for (const Member* member : keepers.of(shape_.shard_of(blob, shape_.pair_of(axis, index)))) {
    const NodeClientPtr node = nodes_.member(member->id, shape_);
    if (node->seems_down() && !even_if_down) {
      problem = Error(Code::kUnavailable, node->name() + " did not answer just now");
      continue;
    }
    auto sliver = node->sliver(blob, metadata, axis, index);
    if (sliver) return sliver;
    problem = sliver.error();
  }
  return problem;
}

Result<Sliver> BlobReader::sliver_from_owner(const BlobId& blob, const BlobMetadata& metadata, Axis axis,
                                             SliverIndex index) {
  const auto before = membership_.committees();
  auto sliver = sliver_of(keepers(blob), blob, metadata, axis, index);
  // The shard may have moved between looking and asking.
  if (!sliver && membership_.committees() != before) sliver = sliver_of(keepers(blob), blob, metadata, axis, index);
  if (!sliver) return sliver;
  MutexLock lock(mutex_);
  ++counts_.slivers_fetched;
  return sliver;
}

std::vector<DecodingSymbol> BlobReader::symbols_for(const Keepers& keepers, const BlobId& blob,
                                                    const BlobMetadata& metadata, Axis axis, SliverIndex index,
                                                    bool even_if_down) {
  const std::vector<std::string> nodes = keepers.everybody();
  std::vector<Result<std::vector<DecodingSymbol>>> answers(nodes.size(), std::vector<DecodingSymbol>());
  for_each_parallel(nodes.size(), nodes.size(), [&](size_t node) {
    const NodeClientPtr client = nodes_.member(nodes[node], shape_);
    if (even_if_down || !client->seems_down()) answers[node] = client->decoding_symbols(blob, metadata, axis, index);
  });
  std::vector<DecodingSymbol> symbols;
  for (size_t node = 0; node < nodes.size(); ++node) {
    if (!answers[node]) continue;
    for (DecodingSymbol& symbol : *answers[node]) {
      // A node speaks only for the slivers of its own shards.
      ShardIndex shard = shape_.shard_of(blob, shape_.pair_of(other(axis), symbol.source_index));
      if (keepers.speaks_for(nodes[node], shard)) symbols.push_back(std::move(symbol));
    }
  }
  return symbols;
}

Result<Sliver> BlobReader::sliver_from_symbols(const BlobId& blob, const BlobMetadata& metadata, Axis axis,
                                               SliverIndex index) {
  const Keepers keepers = this->keepers(blob);
  std::vector<DecodingSymbol> symbols = symbols_for(keepers, blob, metadata, axis, index, false);
  // Who did not answer just now may answer again.
  if (symbols.size() < shape_.symbols_per_sliver(axis))
    symbols = symbols_for(keepers, blob, metadata, axis, index, true);
  WFS_ASSIGN(Sliver sliver, recover_sliver(shape_, axis, index, metadata.symbol_bytes(), symbols));
  WFS_TRY(verify_sliver(sliver, metadata));
  MutexLock lock(mutex_);
  ++counts_.slivers_rebuilt;
  return sliver;
}

std::vector<Sliver> BlobReader::gather_primary(const BlobId& blob, const BlobMetadata& metadata) {
  const Keepers keepers = this->keepers(blob);
  Mutex found_mutex;
  std::vector<Sliver> found;
  std::vector<char> have(shape_.n());
  std::atomic<bool> enough{false};
  auto gather = [&](bool even_if_down) {
    for_each_parallel(shape_.n(), kGatherThreads, [&](size_t i) {
      if (enough || have[i] != 0) return;
      SliverIndex index{static_cast<uint16_t>(i)};
      Row cached = i < shape_.k1() ? cache_.get({blob, index}) : nullptr;
      auto sliver = cached ? Result<Sliver>(Sliver{Axis::kPrimary, index, metadata.symbol_bytes(), *cached})
                           : sliver_of(keepers, blob, metadata, Axis::kPrimary, index, even_if_down);
      if (!sliver) return;
      have[i] = 1;
      MutexLock lock(found_mutex);
      if (found.size() < shape_.k1()) found.push_back(std::move(*sliver));
      enough = found.size() >= shape_.k1();
    });
  };
  gather(false);
  if (!enough) gather(true);  // who did not answer just now may answer again
  return found;
}

Result<Row> BlobReader::row_from_decode(const BlobId& blob, const MetadataPtr& metadata, SliverIndex index) {
  MutexLock lock(decode_mutex_);
  if (Row hit = cache_.get({blob, index})) return hit;  // the decode we waited for had it
  std::vector<Sliver> slivers = gather_primary(blob, *metadata);
  if (slivers.size() < shape_.k1())
    return Error(Code::kUnavailable, "only " + std::to_string(slivers.size()) + " of the " +
                                         std::to_string(shape_.k1()) + " slivers needed could be had");
  DecodeOptions options;
  options.check = ConsistencyCheck::kDefault;
  WFS_ASSIGN(Bytes decoded, decode_blob(*metadata, Axis::kPrimary, slivers, options));
  slivers.clear();
  decoded.resize(shape_.k1() * metadata->sliver_bytes(Axis::kPrimary));  // padding, as the slivers have it
  const uint64_t row_bytes = metadata->sliver_bytes(Axis::kPrimary);
  auto cut = [&](uint16_t row) {
    auto start = decoded.begin() + static_cast<ptrdiff_t>(row * row_bytes);
    return std::make_shared<const Bytes>(start, start + static_cast<ptrdiff_t>(row_bytes));
  };
  for (uint16_t row = 0; row < shape_.k1(); ++row) cache_.put({blob, SliverIndex{row}}, cut(row));
  MutexLock counting(mutex_);
  ++counts_.blobs_decoded;
  return Row(cut(raw(index)));
}

Status BlobReader::read(const BlobId& blob, const MetadataPtr& metadata, ByteRange range,
                        const std::function<bool(ByteView)>& sink) {
  WFS_ASSIGN(std::vector<RangePart> parts,
             slivers_of_range(shape_, metadata->blob_bytes(), range));
  const size_t ahead = std::clamp<size_t>(kRowsAheadBytes / metadata->sliver_bytes(Axis::kPrimary), 1, kRowsAhead);
  std::deque<std::future<Result<Row>>> coming;
  size_t next = 0;
  for (const RangePart& part : parts) {
    for (; next < parts.size() && coming.size() < ahead; ++next) {
      SliverIndex index = parts[next].sliver;
      auto fetch = [this, blob, metadata, index] { return row(blob, metadata, index); };
      coming.push_back(parts.size() == 1 ? std::async(std::launch::deferred, fetch) : start_async(fetch));
    }
    auto got = coming.front().get();
    coming.pop_front();
    if (!got) return got.error();
    ByteView bytes = ByteView(**got).subspan(part.in_sliver.offset, part.in_sliver.length);
    if (!sink(bytes)) return Error(Code::kCancelled, "the reader went away");
  }
  return {};
}

}  // namespace walrusfs::localnet
