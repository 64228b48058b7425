// Access control lists: the stored form against bytes that ext4 keeps, the rules against the kernel's own
// way of checking them, and what mode, umask and lists do to each other.
#include "fs/vfs/acl.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>

#include "base/limits.h"
#include "base/rng.h"

namespace walrusfs {
namespace {

using enum AclTag;
using Entries = std::vector<AclEntry>;

constexpr uint32_t kAllModes = 01000;

Entries minimal(uint16_t owner, uint16_t group, uint16_t other) {
  return {{kUserObj, owner}, {kGroupObj, group}, {kOther, other}};
}
Entries named(uint16_t owner, uint16_t user, uint16_t group, uint16_t mask, uint16_t other) {
  return {{kUserObj, owner}, {kUser, user, 1000}, {kGroupObj, group}, {kMask, mask}, {kOther, other}};
}
// Bytes as somebody may write them who does not care for the rules.
Bytes raw_xattr(const Entries& entries, uint32_t version = 2) {
  Bytes out;
  append_le(out, version);
  for (const AclEntry& entry : entries) {
    append_le(out, static_cast<uint16_t>(entry.tag));
    append_le(out, entry.permissions);
    append_le(out, entry.id);
  }
  return out;
}
bool follows_rules(const Entries& entries) { return Acl::parse(raw_xattr(entries)).ok(); }
Acl acl_of(const Entries& entries) { return Acl::make(entries).value(); }
Bytes from_text(const char* hex) { return from_hex(hex).value(); }

// posix_acl_from_xattr and posix_acl_valid of Linux, step by step.
bool linux_takes(ByteView bytes) {
  if (bytes.size() < 4 || load_le<uint32_t>(bytes.data()) != 2 || (bytes.size() - 4) % 8 != 0) return false;
  enum { kWantUserObj, kWantUser, kWantGroup, kWantOther, kDone } state = kWantUserObj;
  bool needs_mask = false;
  for (size_t at = 4; at < bytes.size(); at += 8) {
    const auto tag = load_le<uint16_t>(&bytes[at]);
    if (load_le<uint16_t>(&bytes[at + 2]) & ~7) return false;
    const bool has_id = load_le<uint32_t>(&bytes[at + 4]) != 0xffffffffu;
    if (tag == 1 && state == kWantUserObj) {
      state = kWantUser;
    } else if (tag == 2 && state == kWantUser && has_id) {
      needs_mask = true;
    } else if (tag == 4 && state == kWantUser) {
      state = kWantGroup;
    } else if (tag == 8 && state == kWantGroup && has_id) {
      needs_mask = true;
    } else if (tag == 16 && state == kWantGroup) {
      state = kWantOther;
    } else if (tag == 32 && (state == kWantOther || (state == kWantGroup && !needs_mask))) {
      state = kDone;
    } else {
      return false;
    }
  }
  return state == kDone;
}

TEST(Acl, ReadsAndWritesWhatExt4Keeps) {
  // setfacl -m u:1000:rw on a file of mode 0644.
  const Bytes kept = from_text(
      "0200000001000600ffffffff02000600e803000004000400ffffffff10000600ffffffff20000400ffffffff");
  const Acl acl = Acl::parse(kept).value();
  EXPECT_EQ(acl.entries(), named(6, 6, 4, 6, 4));
  EXPECT_EQ(acl.to_xattr(), kept);
  EXPECT_EQ(acl.mode_bits(), 0664u);
}

TEST(Acl, IdsOfThoseWhoAreNotNamedAreIgnored) {
  Entries odd = minimal(7, 5, 0);
  odd[0].id = 12;
  EXPECT_EQ(Acl::parse(raw_xattr(odd)).value().entries(), minimal(7, 5, 0));
}

TEST(Acl, FollowsTheRules) {
  EXPECT_TRUE(follows_rules(minimal(7, 5, 0)));
  EXPECT_TRUE(follows_rules(named(7, 5, 5, 4, 0)));
  EXPECT_TRUE(follows_rules({{kUserObj, 7}, {kGroupObj, 5}, {kMask, 1}, {kOther, 0}})) << "a mask for nobody";
  EXPECT_TRUE(follows_rules({{kUserObj, 7}, {kGroupObj, 5}, {kGroup, 1, 0}, {kMask, 1}, {kOther, 0}}));
  EXPECT_TRUE(follows_rules({{kUserObj, 7}, {kUser, 1, 9}, {kUser, 1, 5}, {kGroupObj, 5}, {kMask, 1}, {kOther, 0}}))
      << "ids in any order";
  EXPECT_FALSE(follows_rules({}));
  EXPECT_FALSE(follows_rules({{kUserObj, 7}, {kGroupObj, 5}})) << "nothing for others";
  EXPECT_FALSE(follows_rules({{kGroupObj, 5}, {kOther, 0}})) << "nothing for the owner";
  EXPECT_FALSE(follows_rules({{kUserObj, 7}, {kOther, 0}})) << "nothing for the group";
  EXPECT_FALSE(follows_rules({{kUserObj, 7}, {kUserObj, 7}, {kGroupObj, 5}, {kOther, 0}}));
  EXPECT_FALSE(follows_rules({{kUserObj, 7}, {kGroupObj, 5}, {kGroupObj, 5}, {kOther, 0}}));
  EXPECT_FALSE(follows_rules({{kUserObj, 7}, {kGroupObj, 5}, {kOther, 0}, {kOther, 0}}));
  EXPECT_FALSE(follows_rules({{kUserObj, 7}, {kGroupObj, 5}, {kMask, 1}, {kMask, 1}, {kOther, 0}}));
  EXPECT_FALSE(follows_rules({{kUserObj, 7}, {kUser, 1, 9}, {kGroupObj, 5}, {kOther, 0}})) << "named without mask";
  EXPECT_FALSE(follows_rules({{kUserObj, 7}, {kGroupObj, 5}, {kGroup, 1, 9}, {kOther, 0}})) << "named without mask";
  EXPECT_FALSE(follows_rules({{kUserObj, 7}, {kOther, 0}, {kGroupObj, 5}})) << "out of order";
  EXPECT_FALSE(follows_rules({{kUserObj, 7}, {kGroupObj, 5}, {kUser, 1, 9}, {kMask, 1}, {kOther, 0}}));
  EXPECT_FALSE(follows_rules({{kUserObj, 7}, {kUser, 1}, {kGroupObj, 5}, {kMask, 1}, {kOther, 0}})) << "nobody named";
  EXPECT_FALSE(follows_rules({{kUserObj, 8}, {kGroupObj, 5}, {kOther, 0}})) << "a fourth permission";
  EXPECT_FALSE(follows_rules({{kUserObj, 7}, {AclTag{64}, 1}, {kGroupObj, 5}, {kOther, 0}})) << "unknown kind";
  EXPECT_FALSE(follows_rules({{kUserObj, 7}, {AclTag{0}, 1}, {kGroupObj, 5}, {kOther, 0}})) << "unknown kind";
  Entries with_id = minimal(7, 5, 0);
  with_id[2].id = 0;
  EXPECT_EQ(Acl::make(with_id).error().code(), Code::kInvalidArgument) << "others have no id";
}

TEST(Acl, RefusesBytesOfTheWrongShape) {
  const Bytes good = raw_xattr(minimal(7, 5, 0));
  for (size_t length = 0; length < good.size(); ++length) {
    const Result<Acl> acl = Acl::parse(ByteView(good).first(length));
    ASSERT_FALSE(acl.ok()) << length;
    EXPECT_EQ(acl.error().code(), Code::kInvalidArgument);
  }
  for (uint32_t version : {0u, 1u, 3u, 0x02000000u})
    EXPECT_FALSE(Acl::parse(raw_xattr(minimal(7, 5, 0), version)).ok()) << version;
  Bytes longer = good;
  longer.push_back(0);
  EXPECT_FALSE(Acl::parse(longer).ok());
}

TEST(Acl, HasAsManyEntriesAsTheKernelPassesOn) {
  Entries entries = named(7, 7, 5, 7, 0);
  while (entries.size() < limits::kAclEntries)
    entries.insert(entries.begin() + 2, {kUser, 6, static_cast<uint32_t>(entries.size())});
  EXPECT_TRUE(follows_rules(entries));
  EXPECT_LE(raw_xattr(entries).size(), 4096u);
  entries.insert(entries.begin() + 2, {kUser, 6, 70'000});
  EXPECT_FALSE(follows_rules(entries));
  EXPECT_GT(raw_xattr(entries).size(), 4096u);
}

Bytes mutated(Bytes bytes, Rng& rng) {
  for (uint64_t changes = rng.below(4); changes > 0 && !bytes.empty(); --changes) {
    const size_t at = rng.below(bytes.size());
    switch (rng.below(4)) {
      case 0: bytes[at] = static_cast<uint8_t>(rng.next()); break;
      case 1: bytes[at] = static_cast<uint8_t>(1u << rng.below(8)); break;
      case 2: bytes.resize(at); break;
      default: {  // an entry again, at some other's place
        const size_t from = 4 + 8 * rng.below(bytes.size() / 8 + 1), to = 4 + 8 * rng.below(bytes.size() / 8 + 1);
        if (from + 8 > bytes.size() || to > bytes.size()) break;
        const Bytes entry(bytes.begin() + from, bytes.begin() + from + 8);
        bytes.insert(bytes.begin() + to, entry.begin(), entry.end());
      }
    }
  }
  return bytes;
}

TEST(Acl, TakesOfRandomBytesExactlyWhatLinuxTakes) {
  const char* given = std::getenv("WALRUSFS_TEST_SEED");
  const uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : system_rng().next();
  SCOPED_TRACE("WALRUSFS_TEST_SEED=" + std::to_string(seed));
  SeededRng rng(seed);
  const Entries with_group = {{kUserObj, 7}, {kGroupObj, 5}, {kGroup, 1, 0}, {kMask, 1}, {kOther, 0}};
  const std::vector<Bytes> seeds = {raw_xattr(minimal(7, 5, 0)), raw_xattr(named(7, 5, 5, 4, 0)),
                                    raw_xattr(with_group)};
  constexpr int kRounds = 50'000;
  int taken = 0;
  for (int i = 0; i < kRounds; ++i) {
    const Bytes bytes = mutated(seeds[rng.below(seeds.size())], rng);
    const Result<Acl> acl = Acl::parse(bytes);
    ASSERT_EQ(acl.ok(), linux_takes(bytes)) << to_hex(bytes);
    if (!acl.ok()) continue;
    ++taken;
    ASSERT_EQ(acl->to_xattr().size(), bytes.size()) << to_hex(bytes);
    ASSERT_EQ(Acl::parse(acl->to_xattr()).value().entries(), acl->entries()) << to_hex(bytes);
  }
  EXPECT_GT(taken, kRounds / 100);
  EXPECT_LT(taken, kRounds - kRounds / 100);
}

TEST(Acl, WithoutMaskAndNamesItIsTheMode) {
  for (uint32_t mode = 0; mode < kAllModes; ++mode) {
    const Acl acl = acl_of(minimal(mode >> 6, mode >> 3 & 7, mode & 7));
    ASSERT_TRUE(acl.equals_mode());
    ASSERT_EQ(acl.mode_bits(), mode);
  }
  EXPECT_FALSE(acl_of(named(7, 5, 5, 5, 0)).equals_mode());
  EXPECT_FALSE(acl_of({{kUserObj, 7}, {kGroupObj, 5}, {kMask, 5}, {kOther, 0}}).equals_mode());
}

TEST(Acl, TheMaskShowsAsTheGroupsBits) {
  EXPECT_EQ(acl_of(named(7, 7, 5, 4, 1)).mode_bits(), 0741u);
  EXPECT_EQ(acl_of({{kUserObj, 6}, {kGroupObj, 7}, {kMask, 0}, {kOther, 4}}).mode_bits(), 0604u);
}

TEST(Acl, ChmodChangesOwnerMaskAndOthers) {
  for (uint32_t mode = 0; mode < kAllModes; ++mode) {
    Acl with_mask = acl_of(named(3, 7, 5, 2, 1));
    with_mask.set_mode_bits(07000 | mode);
    ASSERT_EQ(with_mask.entries(), named(mode >> 6, 7, 5, mode >> 3 & 7, mode & 7));
    Acl without = acl_of(minimal(3, 5, 1));
    without.set_mode_bits(S_IFREG | mode);
    ASSERT_EQ(without.entries(), minimal(mode >> 6, mode >> 3 & 7, mode & 7));
  }
}

TEST(Acl, AStoredListFollowsTheMode) {
  Xattrs xattrs;
  EXPECT_FALSE(access_acl_follows_mode(xattrs, 0640));
  EXPECT_TRUE(xattrs.empty());
  xattrs["user.other"] = {1};
  EXPECT_FALSE(access_acl_follows_mode(xattrs, 0640));
  xattrs[std::string(kAccessAclXattr)] = raw_xattr(named(7, 7, 5, 7, 0));
  EXPECT_TRUE(access_acl_follows_mode(xattrs, S_IFREG | 04640));
  EXPECT_EQ(xattrs.at(std::string(kAccessAclXattr)), raw_xattr(named(6, 7, 5, 4, 0)));
  EXPECT_FALSE(access_acl_follows_mode(xattrs, 0640)) << "it does already";
  xattrs[std::string(kAccessAclXattr)] = {1, 2, 3};
  EXPECT_TRUE(access_acl_follows_mode(xattrs, 0640));
  EXPECT_EQ(xattrs.size(), 1u) << "what was no list is gone";
}

TEST(Acl, WithoutDefaultListTheUmaskCounts) {
  const Xattrs none;
  EXPECT_EQ(inherit_permissions(none, S_IFREG | 0666, 022).value().mode, S_IFREG | 0644u);
  EXPECT_EQ(inherit_permissions(none, S_IFDIR | 02777, 077).value().mode, S_IFDIR | 02700u);
  EXPECT_EQ(inherit_permissions(none, S_IFREG | 04777, 07777).value().mode, S_IFREG | 04000u);
  EXPECT_EQ(inherit_permissions(none, S_IFLNK | 0777, 077).value().mode, S_IFLNK | 0777u);
  EXPECT_TRUE(inherit_permissions(none, S_IFREG | 0666, 022).value().acls.empty());
}

TEST(Acl, ADefaultListComesInPlaceOfTheUmask) {
  const Bytes list = raw_xattr(named(7, 7, 5, 7, 0));
  const Xattrs folder = {{std::string(kDefaultAclXattr), list}};
  const std::string access(kAccessAclXattr), standard(kDefaultAclXattr);

  const NewPermissions file = inherit_permissions(folder, S_IFREG | 0666, 077).value();
  EXPECT_EQ(file.mode, S_IFREG | 0660u);
  EXPECT_EQ(file.acls, (Xattrs{{access, raw_xattr(named(6, 7, 5, 6, 0))}}));

  const NewPermissions child = inherit_permissions(folder, S_IFDIR | 02755, 077).value();
  EXPECT_EQ(child.mode, S_IFDIR | 02750u);
  EXPECT_EQ(child.acls, (Xattrs{{access, raw_xattr(named(7, 7, 5, 5, 0))}, {standard, list}}));

  const NewPermissions link = inherit_permissions(folder, S_IFLNK | 0777, 077).value();
  EXPECT_EQ(link.mode, S_IFLNK | 0777u);
  EXPECT_TRUE(link.acls.empty());

  const NewPermissions fifo = inherit_permissions(folder, S_IFIFO | 0600, 0).value();
  EXPECT_EQ(fifo.mode, S_IFIFO | 0600u);
  EXPECT_EQ(fifo.acls, (Xattrs{{access, raw_xattr(named(6, 7, 5, 0, 0))}}));
}

TEST(Acl, ADefaultListThatIsAModeIsNotStoredWithFiles) {
  const Bytes list = raw_xattr(minimal(7, 5, 1));
  const Xattrs folder = {{std::string(kDefaultAclXattr), list}};
  for (uint32_t mode = 0; mode < kAllModes; ++mode) {
    const NewPermissions file = inherit_permissions(folder, S_IFREG | mode, 0777).value();
    ASSERT_EQ(file.mode, S_IFREG | (mode & 0751));
    ASSERT_TRUE(file.acls.empty());
  }
  const NewPermissions child = inherit_permissions(folder, S_IFDIR | 0777, 0777).value();
  EXPECT_EQ(child.mode, S_IFDIR | 0751u);
  EXPECT_EQ(child.acls, (Xattrs{{std::string(kDefaultAclXattr), list}}));
}

TEST(Acl, ADamagedDefaultListIsReported) {
  const Xattrs folder = {{std::string(kDefaultAclXattr), {2, 0, 0, 0}}};
  EXPECT_EQ(inherit_permissions(folder, S_IFREG | 0666, 022).error().code(), Code::kCorrupt);
  EXPECT_TRUE(inherit_permissions(folder, S_IFLNK | 0777, 022).ok());
}

}  // namespace
}  // namespace walrusfs
