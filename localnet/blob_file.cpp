#include "localnet/blob_file.h"

#include <algorithm>

#include "base/checksum.h"

namespace walrusfs::localnet {
namespace {

constexpr std::string_view kMagic = "WFSNODE1";
constexpr std::string_view kSealText = "SEALED01";
constexpr uint32_t kFilled = 0x44454c46;  // "FLED"

// The head, then the seal in a sector of its own, so that writing it cannot tear the head.
constexpr size_t kHeadBytes = 512;
constexpr uint64_t kSealAt = 512;
constexpr uint64_t kMetadataAt = 1024;
constexpr uint64_t kDataAlignment = 4096;
// Entries grow by 4 bytes per chunk; reading one symbol reads one chunk.
constexpr uint32_t kChunkBytes = 4096;

constexpr size_t kAtVersion = 8, kAtShards = 12, kAtSlots = 14, kAtBlobBytes = 16, kAtSymbolBytes = 24,
                 kAtMetadataBytes = 28, kAtMetadataCrc = 32, kAtBlobId = 36, kAtCrc = kHeadBytes - 4;
constexpr uint32_t kVersion = 2;
static_assert(kAtBlobId + sizeof(Digest) <= kAtCrc);

uint64_t align_up(uint64_t value, uint64_t to) { return (value + to - 1) / to * to; }

Error damaged(const std::string& what) { return Error(Code::kCorrupt, "a node's blob file is damaged: " + what); }

Status read_exactly(File& file, uint64_t at, MutableByteView out, const char* what) {
  WFS_ASSIGN(size_t got, file.read_at(at, out));
  if (got != out.size()) return damaged(std::string(what) + " is cut off");
  return {};
}

}  // namespace

BlobFile::BlobFile(std::unique_ptr<File> file, const BlobId& blob, CodeShape shape, Head head)
    : file_(std::move(file)), blob_(blob), shape_(shape), head_(head) {}

Bytes BlobFile::head_to_bytes(const Head& head, const BlobId& blob, const CodeShape& shape) {
  Bytes out(kHeadBytes);
  std::copy(kMagic.begin(), kMagic.end(), out.begin());
  store_le(&out[kAtVersion], head.version);
  store_le(&out[kAtShards], shape.n());
  store_le(&out[kAtSlots], head.slots);
  store_le(&out[kAtBlobBytes], head.blob_bytes);
  store_le(&out[kAtSymbolBytes], head.symbol_bytes);
  store_le(&out[kAtMetadataBytes], head.metadata_bytes);
  store_le(&out[kAtMetadataCrc], head.metadata_crc);
  std::copy(blob.bytes.begin(), blob.bytes.end(), &out[kAtBlobId]);
  store_le(&out[kAtCrc], crc32c(ByteView(out).first(kAtCrc)));
  return out;
}

Result<BlobFile::Head> BlobFile::head_from_bytes(ByteView bytes, const BlobId& blob, const CodeShape& shape) {
  if (as_text(bytes.first(kMagic.size())) != kMagic) return damaged("it does not start as one");
  if (load_le<uint32_t>(&bytes[kAtCrc]) != crc32c(bytes.first(kAtCrc))) return damaged("its head");
  Head head;
  head.version = load_le<uint32_t>(&bytes[kAtVersion]);
  if (head.version > kVersion)
    return Error(Code::kNewerVersion, "a node's blob file was written by a newer version of this program");
  head.slots = load_le<uint16_t>(&bytes[kAtSlots]);
  head.blob_bytes = load_le<uint64_t>(&bytes[kAtBlobBytes]);
  head.symbol_bytes = load_le<uint16_t>(&bytes[kAtSymbolBytes]);
  head.metadata_bytes = load_le<uint32_t>(&bytes[kAtMetadataBytes]);
  head.metadata_crc = load_le<uint32_t>(&bytes[kAtMetadataCrc]);
  auto expected_symbol = shape.symbol_bytes(head.blob_bytes);
  const bool slots_fit = head.version == kVersion ? head.slots == shape.n() : head.slots <= shape.n();
  bool ours = slots_fit && equal(bytes.subspan(kAtBlobId, sizeof(Digest)), blob.bytes) &&
              load_le<uint16_t>(&bytes[kAtShards]) == shape.n() && expected_symbol.ok() &&
              *expected_symbol == head.symbol_bytes && head.metadata_bytes <= max_metadata_bytes(shape);
  if (!ours) return damaged("it is that of another blob or network");
  return head;
}

Result<std::unique_ptr<BlobFile>> BlobFile::make(Files& files, const std::string& path, const BlobId& blob,
                                                 const CodeShape& shape, Head head, ByteView metadata_bcs) {
  WFS_ASSIGN(auto file, files.open(path, Files::Open::kCreate));
  WFS_TRY(file->truncate(0));
  std::unique_ptr<BlobFile> made(new BlobFile(std::move(file), blob, shape, head));
  WFS_TRY(made->file_->write_at(0, head_to_bytes(head, blob, shape)));
  WFS_TRY(made->file_->write_at(kMetadataAt, metadata_bcs));
  WFS_TRY(made->file_->truncate(made->data_at(Axis::kSecondary, head.slots)));
  return made;
}

Result<std::unique_ptr<BlobFile>> BlobFile::create(Files& files, const std::string& path, const BlobId& blob,
                                                   const BlobMetadata& metadata) {
  Bytes metadata_bcs = metadata.to_bytes();
  Head head;
  head.version = kVersion;
  head.blob_bytes = metadata.blob_bytes();
  head.symbol_bytes = metadata.symbol_bytes();
  head.slots = metadata.shape().n();
  head.metadata_bytes = static_cast<uint32_t>(metadata_bcs.size());
  head.metadata_crc = crc32c(metadata_bcs);

  const std::string temporary = path + ".new";
  WFS_ASSIGN(auto made, make(files, temporary, blob, metadata.shape(), head, metadata_bcs));
  WFS_TRY(files.rename(temporary, path));
  return made;
}

Result<std::unique_ptr<BlobFile>> BlobFile::upgrade(Files& files, const std::string& path, BlobFile& old,
                                                    std::span<const ShardIndex> shards) {
  if (old.slots() != shards.size()) return damaged("it has other slots than its node has shards");
  WFS_ASSIGN(Bytes metadata_bcs, old.read_metadata());
  Head head = old.head_;
  head.version = kVersion;
  head.slots = old.shape_.n();
  const std::string temporary = path + ".new";
  WFS_ASSIGN(auto made, make(files, temporary, old.blob_, old.shape_, head, metadata_bcs));
  WFS_TRY(made->copy_slivers(old, shards));
  if (old.sealed()) {
    WFS_TRY(made->seal());
  } else {
    WFS_TRY(made->file_->sync_data());  // before the old file goes
  }
  WFS_TRY(files.rename(temporary, path));
  return made;
}

// What is damaged or missing stays out.
Status BlobFile::copy_slivers(BlobFile& from, std::span<const ShardIndex> shards) {
  for (Axis axis : {Axis::kPrimary, Axis::kSecondary}) {
    for (uint16_t slot = 0; slot < shards.size(); ++slot) {
      auto sliver = from.read_sliver(axis, slot);
      if (sliver) {
        WFS_TRY(write_sliver(axis, raw(shards[slot]), *sliver));
      } else if (sliver.error().code() != Code::kNotFound && sliver.error().code() != Code::kCorrupt) {
        return sliver.error();
      }
    }
  }
  return {};
}

Result<std::unique_ptr<BlobFile>> BlobFile::open(Files& files, const std::string& path, const BlobId& blob,
                                                 const CodeShape& shape) {
  WFS_ASSIGN(auto file, files.open(path, Files::Open::kReadWrite));
  Bytes raw_head(kHeadBytes);
  WFS_TRY(read_exactly(*file, 0, raw_head, "its head"));
  WFS_ASSIGN(Head head, head_from_bytes(raw_head, blob, shape));
  std::unique_ptr<BlobFile> opened(new BlobFile(std::move(file), blob, shape, head));
  uint8_t seal[kSealText.size()];
  WFS_TRY(read_exactly(*opened->file_, kSealAt, seal, "its seal"));
  opened->sealed_ = as_text(seal) == kSealText;
  return opened;
}

uint32_t BlobFile::symbols_per_chunk() const { return std::max(1u, kChunkBytes / head_.symbol_bytes); }

uint32_t BlobFile::chunks(Axis axis) const {
  return (shape_.symbols_per_sliver(axis) + symbols_per_chunk() - 1) / symbols_per_chunk();
}

// Mark, one checksum per chunk, checksum of the entry itself.
uint64_t BlobFile::entry_bytes(Axis axis) const { return 4 + uint64_t{4} * chunks(axis) + 4; }

uint64_t BlobFile::entry_at(Axis axis, uint16_t slot) const {
  uint64_t tables = kMetadataAt + align_up(head_.metadata_bytes, 8);
  if (axis == Axis::kSecondary) tables += head_.slots * entry_bytes(Axis::kPrimary);
  return tables + slot * entry_bytes(axis);
}

uint64_t BlobFile::data_start() const { return align_up(entry_at(Axis::kSecondary, head_.slots), kDataAlignment); }

uint64_t BlobFile::data_at(Axis axis, uint16_t slot) const {
  uint64_t start = data_start();
  if (axis == Axis::kSecondary) start += head_.slots * sliver_bytes(Axis::kPrimary);
  return start + slot * sliver_bytes(axis);
}

// The place is part of the sum, so that intact bytes in a wrong place do not pass.
uint32_t BlobFile::chunk_crc(Axis axis, uint16_t slot, uint32_t chunk, ByteView data) const {
  uint8_t place[sizeof(Digest) + 8];
  std::copy(blob_.bytes.begin(), blob_.bytes.end(), place);
  store_le(place + sizeof(Digest), static_cast<uint16_t>(axis));
  store_le(place + sizeof(Digest) + 2, slot);
  store_le(place + sizeof(Digest) + 4, chunk);
  return crc32c(data, crc32c(place));
}

Result<Bytes> BlobFile::read_metadata() {
  Bytes metadata(head_.metadata_bytes);
  WFS_TRY(read_exactly(*file_, kMetadataAt, metadata, "its metadata"));
  if (crc32c(metadata) != head_.metadata_crc) return damaged("its metadata");
  return metadata;
}

Status BlobFile::write_sliver(Axis axis, uint16_t slot, ByteView data) {
  WFS_CHECK(data.size() == sliver_bytes(axis) && slot < head_.slots);
  const size_t chunk_bytes = size_t{symbols_per_chunk()} * head_.symbol_bytes;
  Bytes entry;
  append_le(entry, kFilled);
  for (uint32_t chunk = 0; chunk < chunks(axis); ++chunk) {
    ByteView part = data.subspan(chunk * chunk_bytes);
    append_le(entry, chunk_crc(axis, slot, chunk, part.first(std::min(part.size(), chunk_bytes))));
  }
  append_le(entry, chunk_crc(axis, slot, chunks(axis), entry));
  WFS_TRY(file_->write_at(data_at(axis, slot), data));
  return file_->write_at(entry_at(axis, slot), entry);
}

Result<Bytes> BlobFile::read_entry(Axis axis, uint16_t slot) {
  Bytes entry(entry_bytes(axis));
  WFS_TRY(read_exactly(*file_, entry_at(axis, slot), entry, "an entry"));
  if (std::all_of(entry.begin(), entry.end(), [](uint8_t byte) { return byte == 0; }))
    return Error(Code::kNotFound, "the sliver is not stored");
  ByteView summed = ByteView(entry).first(entry.size() - 4);
  bool intact = load_le<uint32_t>(entry.data()) == kFilled &&
                load_le<uint32_t>(&entry[entry.size() - 4]) == chunk_crc(axis, slot, chunks(axis), summed);
  if (!intact) return damaged("an entry");
  return entry;
}

Result<Bytes> BlobFile::read_chunks(Axis axis, uint16_t slot, uint32_t first, uint32_t count) {
  WFS_ASSIGN(Bytes entry, read_entry(axis, slot));
  const uint64_t chunk_bytes = uint64_t{symbols_per_chunk()} * head_.symbol_bytes;
  const uint64_t begin = first * chunk_bytes;
  Bytes data(std::min(count * chunk_bytes, sliver_bytes(axis) - begin));
  WFS_TRY(read_exactly(*file_, data_at(axis, slot) + begin, data, "a sliver"));
  for (uint32_t i = 0; i < count; ++i) {
    ByteView part = ByteView(data).subspan(i * chunk_bytes);
    part = part.first(std::min<uint64_t>(part.size(), chunk_bytes));
    if (load_le<uint32_t>(&entry[4 + uint64_t{4} * (first + i)]) != chunk_crc(axis, slot, first + i, part))
      return damaged("a sliver");
  }
  return data;
}

Result<Bytes> BlobFile::read_sliver(Axis axis, uint16_t slot) { return read_chunks(axis, slot, 0, chunks(axis)); }

Result<Bytes> BlobFile::read_symbol(Axis axis, uint16_t slot, uint16_t symbol) {
  WFS_CHECK(symbol < shape_.symbols_per_sliver(axis));
  WFS_ASSIGN(Bytes chunk, read_chunks(axis, slot, symbol / symbols_per_chunk(), 1));
  size_t at = size_t{symbol % symbols_per_chunk()} * head_.symbol_bytes;
  return to_bytes(ByteView(chunk).subspan(at, head_.symbol_bytes));
}

Result<bool> BlobFile::has_entry(Axis axis, uint16_t slot) {
  auto entry = read_entry(axis, slot);
  if (!entry && entry.error().code() != Code::kNotFound && entry.error().code() != Code::kCorrupt) return entry.error();
  if (!entry) return false;
  WFS_ASSIGN(const uint64_t bytes, file_->size());
  return data_at(axis, slot) + sliver_bytes(axis) <= bytes;
}

Status BlobFile::erase_sliver(Axis axis, uint16_t slot) {
  WFS_CHECK(slot < head_.slots);
  WFS_TRY(file_->write_at(entry_at(axis, slot), Bytes(entry_bytes(axis))));
  Status punched = file_->punch_hole({data_at(axis, slot), sliver_bytes(axis)});
  // Where files can have no holes the room comes back with the file's end.
  return punched.ok() || punched.error().code() == Code::kNotSupported ? ok_status() : punched;
}

Status BlobFile::unseal() {
  WFS_TRY(file_->write_at(kSealAt, Bytes(kSealText.size())));
  WFS_TRY(file_->sync_data());
  sealed_ = false;
  return {};
}

Status BlobFile::seal() {
  WFS_TRY(file_->sync_data());
  WFS_TRY(file_->write_at(kSealAt, as_bytes(kSealText)));  // losing it costs one check after a restart
  sealed_ = true;
  return {};
}

}  // namespace walrusfs::localnet
