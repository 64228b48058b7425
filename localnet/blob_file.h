// Everything that one storage node keeps of one blob, in one file: metadata, and for each shard of the network a slot
// for its two slivers. Six hundred tiny files per blob would cost more than their content. The slots of shards that
// are not the node's are holes, so shards may come and go without anything else moving.
//
// Version 1 had slots for the shards of its node alone, in their order; such files can be read, and are rewritten when
// a node starts (upgrade()).
//
// Damage of any kind (torn writes, foreign bytes, another blob's file) is found when it is read, by
// checksums that cover the blob ID too; nothing damaged is ever handed out. That also makes the order of
// writes free: a slot counts only when its data agrees with its entry. Layout: docs/localnet.md.
//
// Different slots may be written and read by several threads at once.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/files.h"
#include "codec/metadata.h"

namespace walrusfs::localnet {

class BlobFile {
 public:
  // A fresh file with metadata and empty slots, under `path` once it is complete. Not synced.
  static Result<std::unique_ptr<BlobFile>> create(Files& files, const std::string& path, const BlobId& blob,
                                                  const BlobMetadata& metadata);
  // kCorrupt when the head does not check out, or is not that of this blob and shape.
  static Result<std::unique_ptr<BlobFile>> open(Files& files, const std::string& path, const BlobId& blob,
                                                const CodeShape& shape);
  // A file of version 1 becomes one of the present version, with what is intact in it; `shards` are those of its
  // slots. kCorrupt when they are not as many. A crash leaves either the one or the other.
  static Result<std::unique_ptr<BlobFile>> upgrade(Files& files, const std::string& path, BlobFile& old,
                                                   std::span<const ShardIndex> shards);

  uint32_t version() const { return head_.version; }
  // As many as the network has shards; slot k is that of shard k (but in version 1).
  uint16_t slots() const { return head_.slots; }

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
  // What the slot's entry says, without reading the data; false where the file ends before it.
  Result<bool> has_entry(Axis axis, uint16_t slot);

  // Empties the slot and gives its room back. Not synced: it may be there again after a crash.
  Status erase_sliver(Axis axis, uint16_t slot);

  // Makes what was written durable, and notes that it is.
  Status seal();
  // Durably takes that back, before something is written that the seal would vouch for.
  Status unseal();

 private:
  struct Head {
    uint32_t version = 0;
    uint64_t blob_bytes = 0;
    uint16_t symbol_bytes = 0;
    uint16_t slots = 0;
    uint32_t metadata_bytes = 0;
    uint32_t metadata_crc = 0;
  };

  BlobFile(std::unique_ptr<File> file, const BlobId& blob, CodeShape shape, Head head);
  // Under a name of its own, to be renamed.
  static Result<std::unique_ptr<BlobFile>> make(Files& files, const std::string& path, const BlobId& blob,
                                                const CodeShape& shape, Head head, ByteView metadata_bcs);
  Status copy_slivers(BlobFile& from, std::span<const ShardIndex> shards);
  static Bytes head_to_bytes(const Head& head, const BlobId& blob, const CodeShape& shape);
  static Result<Head> head_from_bytes(ByteView bytes, const BlobId& blob, const CodeShape& shape);

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
