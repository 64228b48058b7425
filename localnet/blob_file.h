// Everything that one storage node keeps of one blob, in one file: metadata and a slot for each sliver of
// the node's shards on both axes. Six hundred tiny files per blob would cost more than their content.
//
// Damage of any kind (torn writes, foreign bytes, another blob's file) is found when it is read, by
// checksums that cover the blob ID too; nothing damaged is ever handed out. That also makes the order of
// writes free: a slot counts only when its data agrees with its entry. Layout: docs/localnet.md.
//
// Different slots may be written and read by several threads at once.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/files.h"
#include "codec/metadata.h"

namespace walrusfs::localnet {

class BlobFile {
 public:
  // A fresh file with metadata and empty slots, under `path` once it is complete. Not synced.
  static Result<std::unique_ptr<BlobFile>> create(Files& files, const std::string& path, const BlobId& blob,
                                                  const BlobMetadata& metadata, uint16_t slots);
  // kCorrupt when the head or the metadata does not check out, or is not that of this blob, shape and
  // number of slots.
  static Result<std::unique_ptr<BlobFile>> open(Files& files, const std::string& path, const BlobId& blob,
                                                const CodeShape& shape, uint16_t slots);

  uint64_t blob_bytes() const { return head_.blob_bytes; }
  uint16_t symbol_bytes() const { return head_.symbol_bytes; }
  uint64_t metadata_bytes() const { return head_.metadata_bytes; }
  uint64_t sliver_bytes(Axis axis) const { return shape_.sliver_bytes(axis, head_.symbol_bytes); }
  // Set once everything in the file has been synced.
  bool sealed() const { return sealed_; }

  Result<Bytes> read_metadata();
  // `data` has sliver_bytes(axis).
  Status write_sliver(Axis axis, uint16_t slot, ByteView data);
  // kNotFound: the slot is empty. kCorrupt: it is damaged.
  Result<Bytes> read_sliver(Axis axis, uint16_t slot);
  Result<Bytes> read_symbol(Axis axis, uint16_t slot, uint16_t symbol);
  // What the slot's entry says, without reading the data.
  Result<bool> has_entry(Axis axis, uint16_t slot);

  // Makes what was written durable, and notes that it is.
  Status seal();

 private:
  struct Head {
    uint64_t blob_bytes = 0;
    uint16_t symbol_bytes = 0;
    uint16_t slots = 0;
    uint32_t metadata_bytes = 0;
    uint32_t metadata_crc = 0;
  };

  BlobFile(std::unique_ptr<File> file, const BlobId& blob, CodeShape shape, Head head);
  static Bytes head_to_bytes(const Head& head, const BlobId& blob, const CodeShape& shape);
  static Result<Head> head_from_bytes(ByteView bytes, const BlobId& blob, const CodeShape& shape, uint16_t slots);

  // Slots are checked in chunks of whole symbols, so that one symbol can be read on its own.
  uint32_t symbols_per_chunk() const;
  uint32_t chunks(Axis axis) const;
  uint64_t entry_bytes(Axis axis) const;
  uint64_t entry_at(Axis axis, uint16_t slot) const;
  uint64_t data_at(Axis axis, uint16_t slot) const;
  uint64_t data_start() const;
  uint32_t chunk_crc(Axis axis, uint16_t slot, uint32_t chunk, ByteView data) const;
  // The checked entry; kNotFound when the slot was never filled.
  Result<Bytes> read_entry(Axis axis, uint16_t slot);
  Result<Bytes> read_chunks(Axis axis, uint16_t slot, uint32_t first, uint32_t count);

  std::unique_ptr<File> file_;
  const BlobId blob_;
  const CodeShape shape_;
  const Head head_;
  bool sealed_ = false;
};

}  // namespace walrusfs::localnet
