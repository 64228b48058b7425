#include "client/memory_store.h"

#include <fmt/format.h>

#include "base/crypto.h"
#include "client/blob_checks.h"
#include "codec/encoder.h"

namespace walrusfs {
namespace {

// Roughly what Walrus bills: 4.5 times the blob and 64 MB of metadata, at one FROST per KiB.
uint64_t price_frost(uint64_t size_bytes, uint32_t epochs) { return (size_bytes * 9 / 2 + 64'000'000) / 1024 * epochs; }

Error not_found(const BlobId& blob) {
  return Error(Code::kNotFound, fmt::format("blob {} is not in the memory store", blob.to_string()));
}

Error no_object(const std::string& blob_object) {
  return Error(Code::kNotFound, fmt::format("there is no blob object {} in the memory store", blob_object));
}

Result<Bytes> read_content(const StoreRequest& request) {
  Bytes content(request.size_bytes);
  WFS_ASSIGN(size_t got, request.content->read_at(0, content));
  if (got != content.size()) {
    return Error(Code::kIo, fmt::format("the content to store ends after {} of {} bytes", got, content.size()));
  }
  return content;
}

}  // namespace

Result<BlobId> digest_blob_id(ByteView content) { return BlobId{blake2b256(content)}; }

BlobIdFunction walrus_blob_ids(uint32_t shards) {
  return [shards](ByteView content) -> Result<BlobId> {
    WFS_ASSIGN(const CodeShape shape, CodeShape::create(shards));
    WFS_ASSIGN(const BlobMetadata metadata, compute_metadata(shape, content));
    return metadata.blob_id();
  };
}

MemoryStore::MemoryStore(MemoryStoreOptions options) : options_(std::move(options)), epoch_(options_.first_epoch) {}

Status MemoryStore::check_available() const {
  if (available_) return ok_status();
  return Error(Code::kUnavailable, "the memory store is switched off");
}

Result<Bytes> MemoryStore::read(const BlobId& blob, ByteRange range, const Verifier& verify, Deadline) {
  WFS_TRY(check_read(range, verify));
  Bytes bytes;
  {
    MutexLock lock(mutex_);
    WFS_TRY(check_available());
    auto found = blobs_.find(blob);
    if (found == blobs_.end() && !range.empty()) return not_found(blob);
    if (!range.empty()) {
      const Bytes& content = found->second.content;
      if (range.end() > content.size()) return range_beyond_end(blob, range, content.size());
      bytes.assign(content.begin() + static_cast<ptrdiff_t>(range.offset),
                   content.begin() + static_cast<ptrdiff_t>(range.end()));
    }
    ++counters_.reads;
    counters_.read_bytes += bytes.size();
  }
  if (auto verdict = verify(bytes); !verdict.ok()) {
    return Error(Code::kCorrupt,
                 "the memory store served wrong bytes of blob " + blob.to_string() + ": " + verdict.error().message());
  }
  return bytes;
}

Result<StoreReceipt> MemoryStore::store(const StoreRequest& request, Deadline) {
  WFS_TRY(check_store(request, options_.max_blob_bytes));
  if (is_cancelled(request.cancel)) return Error(Code::kCancelled, "the upload was cancelled");
  WFS_ASSIGN(Bytes content, read_content(request));
  WFS_ASSIGN(BlobId id, options_.blob_id(content));

  StoreReceipt receipt;
  receipt.certified_by = options_.certified_by;
  {
    MutexLock lock(mutex_);
    WFS_TRY(check_available());
    if (id != request.blob) return blob_id_differs("the memory store", request.blob, id.to_string());
    const uint64_t wanted_end = epoch_ + request.epochs;
    Blob& blob = blobs_[id];
    receipt.already_certified = blob.end_epoch >= wanted_end;
    if (receipt.already_certified) {
      ++counters_.stores_of_known;
    } else {
      receipt.cost_frost = price_frost(content.size(), request.epochs);
      ++counters_.stores;
      counters_.stored_bytes += content.size();
      blob = Blob{std::move(content), fmt::format("0x{:064x}", next_object_++), wanted_end, request.permanent};
    }
    receipt.end_epoch = blob.end_epoch;
    receipt.blob_object = blob.object;
  }
  if (request.on_progress) request.on_progress(request.size_bytes);
  return receipt;
}

Result<BlobStatus> MemoryStore::status(const BlobId& blob, Deadline) {
  MutexLock lock(mutex_);
  WFS_TRY(check_available());
  auto found = blobs_.find(blob);
  if (found == blobs_.end()) return not_found(blob);
  return BlobStatus{true, found->second.content.size(), found->second.end_epoch};
}

MemoryStore::BlobMap::iterator MemoryStore::find_object(const std::string& blob_object) {
  auto at = blobs_.begin();
  while (at != blobs_.end() && at->second.object != blob_object) ++at;
  return at;
}

Status MemoryStore::extend(const std::string& blob_object, uint32_t epochs, Deadline) {
  MutexLock lock(mutex_);
  WFS_TRY(check_available());
  auto found = find_object(blob_object);
  if (found == blobs_.end()) return no_object(blob_object);
  found->second.end_epoch += epochs;
  return ok_status();
}

Status MemoryStore::remove(const std::string& blob_object, Deadline) {
  MutexLock lock(mutex_);
  WFS_TRY(check_available());
  auto found = find_object(blob_object);
  if (found == blobs_.end()) return no_object(blob_object);
  if (found->second.permanent) {
    return Error(Code::kNotPermitted, fmt::format("blob object {} is permanent and cannot be deleted", blob_object));
  }
  blobs_.erase(found);
  return ok_status();
}

Result<uint32_t> MemoryStore::shard_count(Deadline) { return options_.shards; }

void MemoryStore::set_available(bool available) {
  MutexLock lock(mutex_);
  available_ = available;
}

void MemoryStore::advance_epochs(uint32_t epochs) {
  MutexLock lock(mutex_);
  epoch_ += epochs;
  std::erase_if(blobs_, [this](const auto& item) NO_THREAD_SAFETY_ANALYSIS { return item.second.end_epoch <= epoch_; });
}

bool MemoryStore::forget(const BlobId& blob) {
  MutexLock lock(mutex_);
  return blobs_.erase(blob) > 0;
}

bool MemoryStore::damage(const BlobId& blob, uint64_t offset) {
  MutexLock lock(mutex_);
  auto found = blobs_.find(blob);
  if (found == blobs_.end() || offset >= found->second.content.size()) return false;
  found->second.content[offset] ^= 1;
  return true;
}

std::vector<BlobId> MemoryStore::blobs() const {
  MutexLock lock(mutex_);
  std::vector<BlobId> ids;
  for (const auto& item : blobs_) ids.push_back(item.first);
  return ids;
}

Result<Bytes> MemoryStore::content(const BlobId& blob) const {
  MutexLock lock(mutex_);
  auto found = blobs_.find(blob);
  if (found == blobs_.end()) return not_found(blob);
  return found->second.content;
}

MemoryStore::Counters MemoryStore::counters() const {
  MutexLock lock(mutex_);
  return counters_;
}

}  // namespace walrusfs
