#include "tests/io/folder_store.h"

#include <algorithm>

#include "tests/io/volume.h"

namespace walrusfs::test {

FolderStore::FolderStore(std::string folder) : folder_(std::move(folder)) {
  must(system_files().make_directories(folder_));
}

Result<Bytes> FolderStore::read(const BlobId& blob, ByteRange range, const Verifier& verify, Deadline) {
  on_event_();
  WFS_ASSIGN(auto file, system_files().open(folder_ + "/" + blob.to_string(), Files::Open::kRead));
  Bytes out(range.length);
  WFS_ASSIGN(size_t got, file->read_at(range.offset, out));
  out.resize(got);
  WFS_TRY(verify(out));
  return out;
}

Result<StoreReceipt> FolderStore::store(const StoreRequest& request, Deadline) {
  on_event_();
  Bytes content(request.size_bytes);
  WFS_ASSIGN(size_t got, request.content->read_at(0, content));
  content.resize(got);
  WFS_ASSIGN(BlobId id, walrus_blob_id(content));
  if (id != request.blob) return Error(Code::kCorrupt, "the blob has another ID than was said");
  on_event_();
  WFS_TRY(write_file_durably(system_files(), folder_ + "/" + id.to_string(), content));
  on_event_();
  StoreReceipt receipt;
  receipt.end_epoch = 9;
  receipt.certified_by = "publisher";
  return receipt;
}

Result<BlobStatus> FolderStore::status(const BlobId& blob, Deadline) {
  WFS_ASSIGN(auto file, system_files().open(folder_ + "/" + blob.to_string(), Files::Open::kRead));
  WFS_ASSIGN(uint64_t size, file->size());
  return BlobStatus{true, size, 9};
}

Result<uint32_t> FolderStore::shard_count(Deadline) { return kTestShards; }

std::vector<std::string> FolderStore::blobs() {
  std::vector<std::string> out;
  for (const DirectoryItem& item : must(system_files().list(folder_))) out.push_back(item.name);
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace walrusfs::test
