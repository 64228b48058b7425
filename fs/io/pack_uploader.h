// Brings one finished pack to the network and makes sure that it is there. Sends the same bytes however
// often it is asked, and asks the network first when an earlier try may have come through.
//
// For one thread.
#pragma once

#include "base/clock.h"
#include "base/files.h"
#include "client/blob_store.h"
#include "client/cancel.h"
#include "fs/io/held_spool.h"
#include "fs/io/upload_meter.h"
#include "meta/rows.h"

namespace walrusfs {

class PackUploader {
 public:
  struct World {
    HeldSpool& spool;
    BlobStore& store;
    Files& files;
    Clock& clock;
    const CancelToken& cancel;
    UploadMeter& meter;
  };
  struct Options {
    uint32_t epochs = 1;
    bool permanent = false;
  };
  // Everything in `world` must outlive the uploader.
  PackUploader(const World& world, const Options& options) : world_(world), options_(options) {}

  // The row as certified. A store that saw no certificate ("publisher") is believed only after the blob
  // was read back and compared. kTooLarge: the store does not take a blob of this size; kCorrupt: the
  // file, or what the network serves, is not this pack; kStale: the pack's file is gone or cut short.
  Result<PackRow> upload(const PackRow& pack, bool may_be_stored);

 private:
  Result<std::optional<StoreReceipt>> receipt_if_stored(const PackRow& pack);
  Result<std::unique_ptr<File>> open_file(const PackRow& pack);
  Result<StoreReceipt> send(const PackRow& pack, File& file);
  Status check_stored(const PackRow& pack, File& file);
  Deadline deadline_for(uint64_t bytes);

  const World world_;
  const Options options_;
};

// StoreReceipt::certified_by of a writer that hands out no certificate.
constexpr char kByPublisher[] = "publisher";

}  // namespace walrusfs
