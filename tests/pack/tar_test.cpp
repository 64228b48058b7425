// Members that cannot be, and headers that lie.
#include "codec/pack/tar_format.h"

#include <fmt/format.h>

#include "base/limits.h"
#include "codec/pack/tar_block.h"
#include "tests/pack/pack_support.h"

namespace walrusfs::pack::testing {
namespace {

Result<MemberPlace> parse(ByteView t_bytes) {
  auto fetch = [&](ByteRange range) -> Result<Bytes> { return to_bytes(t_bytes.subspan(range.offset, range.length)); };
  return parse_tar_member(fetch, 0, t_bytes.size());
}

Bytes whole(const Item& item) {
  Bytes out = must(tar_headers(item.member));
  append(out, as_read(item).content);
  out.resize(out.size() + tar_padding(out.size()));
  return out;
}

void set_checksum(Bytes& header, size_t at = 0) {
  TarBlock block;
  std::memcpy(&block, &header[at], sizeof block);
  std::string digits = fmt::format("{:06o}", tar_checksum(block));
  std::memcpy(&header[at + offsetof(TarBlock, checksum)], digits.data(), 6);
}

TEST(Tar, EveryKindGoesBothWays) {
  for (const Item& item : every_kind()) {
    Bytes t_bytes = whole(item);
    MemberPlace place = must(parse(t_bytes));
    const Bytes content = as_read(item).content;
    EXPECT_EQ(place.member, as_read(item).member) << item.member.path;
    EXPECT_EQ(place.t_end, t_bytes.size());
    EXPECT_TRUE(equal(ByteView(t_bytes).subspan(place.t_content, content.size()), content));
  }
}

TEST(Tar, PathsThatLeaveTheTargetAreRefused) {
  for (const std::string& path : {std::string(""), std::string("/etc/passwd"), std::string(".."), std::string("a/../b"),
                                  std::string("a/.."), std::string("./a"), std::string("a//b"), std::string("a/"),
                                  std::string("a\0b", 3), std::string(limits::kTarPathBytes + 1, 'x')}) {
    EXPECT_FALSE(tar_headers(of_type(path, MemberType::kFile).member).ok()) << path;
    EXPECT_FALSE(tar_headers(link_to("link", MemberType::kHardLink, path).member).ok()) << path;
  }
  EXPECT_TRUE(tar_headers(of_type(std::string(limits::kTarPathBytes, 'x'), MemberType::kFile).member).ok());
}

TEST(Tar, ForeignPathsThatLeaveTheTargetAreRefused) {
  for (const char* path : {"/etc/passwd", "../up", "a/../../up", "..", "."}) {
    Bytes t_bytes = whole(file("innocent name", {}));
    std::memset(t_bytes.data(), 0, 100);
    std::memcpy(t_bytes.data(), path, strlen(path));
    set_checksum(t_bytes);
    auto parsed = parse(t_bytes);
    ASSERT_FALSE(parsed.ok()) << path;
    EXPECT_EQ(parsed.error().code(), Code::kCorrupt);
  }
}

TEST(Tar, MembersThatContradictThemselvesAreRefused) {
  Item sparse = file("sparse", prose(10));
  sparse.member.size = 100;
  for (const std::vector<ByteRange>& ranges :
       {std::vector<ByteRange>{{50, 5}, {54, 5}}, {{95, 10}}, {{0, 0}}, {{10, 5}, {0, 5}}, {{UINT64_MAX, 10}}}) {
    sparse.member.data_ranges = ranges;
    EXPECT_FALSE(tar_headers(sparse.member).ok());
  }
  Item folder = of_type("folder", MemberType::kDirectory);
  folder.member.size = 1;
  EXPECT_FALSE(tar_headers(folder.member).ok());
  Item mode = of_type("mode", MemberType::kFile, 010000);
  EXPECT_FALSE(tar_headers(mode.member).ok());
  EXPECT_FALSE(tar_headers(link_to("symlink", MemberType::kSymlink, "").member).ok());
  EXPECT_FALSE(tar_headers(link_to("symlink", MemberType::kSymlink, std::string(4096, 'x')).member).ok());
  EXPECT_TRUE(tar_headers(link_to("symlink", MemberType::kSymlink, std::string(4095, 'x')).member).ok());
}

TEST(Tar, TheLargestAttributesFit) {
  Item item = file("attributes", {});
  size_t left = limits::kXattrsPerInodeBytes;
  for (int i = 0; left > 0; ++i) {
    std::string name = fmt::format("user.{:060}", i);
    size_t value = std::min(left - name.size(), limits::kXattrValueBytes);
    item.member.xattrs.push_back({name, random_bytes(value, 1)});
    left -= name.size() + value;
  }
  EXPECT_EQ(must(parse(whole(item))).member, item.member);
  item.member.xattrs[0].name += "x";
  EXPECT_FALSE(tar_headers(item.member).ok());
}

TEST(Tar, LargeNumbersAndTimesGoBothWays) {
  Item item = file("large", {});
  for (uint64_t size : {uint64_t{077777777777}, uint64_t{0100000000000}, limits::kFileBytes}) {
    item.member.size = size;
    Bytes headers = must(tar_headers(item.member));
    auto fetch = [&](ByteRange range) -> Result<Bytes> {
      return to_bytes(ByteView(headers).subspan(range.offset, range.length));
    };
    EXPECT_EQ(must(parse_tar_member(fetch, 0, UINT64_MAX / 2)).member, item.member);
  }
  item.member.size = 0;
  for (int64_t ns : {int64_t{0}, int64_t{-1}, int64_t{1}, int64_t{-1'000'000'000}, int64_t{-999'999'999},
                     int64_t{8'589'934'591} * 1'000'000'000, int64_t{8'589'934'592} * 1'000'000'000,
                     INT64_MAX - 2'000'000'000, INT64_MIN + 2'000'000'000}) {
    item.member.mtime = Timestamp{ns};
    item.member.atime = Timestamp{ns};
    item.member.ctime = Timestamp{ns};
    EXPECT_EQ(must(parse(whole(item))).member, item.member) << ns;
  }
}

TEST(Tar, EveryFlippedBitOfAHeaderIsNoticedOrHarmless) {
  std::vector<Item> items = every_kind();
  for (const Item& item : {items[1], items[16], items[10]}) {
    Bytes t_bytes = whole(item);
    for (size_t bit = 0; bit < t_bytes.size() * 8; ++bit) {
      Bytes wrong = t_bytes;
      wrong[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
      auto parsed = parse(wrong);
      if (parsed) {
        EXPECT_LE(parsed->t_end, wrong.size());
      }
    }
  }
}

TEST(Tar, AHostileSparseMapIsRefused) {
  Item item = file("sparse", prose(100));
  item.member.size = 1'000;
  item.member.data_ranges = {{100, 100}};
  Bytes good = whole(item);
  size_t map = must(tar_headers(item.member)).size() - kTarBlockBytes;
  for (const char* text : {"999999999999\n", "1\n100\n101\n", "1\n950\n100\n", "x\n", "\n", "1\n-1\n100\n",
                           "2\n100\n50\n120\n50\n", "1\n18446744073709551615\n100\n"}) {
    Bytes wrong = good;
    std::memset(&wrong[map], 0, kTarBlockBytes);
    std::memcpy(&wrong[map], text, strlen(text));
    EXPECT_FALSE(parse(wrong).ok()) << text;
  }
  Bytes endless = good;
  std::memset(&endless[map], '1', kTarBlockBytes);
  EXPECT_FALSE(parse(endless).ok());
}

}  // namespace
}  // namespace walrusfs::pack::testing
