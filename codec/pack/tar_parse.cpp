// Tar headers → Member. Every byte is hostile.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "base/limits.h"
#include "codec/pack/acl_text.h"
#include "codec/pack/tar_block.h"
#include "codec/pack/tar_format.h"

namespace walrusfs::pack {
namespace {

using Records = std::map<std::string, std::string, std::less<>>;

Error damaged(uint64_t at, std::string_view why) {
  return Error(Code::kCorrupt, fmt::format("the tar member at T offset {} is damaged: {}", at, why));
}

template <size_t kSize>
std::string_view field_text(const char (&field)[kSize]) {
  return std::string_view(field, std::find(field, field + kSize, '\0') - field);
}

template <typename Int>
bool parse_whole(std::string_view digits, int base, Int& value) {
  auto [end, bad] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  return bad == std::errc() && end == digits.data() + digits.size();
}

template <size_t kSize>
bool read_octal(const char (&field)[kSize], uint64_t& value) {
  return parse_whole(field_text(field), 8, value);
}

// "-1.5" → -1'500'000'000.
bool read_time(std::string_view text, Timestamp& time) {
  const bool negative = text.starts_with('-');
  text.remove_prefix(negative);
  size_t point = std::min(text.find('.'), text.size());
  std::string fraction(text.substr(std::min(point + 1, text.size())));
  if (fraction.size() > 9 || (point < text.size() && fraction.empty())) return false;
  fraction.resize(9, '0');
  uint64_t seconds = 0, nanoseconds = 0;
  constexpr uint64_t kMostSeconds = INT64_MAX / Timestamp::kNsPerSecond - 1;
  if (!parse_whole(text.substr(0, point), 10, seconds) || seconds > kMostSeconds) return false;
  if (!parse_whole(fraction, 10, nanoseconds)) return false;
  time.ns = static_cast<int64_t>(seconds * Timestamp::kNsPerSecond + nanoseconds);
  if (negative) time.ns = -time.ns;
  return true;
}

// "LENGTH KEYWORD=VALUE\n" one after the other, filling `text`.
bool read_records(std::string_view text, Records& records) {
  while (!text.empty()) {
    size_t space = text.find(' ');
    size_t length = 0;
    if (space == text.npos || !parse_whole(text.substr(0, space), 10, length)) return false;
    if (length < space + 3 || length > text.size() || text[length - 1] != '\n') return false;
    std::string_view record = text.substr(space + 1, length - space - 2);
    size_t equals = record.find('=');
    if (equals == record.npos || equals == 0) return false;
    if (!records.emplace(record.substr(0, equals), record.substr(equals + 1)).second) return false;
    text.remove_prefix(length);
  }
  return true;
}

// "%25" and "%3D" only.
bool read_xattr_name(std::string_view text, std::string& name) {
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      name += text[at];
    } else if (text.substr(at).starts_with("%25") || text.substr(at).starts_with("%3D")) {
      name += text[at + 1] == '2' ? '%' : '=';
      at += 2;
    } else {
      return false;
    }
  }
  return true;
}

bool read_type(char letter, MemberType& type) {
  constexpr std::string_view kLetters = "0123456";
  constexpr MemberType kTypes[] = {MemberType::kFile,       MemberType::kHardLink,    MemberType::kSymlink,
                                   MemberType::kCharDevice, MemberType::kBlockDevice, MemberType::kDirectory,
                                   MemberType::kFifo};
  size_t at = kLetters.find(letter);
  if (at == kLetters.npos) return false;
  type = kTypes[at];
  return true;
}

// Reads one member; `at_` is where the next header block or content begins.
class MemberParser {
 public:
  MemberParser(const TarFetch& fetch, uint64_t at, uint64_t limit)
      : fetch_(fetch), start_(at), at_(at), limit_(limit) {}

  Result<MemberPlace> parse() {
    WFS_TRY(read_blocks());
    WFS_TRY(read_names());
    WFS_TRY(read_numbers());
    WFS_TRY(read_xattrs());
    WFS_TRY(read_acls());
    sort_xattrs();
    if (records_.contains("GNU.sparse.major")) WFS_TRY(read_sparse_map());
    if (Status fit = check_member(member_); !fit) return damaged(start_, fit.error().message());
    MemberPlace place{std::move(member_), start_, at_, 0};
    uint64_t content_bytes = stored_bytes_ - map_bytes_;
    if (place.member.content_bytes() != content_bytes) return damaged(start_, "its size does not fit its kind");
    uint64_t whole_bytes = content_bytes + tar_padding(content_bytes);
    if (whole_bytes > limit_ - at_) return damaged(start_, "it does not end before the pack does");
    place.t_end = at_ + whole_bytes;
    return place;
  }

 private:
  Result<Bytes> take(uint64_t length) {
    if (length > limit_ - at_) return damaged(start_, "it does not end before the pack does");
    WFS_ASSIGN(Bytes bytes, fetch_({at_, length}));
    at_ += length;
    return bytes;
  }

  Status read_block() {
    WFS_ASSIGN(Bytes bytes, take(kTarBlockBytes));
    std::memcpy(&block_, bytes.data(), sizeof block_);
    uint64_t sum = 0;
    if (as_text(ByteView(bytes).subspan(offsetof(TarBlock, magic), 8)) != std::string_view("ustar\00000", 8) ||
        !read_octal(block_.checksum, sum) || sum != tar_checksum(block_)) {
      return damaged(start_, "its header does not check out");
    }
    return ok_status();
  }

  Status read_blocks() {
    WFS_TRY(read_block());
    if (block_.type != kTarExtendedType) return ok_status();
    uint64_t length = 0;
    if (!read_octal(block_.size, length) || length > limits::kTarExtendedHeaderBytes) {
      return damaged(start_, "its extended header is too large");
    }
    WFS_ASSIGN(Bytes bytes, take(length + tar_padding(length)));
    if (!read_records(as_text(ByteView(bytes).first(length)), records_)) {
      return damaged(start_, "its extended header has a record that cannot be read");
    }
    return read_block();
  }

  // The record if there is one, else the header's field.
  std::string text(std::string_view keyword, std::string_view field) const {
    auto record = records_.find(keyword);
    return std::string(record == records_.end() ? field : std::string_view(record->second));
  }

  template <size_t kSize>
  bool number(std::string_view keyword, const char (&field)[kSize], uint64_t most, uint64_t& value) const {
    auto record = records_.find(keyword);
    bool read = record == records_.end() ? read_octal(field, value) : parse_whole(record->second, 10, value);
    return read && value <= most;
  }

  Status read_names() {
    if (!read_type(block_.type, member_.type)) return damaged(start_, "packs have no members of its type");
    if (block_.prefix[0] != '\0') return damaged(start_, "it has a prefix, which packs never have");
    member_.path = text("path", field_text(block_.name));
    if (records_.contains("GNU.sparse.name")) member_.path = records_.find("GNU.sparse.name")->second;
    if (member_.type == MemberType::kDirectory && member_.path.ends_with('/')) member_.path.pop_back();
    member_.link_target = text("linkpath", field_text(block_.link_name));
    member_.comment = text("comment", "");
    return ok_status();
  }

  Status read_numbers() {
    uint64_t mode = 0, uid = 0, gid = 0, major = 0, minor = 0, seconds = 0;
    if (!number("", block_.mode, 07777, mode) || !number("uid", block_.uid, UINT32_MAX, uid) ||
        !number("gid", block_.gid, UINT32_MAX, gid) || !number("", block_.device_major, kTarLargestOwner, major) ||
        !number("", block_.device_minor, kTarLargestOwner, minor) || !read_octal(block_.mtime, seconds) ||
        !number("size", block_.size, limits::kFileBytes + limits::kGiB, stored_bytes_)) {
      return damaged(start_, "a number in its header is out of range");
    }
    member_.mode = static_cast<uint32_t>(mode);
    member_.uid = static_cast<uint32_t>(uid);
    member_.gid = static_cast<uint32_t>(gid);
    member_.device_major = static_cast<uint32_t>(major);
    member_.device_minor = static_cast<uint32_t>(minor);
    if (member_.type == MemberType::kFile) member_.size = stored_bytes_;
    return read_times(seconds);
  }

  Status read_times(uint64_t seconds) {
    bool fit = read_time(text("mtime", std::to_string(seconds)), member_.mtime);
    if (records_.contains("atime")) fit &= read_time(text("atime", ""), member_.atime.emplace());
    if (records_.contains("ctime")) fit &= read_time(text("ctime", ""), member_.ctime.emplace());
    return fit ? ok_status() : Status(damaged(start_, "one of its times cannot be read"));
  }

  Status read_xattrs() {
    const std::string_view keyword = kXattrKeyword;
    for (auto record = records_.lower_bound(keyword); record != records_.end(); ++record) {
      if (!record->first.starts_with(keyword)) break;
      Xattr xattr;
      if (!read_xattr_name(std::string_view(record->first).substr(keyword.size()), xattr.name)) {
        return damaged(start_, "an extended attribute's name cannot be read");
      }
      xattr.value = to_bytes(as_bytes(record->second));
      member_.xattrs.push_back(std::move(xattr));
    }
    return ok_status();
  }

  // The xattr, when it is there too, is the same list in the form that needs no reading.
  Status read_acls() {
    for (const AclRecord& known : kAclRecords) {
      const auto record = records_.find(known.keyword);
      const bool is_xattr = std::any_of(member_.xattrs.begin(), member_.xattrs.end(),
                                        [&](const Xattr& xattr) { return xattr.name == known.xattr; });
      if (record == records_.end() || is_xattr) continue;
      const Result<Acl> acl = parse_acl(record->second);
      if (!acl.ok()) return damaged(start_, acl.error().message());
      member_.xattrs.push_back({std::string(known.xattr), acl->to_xattr()});
    }
    return ok_status();
  }

  void sort_xattrs() {
    std::sort(member_.xattrs.begin(), member_.xattrs.end(),
              [](const Xattr& a, const Xattr& b) { return a.name < b.name; });
  }

  // One line of the map, fetching block by block.
  Result<uint64_t> map_number() {
    size_t end = map_.find('\n', map_at_);
    while (end == std::string::npos) {
      if (map_bytes_ + kTarBlockBytes > stored_bytes_) return damaged(start_, "its sparse map is cut off");
      WFS_ASSIGN(Bytes bytes, take(kTarBlockBytes));
      map_bytes_ += bytes.size();
      map_.erase(0, map_at_).append(as_text(bytes));
      map_at_ = 0;
      end = map_.find('\n');
      if (end == std::string::npos && map_.size() > kTarBlockBytes)
        return damaged(start_, "its sparse map has no lines");
    }
    uint64_t value = 0;
    if (!parse_whole(std::string_view(map_).substr(map_at_, end - map_at_), 10, value)) {
      return damaged(start_, "its sparse map holds something else than numbers");
    }
    map_at_ = end + 1;
    return value;
  }

  Status read_sparse_map() {
    if (member_.type != MemberType::kFile || text("GNU.sparse.major", "") != "1" ||
        text("GNU.sparse.minor", "") != "0" || !parse_whole(text("GNU.sparse.realsize", ""), 10, member_.size)) {
      return damaged(start_, "its sparse format is not 1.0");
    }
    WFS_ASSIGN(uint64_t count, map_number());
    if (count > limits::kSparseRangesPerMember + 1) return damaged(start_, "its sparse map is too long");
    std::vector<ByteRange>& ranges = member_.data_ranges.emplace();
    for (uint64_t i = 0; i < count; ++i) {
      ByteRange range;
      WFS_ASSIGN(range.offset, map_number());
      WFS_ASSIGN(range.length, map_number());
      // A last range without length only tells that a hole ends the file.
      if (range.length > 0 || i + 1 < count) ranges.push_back(range);
    }
    return ok_status();
  }

  const TarFetch& fetch_;
  const uint64_t start_;
  uint64_t at_;
  const uint64_t limit_;
  TarBlock block_{};
  Records records_;
  Member member_;
  uint64_t stored_bytes_ = 0;  // content, with the sparse map
  uint64_t map_bytes_ = 0;
  std::string map_;    // what was fetched of the map
  size_t map_at_ = 0;  // and how much of that is read
};

}  // namespace

Result<MemberPlace> parse_tar_member(const TarFetch& fetch, uint64_t at, uint64_t limit) {
  WFS_CHECK(at <= limit);
  return MemberParser(fetch, at, limit).parse();
}

}  // namespace walrusfs::pack
