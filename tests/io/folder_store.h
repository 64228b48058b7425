// A BlobStore in a folder, so that what one process stored is there for the next one.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "client/blob_store.h"

namespace walrusfs::test {

class FolderStore final : public BlobStore {
 public:
  explicit FolderStore(std::string folder);

  Result<Bytes> read(const BlobId& blob, ByteRange range, const Verifier& verify, Deadline deadline) override;
  Result<StoreReceipt> store(const StoreRequest& request, Deadline deadline) override;
  Result<BlobStatus> status(const BlobId& blob, Deadline deadline) override;
  Status extend(const std::string&, uint32_t, Deadline) override { return ok_status(); }
  Status remove(const std::string&, Deadline) override { return ok_status(); }
  uint64_t max_blob_bytes() const override { return uint64_t{8} << 20; }
  Result<uint32_t> shard_count(Deadline) override;

  std::vector<std::string> blobs();

  std::function<void()> on_event_ = [] {};  // before, in the middle of and after a store, before a read

 private:
  const std::string folder_;
};

}  // namespace walrusfs::test
