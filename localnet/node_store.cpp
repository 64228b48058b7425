#include "localnet/node_store.h"

#include <algorithm>

#include "base/log.h"

namespace walrusfs::localnet {
namespace {

constexpr size_t kRecentMetadata = 32;  // about 20 KiB each at 301 shards
constexpr std::string_view kSuffix = ".blob";

size_t at(Axis axis) { return static_cast<size_t>(axis); }

Error not_stored() { return Error(Code::kNotFound, "not stored"); }

}  // namespace

NodeStore::NodeStore(Files& files, std::string folder, CodeShape shape, ShardSet shards)
    : files_(files),
      folder_(std::move(folder)),
      shape_(shape),
      in_transfer_(shape.n()),
      recovering_(shape.n()) {
  assign(std::move(shards));
}

void NodeStore::assign(ShardSet shards) {
  std::vector<bool> owned(shape_.n()), served(shape_.n());
  for (ShardIndex shard : shards.owned) owned[raw(shard)] = served[raw(shard)] = true;
  for (ShardIndex shard : shards.leaving) served[raw(shard)] = true;
  MutexLock lock(mutex_);
  shards_ = std::move(shards);
  owned_ = std::move(owned);
  served_ = std::move(served);
}

void NodeStore::mark_in_transfer(const std::vector<ShardIndex>& shards) {
  MutexLock lock(mutex_);
  in_transfer_.assign(shape_.n(), false);
  for (ShardIndex shard : shards) in_transfer_[raw(shard)] = true;
}

void NodeStore::mark_recovering(const std::vector<ShardIndex>& shards) {
  MutexLock lock(mutex_);
  recovering_.assign(shape_.n(), false);
  for (ShardIndex shard : shards) recovering_[raw(shard)] = true;
}

ShardState NodeStore::state(ShardIndex shard) const {
  MutexLock lock(mutex_);
  if (in_transfer_[raw(shard)]) return ShardState::kInTransfer;
  return recovering_[raw(shard)] ? ShardState::kInRecovery : ShardState::kReady;
}

ShardSet NodeStore::shards() const {
  MutexLock lock(mutex_);
  return shards_;
}

Result<std::unique_ptr<NodeStore>> NodeStore::open(Files& files, std::string folder, CodeShape shape,
                                                   ShardSet shards) {
  WFS_TRY(files.make_directories(folder));
  std::unique_ptr<NodeStore> store(new NodeStore(files, std::move(folder), shape, std::move(shards)));
  WFS_TRY(store->load());
  return store;
}

Status NodeStore::load() {
  WFS_ASSIGN(auto items, files_.list(folder_));
  for (const auto& item : items)
    if (item.is_directory) load_folder(folder_ + "/" + item.name);
  return {};
}

void NodeStore::load_folder(const std::string& folder) {
  auto items = files_.list(folder);
  if (!items) return pass_over(folder, items.error());
  for (const auto& item : *items) {
    const std::string path = folder + "/" + item.name;
    if (item.name.ends_with(".new")) {  // was being made when the program ended
      if (auto removed = files_.remove(path); !removed.ok()) pass_over(path, removed.error());
      continue;
    }
    if (!item.name.ends_with(kSuffix)) continue;
    auto blob = BlobId::parse(item.name.substr(0, item.name.size() - kSuffix.size()));
    if (blob) load_file(*blob, path);
  }
}

void NodeStore::load_file(const BlobId& blob, const std::string& path) {
  auto file = open_or_upgrade(blob, path);
  if (!file) return pass_over(path, file.error());
  ShardSet assigned = shards();
  assigned.owned.insert(assigned.owned.end(), assigned.leaving.begin(), assigned.leaving.end());
  auto record = inspect(**file, assigned.owned);
  if (!record) return pass_over(path, record.error());
  MutexLock lock(mutex_);
  records_.emplace(blob, std::move(*record));
}

// One file is one blob of one node, which the other nodes have, too: nothing that is wrong with it stops the rest.
void NodeStore::pass_over(const std::string& path, const Error& error) {
  ++damaged_found_;
  log_warn("{} is passed over: {}", path, error.message());
}

Result<std::unique_ptr<BlobFile>> NodeStore::open_or_upgrade(const BlobId& blob, const std::string& path) {
  WFS_ASSIGN(auto file, BlobFile::open(files_, path, blob, shape_));
  if (file->version() > 1) return file;
  return BlobFile::upgrade(files_, path, *file, shards().owned);
}

NodeStore::Record NodeStore::empty_record(const BlobFile& file) {
  Record record;
  record.metadata_bytes = file.metadata_bytes();
  for (Axis axis : {Axis::kPrimary, Axis::kSecondary}) {
    record.sliver_bytes[at(axis)] = file.sliver_bytes(axis);
    record.stored[at(axis)].resize(file.slots());
  }
  return record;
}

// When loading, only slots of assigned shards are looked at: nearly all of the others are holes.
// A sealed file was synced as a whole, so its entries are believed until reading proves otherwise. One
// that is not may have lost anything in a crash: its slivers count only if they check out now.
Result<NodeStore::Record> NodeStore::inspect(BlobFile& file, const std::vector<ShardIndex>& shards) const {
  Record record = empty_record(file);
  for (Axis axis : {Axis::kPrimary, Axis::kSecondary}) {
    for (ShardIndex shard : shards) {
      const uint16_t slot = raw(shard);
      WFS_ASSIGN(bool there, file.has_entry(axis, slot));
      if (there && !file.sealed()) there = file.read_sliver(axis, slot).ok();
      record.stored[at(axis)][slot] = there;
      record.stored_count[at(axis)] += there;
    }
  }
  return record;
}

std::string NodeStore::folder_of(const BlobId& blob) const {
  return folder_ + "/" + to_hex(ByteView(blob.bytes).first(1));
}

std::string NodeStore::path_of(const BlobId& blob) const {
  return folder_of(blob) + "/" + blob.to_string() + std::string(kSuffix);
}

bool NodeStore::owns(const BlobId& blob, PairIndex pair) const {
  MutexLock lock(mutex_);
  return owned_[slot_of(blob, pair)];
}

bool NodeStore::serves(const BlobId& blob, PairIndex pair) const {
  MutexLock lock(mutex_);
  return served_[slot_of(blob, pair)];
}

bool NodeStore::serves_shard(ShardIndex shard) const {
  MutexLock lock(mutex_);
  return served_[raw(shard)];
}

Result<std::unique_ptr<BlobFile>> NodeStore::open_file(const BlobId& blob) {
  return BlobFile::open(files_, path_of(blob), blob, shape_);
}

Error NodeStore::after_read_error(const BlobId& blob, const Error& error, Axis axis, std::optional<uint16_t> slot) {
  if (error.code() != Code::kCorrupt && error.code() != Code::kNotFound) return error;
  if (error.code() == Code::kCorrupt) {
    ++damaged_found_;
    log_warn("{}: {}", path_of(blob), error.message());
  }
  if (slot) {
    set_stored(blob, axis, *slot, false);
  } else {  // head or metadata: nothing in the file can be used
    MutexLock lock(mutex_);
    records_.erase(blob);
    recent_metadata_.erase(blob);
  }
  return not_stored();
}

void NodeStore::set_stored(const BlobId& blob, Axis axis, uint16_t slot, bool stored) {
  MutexLock lock(mutex_);
  auto found = records_.find(blob);
  if (found == records_.end() || found->second.stored[at(axis)][slot] == stored) return;
  Record& record = found->second;
  record.stored[at(axis)][slot] = stored;
  record.stored_count[at(axis)] += stored ? 1 : size_t(-1);
}

bool NodeStore::has_metadata(const BlobId& blob) {
  MutexLock lock(mutex_);
  return records_.contains(blob);
}

Result<std::shared_ptr<const BlobMetadata>> NodeStore::metadata(const BlobId& blob) {
  {
    MutexLock lock(mutex_);
    if (!records_.contains(blob)) return not_stored();
    if (auto found = recent_metadata_.find(blob); found != recent_metadata_.end()) return found->second;
  }
  auto file = open_file(blob);
  if (!file) return after_read_error(blob, file.error(), Axis::kPrimary, std::nullopt);
  auto bcs = (*file)->read_metadata();
  if (!bcs) return after_read_error(blob, bcs.error(), Axis::kPrimary, std::nullopt);
  auto parsed = BlobMetadata::parse(shape_, *bcs);
  if (!parsed) return after_read_error(blob, parsed.error(), Axis::kPrimary, std::nullopt);
  auto shared = std::make_shared<const BlobMetadata>(std::move(*parsed));
  MutexLock lock(mutex_);
  if (recent_metadata_.size() >= kRecentMetadata) recent_metadata_.erase(recent_metadata_.begin());
  recent_metadata_[blob] = shared;
  return shared;
}

Status NodeStore::put_metadata(const BlobId& blob, const BlobMetadata& metadata) {
  MutexLock making(create_mutex_);  // two uploads of one blob must not make its file twice
  if (has_metadata(blob)) return {};
  WFS_TRY(files_.make_directories(folder_of(blob)));
  WFS_ASSIGN(auto file, BlobFile::create(files_, path_of(blob), blob, metadata));
  MutexLock lock(mutex_);
  records_.emplace(blob, empty_record(*file));
  return {};
}

bool NodeStore::has_sliver(const BlobId& blob, PairIndex pair, Axis axis) {
  MutexLock lock(mutex_);
  auto found = records_.find(blob);
  return found != records_.end() && found->second.stored[at(axis)][slot_of(blob, pair)];
}

Result<Sliver> NodeStore::sliver(const BlobId& blob, PairIndex pair, Axis axis) {
  if (!has_sliver(blob, pair, axis)) return not_stored();
  auto file = open_file(blob);
  if (!file) return after_read_error(blob, file.error(), axis, std::nullopt);
  uint16_t slot = slot_of(blob, pair);
  auto data = (*file)->read_sliver(axis, slot);
  if (!data) return after_read_error(blob, data.error(), axis, slot);
  return Sliver{axis, shape_.sliver_of(axis, pair), (*file)->symbol_bytes(), std::move(*data)};
}

Status NodeStore::put_sliver(const BlobId& blob, const Sliver& sliver) {
  auto file = open_file(blob);
  if (!file) return after_read_error(blob, file.error(), sliver.axis, std::nullopt);
  uint16_t slot = slot_of(blob, shape_.pair_of(sliver.axis, sliver.index));
  if ((*file)->sealed()) WFS_TRY((*file)->unseal());
  WFS_TRY((*file)->write_sliver(sliver.axis, slot, sliver.data));
  set_stored(blob, sliver.axis, slot, true);
  if (!has_all_slivers(blob)) return {};
  Status sealed = seal(blob);
  if (!sealed) set_stored(blob, sliver.axis, slot, false);
  return sealed;
}

Status NodeStore::seal(const BlobId& blob) {
  WFS_ASSIGN(auto file, open_file(blob));
  WFS_TRY(file->seal());
  return files_.sync_directory(folder_of(blob));
}

bool NodeStore::has_all_slivers(const BlobId& blob) {
  MutexLock lock(mutex_);
  auto found = records_.find(blob);
  if (found == records_.end()) return false;
  const auto& stored = found->second.stored;
  return std::all_of(shards_.owned.begin(), shards_.owned.end(),
                     [&](ShardIndex shard) { return stored[0][raw(shard)] && stored[1][raw(shard)]; });
}

std::vector<SliverIndex> NodeStore::slivers_in(const BlobId& blob, Axis axis, const std::vector<bool>& slots) const {
  std::vector<SliverIndex> slivers;
  const uint16_t rotation = shape_.rotation(blob);
  for (uint16_t i = 0; i < shape_.n(); ++i) {
    const SliverIndex index{i};
    if (slots[(raw(shape_.pair_of(axis, index)) + rotation) % shape_.n()]) slivers.push_back(index);
  }
  return slivers;
}

std::vector<SliverIndex> NodeStore::missing(const BlobId& blob, Axis axis) const {
  std::vector<bool> slots;
  {
    MutexLock lock(mutex_);
    slots = owned_;
    auto found = records_.find(blob);
    for (size_t i = 0; found != records_.end() && i < slots.size(); ++i)
      slots[i] = slots[i] && !found->second.stored[at(axis)][i];
  }
  return slivers_in(blob, axis, slots);
}

std::vector<SliverIndex> NodeStore::held(const BlobId& blob, Axis axis) const {
  std::vector<bool> slots(shape_.n());
  {
    MutexLock lock(mutex_);
    if (auto found = records_.find(blob); found != records_.end()) slots = found->second.stored[at(axis)];
  }
  return slivers_in(blob, axis, slots);
}

Result<std::vector<std::pair<SliverIndex, Bytes>>> NodeStore::symbols(const BlobId& blob, Axis axis,
                                                                      uint16_t symbol) {
  std::vector<std::pair<SliverIndex, Bytes>> found;
  if (!has_metadata(blob)) return not_stored();
  auto file = open_file(blob);
  if (!file) return after_read_error(blob, file.error(), axis, std::nullopt);
  for (SliverIndex index : held(blob, axis)) {
    const uint16_t slot = slot_of(blob, shape_.pair_of(axis, index));
    auto bytes = (*file)->read_symbol(axis, slot, symbol);
    if (bytes) {
      found.emplace_back(index, std::move(*bytes));
    } else if (Error error = after_read_error(blob, bytes.error(), axis, slot); error.code() != Code::kNotFound) {
      return error;
    }
  }
  return found;
}

Status NodeStore::drop(const BlobId& blob) {
  {
    MutexLock lock(mutex_);
    records_.erase(blob);
    recent_metadata_.erase(blob);
  }
  Status removed = files_.remove(path_of(blob));
  return removed.ok() || removed.error().code() == Code::kNotFound ? ok_status() : removed;
}

// Nothing is ever written there, so nobody is in the way.
Status NodeStore::look_for_unassigned(const BlobId& blob) {
  if (!has_metadata(blob)) return {};
  std::vector<ShardIndex> others;
  {
    MutexLock lock(mutex_);
    for (uint16_t shard = 0; shard < shape_.n(); ++shard)
      if (!served_[shard]) others.push_back(ShardIndex{shard});
  }
  auto file = open_file(blob);
  if (!file) return {};  // it is missed, or found damaged, when it is read
  WFS_ASSIGN(const Record found, inspect(**file, others));
  for (const Axis axis : {Axis::kPrimary, Axis::kSecondary})
    for (const ShardIndex shard : others)
      if (found.stored[at(axis)][raw(shard)]) set_stored(blob, axis, raw(shard), true);
  return {};
}

Status NodeStore::drop_unassigned(const std::set<BlobId>& kept) {
  Status outcome;
  for (const BlobId& blob : blobs()) {
    if (kept.contains(blob)) continue;
    std::vector<bool> strangers;
    {
      MutexLock lock(mutex_);
      strangers = served_;
      strangers.flip();
    }
    // One damaged file keeps none of the others.
    if (Status erased = erase_slots(blob, strangers); !erased) outcome = erased;
  }
  return outcome;
}

// Forgotten first, so that nobody reads what is just being erased.
Status NodeStore::erase_slots(const BlobId& blob, const std::vector<bool>& slots) {
  std::unique_ptr<BlobFile> file;
  for (Axis axis : {Axis::kPrimary, Axis::kSecondary}) {
    for (SliverIndex index : held(blob, axis)) {
      const uint16_t slot = slot_of(blob, shape_.pair_of(axis, index));
      if (!slots[slot]) continue;
      set_stored(blob, axis, slot, false);
      if (!file) {
        WFS_ASSIGN(file, open_file(blob));
      }
      WFS_TRY(file->erase_sliver(axis, slot));
    }
  }
  return {};
}

Status NodeStore::drop_unless(const BlobId& blob, const std::function<bool()>& wanted) {
  MutexLock making(create_mutex_);  // metadata comes first, so nothing new arrives meanwhile
  {
    MutexLock lock(mutex_);
    records_.erase(blob);
    recent_metadata_.erase(blob);
  }
  if (wanted()) {
    load_file(blob, path_of(blob));
    return {};
  }
  Status removed = files_.remove(path_of(blob));
  return removed.ok() || removed.error().code() == Code::kNotFound ? ok_status() : removed;
}

std::vector<BlobId> NodeStore::blobs() const {
  std::vector<BlobId> ids;
  {
    MutexLock lock(mutex_);
    for (const auto& [id, record] : records_) ids.push_back(id);
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

NodeStoreStatus NodeStore::status() const {
  MutexLock lock(mutex_);
  NodeStoreStatus out;
  out.blobs = records_.size();
  for (const auto& [id, record] : records_) {
    out.bytes += record.metadata_bytes;
    for (size_t axis : {0, 1}) {
      out.slivers += record.stored_count[axis];
      out.bytes += record.stored_count[axis] * record.sliver_bytes[axis];
    }
  }
  out.damaged_found = damaged_found_;
  return out;
}

}  // namespace walrusfs::localnet
