#include "localnet/node_store.h"

#include "base/log.h"

namespace walrusfs::localnet {
namespace {

constexpr size_t kRecentMetadata = 32;  // about 20 KiB each at 301 shards
constexpr std::string_view kSuffix = ".blob";

size_t at(Axis axis) { return static_cast<size_t>(axis); }

Error not_stored() { return Error(Code::kNotFound, "not stored"); }

}  // namespace

NodeStore::NodeStore(Files& files, std::string folder, CodeShape shape, std::vector<ShardIndex> shards)
    : files_(files),
      folder_(std::move(folder)),
      shape_(shape),
      shards_(std::move(shards)),
      slot_by_shard_(shape.n(), -1) {
  for (size_t slot = 0; slot < shards_.size(); ++slot) slot_by_shard_[raw(shards_[slot])] = static_cast<int>(slot);
}

Result<std::unique_ptr<NodeStore>> NodeStore::open(Files& files, std::string folder, CodeShape shape,
                                                   std::vector<ShardIndex> shards) {
  WFS_TRY(files.make_directories(folder));
  std::unique_ptr<NodeStore> store(new NodeStore(files, std::move(folder), shape, std::move(shards)));
  WFS_TRY(store->load());
  return store;
}

Status NodeStore::load() {
  WFS_ASSIGN(auto items, files_.list(folder_));
  for (const auto& item : items)
    if (item.is_directory) WFS_TRY(load_folder(folder_ + "/" + item.name));
  return {};
}

Status NodeStore::load_folder(const std::string& folder) {
  WFS_ASSIGN(auto items, files_.list(folder));
  for (const auto& item : items) {
    const std::string path = folder + "/" + item.name;
    if (item.name.ends_with(".new")) {
      WFS_TRY(files_.remove(path));  // was being made when the program ended
      continue;
    }
    if (!item.name.ends_with(kSuffix)) continue;
    auto blob = BlobId::parse(item.name.substr(0, item.name.size() - kSuffix.size()));
    if (blob) WFS_TRY(load_file(*blob, path));
  }
  return {};
}

Status NodeStore::load_file(const BlobId& blob, const std::string& path) {
  auto file = BlobFile::open(files_, path, blob, shape_, static_cast<uint16_t>(shards_.size()));
  if (!file && file.error().code() != Code::kCorrupt) return file.error();
  if (!file) {
    ++damaged_found_;
    log_warn("{}: {}", path, file.error().message());
    return {};
  }
  WFS_ASSIGN(Record record, inspect(**file));
  MutexLock lock(mutex_);
  records_.emplace(blob, std::move(record));
  return {};
}

// A sealed file was synced as a whole, so its entries are believed until reading proves otherwise. One
// that is not may have lost anything in a crash: its slivers count only if they check out now.
Result<NodeStore::Record> NodeStore::inspect(BlobFile& file) const {
  Record record;
  record.metadata_bytes = file.metadata_bytes();
  for (Axis axis : {Axis::kPrimary, Axis::kSecondary}) {
    record.sliver_bytes[at(axis)] = file.sliver_bytes(axis);
    record.stored[at(axis)].resize(shards_.size());
    for (uint16_t slot = 0; slot < shards_.size(); ++slot) {
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
  return slot_by_shard_[raw(shape_.shard_of(blob, pair))] >= 0;
}

uint16_t NodeStore::slot_of(const BlobId& blob, PairIndex pair) const {
  WFS_CHECK(owns(blob, pair));
  return static_cast<uint16_t>(slot_by_shard_[raw(shape_.shard_of(blob, pair))]);
}

Result<std::unique_ptr<BlobFile>> NodeStore::open_file(const BlobId& blob) {
  return BlobFile::open(files_, path_of(blob), blob, shape_, static_cast<uint16_t>(shards_.size()));
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
  WFS_ASSIGN(auto file,
             BlobFile::create(files_, path_of(blob), blob, metadata, static_cast<uint16_t>(shards_.size())));
  Record record;
  record.metadata_bytes = file->metadata_bytes();
  for (Axis axis : {Axis::kPrimary, Axis::kSecondary}) {
    record.sliver_bytes[at(axis)] = file->sliver_bytes(axis);
    record.stored[at(axis)].resize(shards_.size());
  }
  MutexLock lock(mutex_);
  records_.emplace(blob, std::move(record));
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
  return found != records_.end() && found->second.complete();
}

Result<std::vector<std::pair<SliverIndex, Bytes>>> NodeStore::symbols(const BlobId& blob, Axis axis,
                                                                      uint16_t symbol) {
  std::vector<std::pair<SliverIndex, Bytes>> found;
  if (!has_metadata(blob)) return not_stored();
  auto file = open_file(blob);
  if (!file) return after_read_error(blob, file.error(), axis, std::nullopt);
  for (uint16_t slot = 0; slot < shards_.size(); ++slot) {
    PairIndex pair = shape_.pair_of(blob, shards_[slot]);
    if (!has_sliver(blob, pair, axis)) continue;
    auto bytes = (*file)->read_symbol(axis, slot, symbol);
    if (bytes) {
      found.emplace_back(shape_.sliver_of(axis, pair), std::move(*bytes));
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

std::vector<BlobId> NodeStore::blobs() const {
  MutexLock lock(mutex_);
  std::vector<BlobId> ids;
  for (const auto& [id, record] : records_) ids.push_back(id);
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
