// Member → tar headers.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/limits.h"
#include "base/utf8.h"
#include "codec/pack/acl_text.h"
#include "codec/pack/tar_block.h"
#include "codec/pack/tar_format.h"
#include "codec/pack/text_fields.h"

namespace walrusfs::pack {
namespace {

constexpr size_t kNameField = sizeof(TarBlock::name);

bool is_ascii(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 128; });
}

template <size_t kSize>
void put_text(char (&field)[kSize], std::string_view text) {
  std::copy_n(text.begin(), std::min(text.size(), kSize), field);
}

// All digits but the last byte of the field, which stays NUL.
template <size_t kSize>
void put_octal(char (&field)[kSize], uint64_t value) {
  for (size_t i = kSize - 1; i-- > 0; value /= 8) field[i] = static_cast<char>('0' + value % 8);
}

void put_checksum(TarBlock& block) {
  uint32_t sum = tar_checksum(block);
  for (size_t i = 6; i-- > 0; sum /= 8) block.checksum[i] = static_cast<char>('0' + sum % 8);
  block.checksum[6] = '\0';
  block.checksum[7] = ' ';
}

// Fills in what all headers have in common.
void append_block(Bytes& out, TarBlock& block) {
  put_text(block.magic, "ustar");
  put_text(block.version, "00");
  put_checksum(block);
  append(out, ByteView(reinterpret_cast<const uint8_t*>(&block), sizeof block));
}

void pad_block(Bytes& out) { out.resize(out.size() + tar_padding(out.size())); }

// "LENGTH KEYWORD=VALUE\n", where LENGTH counts its own digits.
void put_record(Bytes& out, std::string_view keyword, ByteView value) {
  size_t rest = keyword.size() + value.size() + 3;
  size_t length = rest + 1;
  while (rest + std::to_string(length).size() != length) length = rest + std::to_string(length).size();
  append(out, as_bytes(fmt::format("{} {}=", length, keyword)));
  append(out, value);
  out.push_back('\n');
}
void put_record(Bytes& out, std::string_view keyword, std::string_view value) {
  put_record(out, keyword, as_bytes(value));
}

std::string decimal_time(Timestamp time) {
  const bool negative = time.ns < 0;
  const uint64_t ns = negative ? ~static_cast<uint64_t>(time.ns) + 1 : static_cast<uint64_t>(time.ns);
  std::string text = fmt::format("{}{}", negative ? "-" : "", ns / Timestamp::kNsPerSecond);
  if (ns % Timestamp::kNsPerSecond == 0) return text;
  text += fmt::format(".{:09}", ns % Timestamp::kNsPerSecond);
  while (text.back() == '0') text.pop_back();
  return text;
}

bool fits_mtime_field(Timestamp time) {
  return time.ns >= 0 && time.nanoseconds() == 0 && static_cast<uint64_t>(time.seconds()) <= kTarLargestSize;
}

bool is_sparse(const Member& member) { return member.data_ranges.has_value() && member.size > 0; }

std::string sparse_map(const Member& member, const std::vector<ByteRange>& map) {
  std::string lines;
  size_t count = map.size();
  for (const ByteRange& range : map) lines += fmt::format("{}\n{}\n", range.offset, range.length);
  if (map.empty() || map.back().end() < member.size) {
    lines += fmt::format("{}\n0\n", member.size);
    ++count;
  }
  std::string text = fmt::format("{}\n{}", count, lines);
  text.resize(text.size() + tar_padding(text.size()), '\0');
  return text;
}

ByteRange widened_to_blocks(const ByteRange& range, uint64_t file_bytes) {
  uint64_t start = range.offset - range.offset % kTarBlockBytes;
  uint64_t end = std::min(range.end() + tar_padding(range.end()), file_bytes);
  return {start, end - start};
}

std::string xattr_keyword(const std::string& name) {
  std::string keyword = kXattrKeyword;
  for (char c : name) {
    if (c == '%')
      keyword += "%25";
    else if (c == '=')
      keyword += "%3D";
    else
      keyword += c;
  }
  return keyword;
}

// A directory's path ends in '/', so that every tar takes it for one.
std::string tar_path(const Member& member) {
  return member.type == MemberType::kDirectory ? member.path + "/" : member.path;
}

void put_name_records(Bytes& out, const Member& member, const std::string& path) {
  const std::string& target = member.link_target;
  if (!is_utf8(path) || !is_utf8(target) || !is_utf8(member.comment)) put_record(out, "hdrcharset", "BINARY");
  if (!is_sparse(member) && (path.size() > kNameField || !is_ascii(path))) put_record(out, "path", path);
  if (target.size() > kNameField || !is_ascii(target)) put_record(out, "linkpath", target);
}

void put_number_records(Bytes& out, const Member& member, uint64_t stored_bytes) {
  if (stored_bytes > kTarLargestSize) put_record(out, "size", std::to_string(stored_bytes));
  if (member.uid > kTarLargestOwner) put_record(out, "uid", std::to_string(member.uid));
  if (member.gid > kTarLargestOwner) put_record(out, "gid", std::to_string(member.gid));
  if (!fits_mtime_field(member.mtime)) put_record(out, "mtime", decimal_time(member.mtime));
  if (member.atime) put_record(out, "atime", decimal_time(*member.atime));
  if (member.ctime) put_record(out, "ctime", decimal_time(*member.ctime));
}

// What breaks the rules of lists stands as an xattr only.
void put_acl_records(Bytes& out, const std::vector<const Xattr*>& xattrs) {
  for (const AclRecord& record : kAclRecords) {
    for (const Xattr* xattr : xattrs) {
      if (xattr->name != record.xattr) continue;
      if (const Result<Acl> acl = Acl::parse(xattr->value); acl.ok()) put_record(out, record.keyword, print_acl(*acl));
    }
  }
}

void put_xattr_records(Bytes& out, const Member& member) {
  std::vector<const Xattr*> sorted;
  for (const Xattr& xattr : member.xattrs) sorted.push_back(&xattr);
  std::sort(sorted.begin(), sorted.end(), [](const Xattr* a, const Xattr* b) { return a->name < b->name; });
  put_acl_records(out, sorted);
  for (const Xattr* xattr : sorted) put_record(out, xattr_keyword(xattr->name), ByteView(xattr->value));
}

Bytes extended_records(const Member& member, const std::string& path, uint64_t stored_bytes) {
  Bytes out;
  put_name_records(out, member, path);
  put_number_records(out, member, stored_bytes);
  if (is_sparse(member)) {
    put_record(out, "GNU.sparse.major", "1");
    put_record(out, "GNU.sparse.minor", "0");
    put_record(out, "GNU.sparse.name", path);
    put_record(out, "GNU.sparse.realsize", std::to_string(member.size));
  }
  put_xattr_records(out, member);
  if (!member.comment.empty()) put_record(out, "comment", member.comment);
  return out;
}

char type_letter(MemberType type) {
  switch (type) {
    case MemberType::kFile: return '0';
    case MemberType::kHardLink: return '1';
    case MemberType::kSymlink: return '2';
    case MemberType::kCharDevice: return '3';
    case MemberType::kBlockDevice: return '4';
    case MemberType::kDirectory: return '5';
    case MemberType::kFifo: return '6';
  }
  WFS_CHECK(false);
}

void append_extended_header(Bytes& out, const Bytes& records) {
  TarBlock block{};
  put_text(block.name, "PaxHeaders/member");
  put_octal(block.mode, 0644);
  put_octal(block.uid, 0);
  put_octal(block.gid, 0);
  put_octal(block.size, records.size());
  put_octal(block.mtime, 0);
  put_octal(block.device_major, 0);
  put_octal(block.device_minor, 0);
  block.type = kTarExtendedType;
  append_block(out, block);
  append(out, records);
  pad_block(out);
}

void append_member_header(Bytes& out, const Member& member, const std::string& path, uint64_t stored_bytes) {
  TarBlock block{};
  put_text(block.name, is_sparse(member) ? kSparseNamePrefix + path : path);
  put_text(block.link_name, member.link_target);
  put_octal(block.mode, member.mode);
  put_octal(block.uid, member.uid > kTarLargestOwner ? 0 : member.uid);
  put_octal(block.gid, member.gid > kTarLargestOwner ? 0 : member.gid);
  put_octal(block.size, stored_bytes > kTarLargestSize ? 0 : stored_bytes);
  int64_t seconds = member.mtime.seconds();
  put_octal(block.mtime, seconds < 0 || static_cast<uint64_t>(seconds) > kTarLargestSize ? 0 : seconds);
  block.type = type_letter(member.type);
  put_octal(block.device_major, member.device_major);
  put_octal(block.device_minor, member.device_minor);
  append_block(out, block);
}

}  // namespace

uint32_t tar_checksum(const TarBlock& block) {
  TarBlock spaced = block;
  std::fill(std::begin(spaced.checksum), std::end(spaced.checksum), ' ');
  const auto* bytes = reinterpret_cast<const uint8_t*>(&spaced);
  uint32_t sum = 0;
  for (size_t i = 0; i < sizeof spaced; ++i) sum += bytes[i];
  return sum;
}

StoredContent stored_content(const Member& member) {
  StoredContent out;
  if (member.type != MemberType::kFile || !is_sparse(member)) {
    if (member.content_bytes() > 0) out.data = {{0, member.content_bytes()}};
    out.zeros_before.assign(out.data.size() + 1, 0);
    out.bytes = member.content_bytes();
    return out;
  }
  out.data = *member.data_ranges;
  uint64_t told = 0;  // where the data before ends
  for (const ByteRange& data : out.data) {
    const ByteRange wide = widened_to_blocks(data, member.size);
    if (!out.map.empty() && wide.offset <= out.map.back().end()) {
      out.zeros_before.push_back(data.offset - told);
      out.map.back().length = wide.end() - out.map.back().offset;
    } else {
      out.zeros_before.push_back((out.map.empty() ? 0 : out.map.back().end() - told) + data.offset - wide.offset);
      out.map.push_back(wide);
    }
    told = data.end();
  }
  out.zeros_before.push_back(out.map.empty() ? 0 : out.map.back().end() - told);
  for (const ByteRange& range : out.map) out.bytes += range.length;
  return out;
}

Result<Bytes> tar_headers(const Member& member, const StoredContent& content) {
  WFS_TRY(check_member(member));
  const std::string path = tar_path(member);
  const std::string map = is_sparse(member) ? sparse_map(member, content.map) : "";
  const uint64_t stored_bytes = map.size() + content.bytes;
  const Bytes records = extended_records(member, path, stored_bytes);
  Bytes out;
  if (records.size() > limits::kTarExtendedHeaderBytes) {
    return Error(Code::kTooLarge,
                 fmt::format("the attributes of '{}' are too large for a pack", printable(member.path)));
  }
  if (!records.empty()) append_extended_header(out, records);
  append_member_header(out, member, path, stored_bytes);
  append(out, as_bytes(map));
  return out;
}

}  // namespace walrusfs::pack
