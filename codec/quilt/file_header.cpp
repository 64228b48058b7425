#include "codec/quilt/file_header.h"

#include "codec/quilt/identifier.h"

namespace walrusfs::quilt {
namespace {

constexpr uint8_t kFileVersion = 1;
constexpr uint8_t kHasTags = 1;
constexpr uint64_t kFixedBytes = 1 + 4 + 1;  // version, length, mask
constexpr uint64_t kFieldLengthBytes = 2;
constexpr const char* kWhat = "a file in a quilt";

// The fields in front of a file's data, one behind the other. Each has its length in front of it.
class FieldReader {
 public:
  // `end`: the file's bytes end there.
  FieldReader(uint64_t end, const FetchBytes& fetch) : end_(end), fetch_(fetch) {}

  Result<Bytes> next() {
    WFS_ASSIGN(const Bytes length_bytes, take(kFieldLengthBytes));
    return take(load_le<uint16_t>(length_bytes.data()));
  }
  uint64_t at() const { return at_; }

 private:
  Result<Bytes> take(uint64_t bytes) {
    if (bytes > end_ - at_) return BcsReader({}, kWhat).fail("its header is longer than the file");
    WFS_ASSIGN(Bytes taken, fetch_(ByteRange{at_, bytes}));
    at_ += bytes;
    return taken;
  }

  const uint64_t end_;
  const FetchBytes& fetch_;
  uint64_t at_ = kFixedBytes;
};

Result<std::string> parse_identifier(ByteView field) {
  BcsReader in(field, kWhat);
  WFS_ASSIGN(std::string identifier, read_string(in, kMaxIdentifierBcsBytes));
  WFS_TRY(in.finish());
  return identifier;
}

Result<Tags> parse_tags(ByteView field) {
  BcsReader in(field, kWhat);
  WFS_ASSIGN(Tags tags, Tags::read(in));
  WFS_TRY(in.finish());
  return tags;
}

}  // namespace

uint64_t file_header_bytes(std::string_view identifier, const Tags& tags) {
  const uint64_t tags_field = tags.empty() ? 0 : kFieldLengthBytes + tags.bcs().size();
  return kFixedBytes + kFieldLengthBytes + bcs_string_bytes(identifier) + tags_field;
}

Result<Bytes> make_file_header(std::string_view identifier, const Tags& tags, uint64_t data_bytes) {
  const uint64_t after_fixed = file_header_bytes(identifier, tags) - kFixedBytes;
  if (data_bytes > UINT32_MAX - after_fixed) {
    return Error(Code::kTooLarge, "a file of " + std::to_string(data_bytes) +
                                      " bytes is too large for a quilt, whose files end below 4 GiB");
  }
  BcsWriter out;
  out.u8(kFileVersion);
  out.u32(static_cast<uint32_t>(after_fixed + data_bytes));
  out.u8(tags.empty() ? 0 : kHasTags);
  out.u16(static_cast<uint16_t>(bcs_string_bytes(identifier)));
  write_string(out, identifier);
  if (!tags.empty()) {
    out.u16(static_cast<uint16_t>(tags.bcs().size()));
    out.raw(tags.bcs());
  }
  return out.take();
}

Result<FileHeader> read_file_header(uint64_t capacity_bytes, const FetchBytes& fetch) {
  if (capacity_bytes < kFixedBytes) return BcsReader({}, kWhat).fail("its columns are too short");
  WFS_ASSIGN(const Bytes fixed, fetch(ByteRange{0, kFixedBytes}));
  BcsReader in(fixed, kWhat);
  WFS_ASSIGN(const uint8_t version, in.u8());
  WFS_ASSIGN(const uint32_t length, in.u32());
  WFS_ASSIGN(const uint8_t mask, in.u8());
  if (version != kFileVersion) return in.fail("no file begins here, or its version is unknown");
  if ((mask & ~kHasTags) != 0) return in.fail("it has fields that are unknown");
  if (length > capacity_bytes - kFixedBytes) return in.fail("it is longer than its columns");

  FileHeader header;
  FieldReader fields(kFixedBytes + length, fetch);
  WFS_ASSIGN(const Bytes identifier, fields.next());
  WFS_ASSIGN(header.identifier, parse_identifier(identifier));
  if ((mask & kHasTags) != 0) {
    WFS_ASSIGN(const Bytes tags, fields.next());
    WFS_ASSIGN(header.tags, parse_tags(tags));
  }
  header.data = {fields.at(), kFixedBytes + length - fields.at()};
  return header;
}

}  // namespace walrusfs::quilt
