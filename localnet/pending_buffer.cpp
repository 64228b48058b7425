#include "localnet/pending_buffer.h"

namespace walrusfs::localnet {

std::vector<Sliver> PendingBuffer::release(Upload& upload) {
  std::vector<Sliver> slivers;
  slivers_ -= upload.slivers.size();
  for (auto& [key, sliver] : upload.slivers) {
    sliver_bytes_ -= sliver.data.size();
    slivers.push_back(std::move(sliver));
  }
  upload.slivers.clear();
  return slivers;
}

void PendingBuffer::drop_expired() {
  for (auto at = uploads_.begin(); at != uploads_.end();) {
    const bool over = clock_.passed(at->second.until);
    if (over) (void)release(at->second);
    at = over ? uploads_.erase(at) : std::next(at);
  }
}

PendingBuffer::Upload* PendingBuffer::find(const BlobId& blob) {
  drop_expired();
  auto found = uploads_.find(blob);
  return found == uploads_.end() ? nullptr : &found->second;
}

bool PendingBuffer::put_metadata(const BlobId& blob, BlobMetadata metadata) {
  MutexLock lock(mutex_);
  if (find(blob) != nullptr) return true;
  if (uploads_.size() >= limits_.blobs) return false;
  Upload& upload = uploads_[blob];
  upload.metadata = std::make_shared<const BlobMetadata>(std::move(metadata));
  upload.until = clock_.in(limits_.time_to_live);
  return true;
}

std::shared_ptr<const BlobMetadata> PendingBuffer::metadata(const BlobId& blob) {
  MutexLock lock(mutex_);
  const Upload* upload = find(blob);
  return upload == nullptr ? nullptr : upload->metadata;
}

bool PendingBuffer::put_sliver(const BlobId& blob, Sliver sliver) {
  MutexLock lock(mutex_);
  Upload* upload = find(blob);
  const uint64_t bytes = sliver.data.size();
  const bool room =
      bytes <= limits_.sliver_bytes && slivers_ < limits_.slivers && sliver_bytes_ + bytes <= limits_.all_sliver_bytes;
  if (upload == nullptr || !room) return false;
  const std::pair key(sliver.axis, sliver.index);
  if (!upload->slivers.emplace(key, std::move(sliver)).second) return true;
  ++slivers_;
  sliver_bytes_ += bytes;
  return true;
}

bool PendingBuffer::has_sliver(const BlobId& blob, Axis axis, SliverIndex index) {
  MutexLock lock(mutex_);
  const Upload* upload = find(blob);
  return upload != nullptr && upload->slivers.contains({axis, index});
}

std::vector<Sliver> PendingBuffer::take_slivers(const BlobId& blob) {
  MutexLock lock(mutex_);
  Upload* upload = find(blob);
  return upload == nullptr ? std::vector<Sliver>() : release(*upload);
}

bool PendingBuffer::forget_if_empty(const BlobId& blob) {
  MutexLock lock(mutex_);
  const Upload* upload = find(blob);
  if (upload != nullptr && !upload->slivers.empty()) return false;
  uploads_.erase(blob);
  return true;
}

}  // namespace walrusfs::localnet
