// Access control lists in packs: their text, and that our own reader, GNU tar and libarchive restore them.
#include <archive.h>
#include <archive_entry.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "base/limits.h"
#include "codec/pack/acl_text.h"
#include "codec/pack/tar_block.h"
#include "codec/pack/tar_format.h"
#include "tests/pack/pack_support.h"

namespace walrusfs::pack::testing {
namespace {

constexpr char kAccess[] =
    "user::rw-,user:1000:r--,user:4000000000:rwx,group::---,group:54321:-w-,mask::rwx,other::---";
constexpr char kDefault[] = "user::rwx,user:1000:r-x,group::r-x,mask::r-x,other::--x";

Xattr acl_xattr(std::string_view name, std::string_view text) {
  return {std::string(name), must(parse_acl(text)).to_xattr()};
}

// A file that its group may not read though its mode says 0670, and a folder that hands a list on.
std::vector<Item> with_lists() {
  std::vector<Item> items = {of_type("folder", MemberType::kDirectory, 0751), file("folder/file", prose(10))};
  items[0].member.xattrs = {acl_xattr(kDefaultAclXattr, kDefault)};
  items[1].member.mode = 0670;
  items[1].member.xattrs = {acl_xattr(kAccessAclXattr, kAccess), {"user.note", {'x'}}};
  return items;
}

Bytes tar_stream(const std::vector<Item>& items) { return run({"zstd", "-d", "-c"}, build(items).blob).out; }

Bytes kept_list(const std::string& path, std::string_view name) {
  Bytes value(5'000);
  const ssize_t length = lgetxattr(path.c_str(), std::string(name).c_str(), value.data(), value.size());
  value.resize(length < 0 ? 0 : static_cast<size_t>(length));
  return value;
}

bool disk_keeps_lists(const TempFolder& temp) {
  const Bytes list = acl_xattr(kAccessAclXattr, kAccess).value;
  return setxattr(temp.write("probe", {}).c_str(), kAccessAclXattr.data(), list.data(), list.size(), 0) == 0;
}

void expect_lists_in(const std::string& folder) {
  const std::vector<Item> items = with_lists();
  EXPECT_EQ(kept_list(folder + "/folder", kDefaultAclXattr), items[0].member.xattrs[0].value);
  EXPECT_EQ(kept_list(folder + "/folder", kAccessAclXattr), Bytes());
  EXPECT_EQ(kept_list(folder + "/folder/file", kAccessAclXattr), items[1].member.xattrs[0].value);
  struct stat info;
  ASSERT_EQ(stat((folder + "/folder/file").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0670u);
}

TEST(AclText, GoesBothWays) {
  for (const char* text : {kAccess, kDefault, "user::---,group::---,other::---", "user::rwx,group::rwx,other::rwx"})
    EXPECT_EQ(print_acl(must(parse_acl(text))), text);
}

TEST(AclText, TheFormsOfOtherProgramsAreRead) {
  const char* plain = "user::rwx,user:1000:r--,group::r-x,group:7:--x,mask::r-x,other::---";
  for (const char* text : {
           "user::rwx\nuser:1000:r--\ngroup::r-x\ngroup:7:--x\nmask::r-x\nother::---\n",     // acl_to_text(3)
           "user::rwx,user:ann:r--:1000,group::r-x,group:staff:--x:7,mask::r-x,other::---",  // star
           "u::rwx, u:1000:r-- , g::r-x,g:7:--x,m::r-x,o::---",                              // short
           "user::rwx\nuser:1000:r--\t#effective:r--\ngroup::r-x\ngroup:7:--x\nmask::r-x\nother::---",
           "other::---,mask::r-x,group:7:--x,group::r-x,user:1000:r--,user::rwx",  // any order
       })
    EXPECT_EQ(print_acl(must(parse_acl(text))), plain) << text;
}

TEST(AclText, AnythingElseIsRefused) {
  for (const char* text : {
           "",
           "x",
           "user::rw-",
           "user::rwx,group::rwx",
           "user::rwx,group::rwx,other::rw",
           "user::rwx,group::rwx,other::rxw",
           "user::rwx,group::rwx,other::rwxr",
           "user::rwx,user:ann:r--,group::r-x,mask::r-x,other::---",
           "user::rwx,user:1000:r--,group::r-x,other::---",
           "user::rwx,user:4294967296:r--,group::r-x,mask::r-x,other::---",
           "user::rwx,user:4294967295:r--,group::r-x,mask::r-x,other::---",
           "user::rwx,group::r-x,mask:1:r-x,other::---",
           "user::rwx,group::r-x,other::---:7",
           "user::rwx,group::r-x,other::---,what::---",
           "user::rwx,user::rwx,group::r-x,other::---",
           "user::rwx,user:1:r--:2:3,group::r-x,mask::r-x,other::---",
           "user::rwx,user:-1:r--,group::r-x,mask::r-x,other::---",
       })
    EXPECT_FALSE(parse_acl(text).ok()) << text;
}

TEST(AclText, HasAsManyEntriesAsTheKernelPassesOn) {
  std::string text = "user::rwx,group::rwx,mask::rwx,other::rwx";
  for (size_t i = 4; i < limits::kAclEntries; ++i) text += ",group:4000000" + std::to_string(100 + i) + ":rwx";
  const Acl most = must(parse_acl(text));
  EXPECT_EQ(most.entries().size(), limits::kAclEntries);
  EXPECT_LE(print_acl(most).size(), 3 * most.to_xattr().size()) << "what the packer reckons with";
  EXPECT_FALSE(parse_acl(text + ",user:1:rwx").ok());
}

TEST(AclRecords, OurReaderTakesTheTextWhereTheXattrIsMissing) {
  Item item = with_lists()[1];
  Bytes headers = must(tar_headers(item.member));
  append(headers, item.content);
  headers.resize(headers.size() + tar_padding(headers.size()));
  // Unknown keywords are passed over: the xattr's record is gone.
  std::string text(as_text(headers));
  const size_t at = text.find("SCHILY.xattr.system.posix");
  ASSERT_NE(at, std::string::npos);
  text[at] = 'X';
  const TarFetch fetch = [&](ByteRange range) -> Result<Bytes> {
    return to_bytes(as_bytes(text).subspan(range.offset, range.length));
  };
  EXPECT_EQ(must(parse_tar_member(fetch, 0, text.size())).member, item.member);
  text.replace(text.find("user::rw-"), 9, "user::rwX");
  const auto parsed = parse_tar_member(fetch, 0, text.size());
  ASSERT_FALSE(parsed.ok());
  EXPECT_EQ(parsed.error().code(), Code::kCorrupt);
}

TEST(AclRecords, WhatIsNoListStaysAnXattr) {
  Item item = file("odd", {});
  item.member.xattrs = {{std::string(kAccessAclXattr), {1, 2, 3}}};
  const Bytes headers = must(tar_headers(item.member));
  EXPECT_EQ(as_text(headers).find("SCHILY.acl"), std::string::npos);
  EXPECT_EQ(tar_stream({item}).empty(), false);
}

TEST(AclRecords, StockTarRestoresLists) {
  TempFolder temp;
  if (!disk_keeps_lists(temp)) GTEST_SKIP() << "the local disk keeps no ACLs";
  for (const std::vector<std::string>& options : std::vector<std::vector<std::string>>{
           {"--acls"}, {"--acls", "--numeric-owner"}, {"--acls", "--xattrs", "--xattrs-include=*"}}) {
    const std::string folder = temp.folder("out" + std::to_string(options.size()));
    std::vector<std::string> command = {"tar", "-x", "-p", "--no-same-owner", "-C", folder};
    command.insert(command.end(), options.begin(), options.end());
    const Outcome tar = run(command, tar_stream(with_lists()));
    EXPECT_EQ(tar.exit_code, 0) << tar.err;
    EXPECT_EQ(tar.err, "");
    expect_lists_in(folder);
  }
}

TEST(AclRecords, LibarchiveReadsLists) {
  const Bytes t_bytes = tar_stream(with_lists());
  std::unique_ptr<archive, void (*)(archive*)> reader(archive_read_new(), [](archive* a) { archive_read_free(a); });
  archive_read_support_format_tar(reader.get());
  ASSERT_EQ(archive_read_open_memory(reader.get(), t_bytes.data(), t_bytes.size()), ARCHIVE_OK);
  archive_entry* entry = nullptr;
  const auto text_of = [&](int type) {
    std::unique_ptr<char, void (*)(void*)> text(
        archive_entry_acl_to_text(entry, nullptr, type | ARCHIVE_ENTRY_ACL_STYLE_SEPARATOR_COMMA), std::free);
    return print_acl(must(parse_acl(text == nullptr ? "" : text.get())));  // libarchive has an order of its own
  };
  ASSERT_EQ(archive_read_next_header(reader.get(), &entry), ARCHIVE_OK);
  EXPECT_EQ(text_of(ARCHIVE_ENTRY_ACL_TYPE_DEFAULT), kDefault);
  ASSERT_EQ(archive_read_next_header(reader.get(), &entry), ARCHIVE_OK);
  EXPECT_EQ(text_of(ARCHIVE_ENTRY_ACL_TYPE_ACCESS), kAccess);
}

TEST(AclRecords, OurExtractionRestoresListsAlsoWithoutOwners) {
  TempFolder temp;
  if (!disk_keeps_lists(temp)) GTEST_SKIP() << "the local disk keeps no ACLs";
  MemorySource source(build(with_lists()).blob);
  auto reader = must(PackReader::open(source, nullptr));
  for (const bool owners : {false, true}) {
    if (owners && geteuid() != 0) continue;
    ExtractOptions options;
    options.folder = temp.folder(owners ? "with" : "without");
    options.owners_and_devices = owners;
    must(extract_pack(*reader, options, {}));
    expect_lists_in(options.folder);
  }
}

}  // namespace
}  // namespace walrusfs::pack::testing
