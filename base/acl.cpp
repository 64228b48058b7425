#include "base/acl.h"

#include <algorithm>
#include <string>

#include "base/limits.h"

namespace walrusfs {
namespace {

constexpr uint32_t kVersion = 2;
constexpr size_t kHeaderBytes = 4;
constexpr size_t kEntryBytes = 8;  // tag, permissions: 2 bytes each; id: 4
constexpr uint32_t kNobody = 0xffffffffu;
constexpr uint32_t kThreeBits = 7;

Error breaks_the_rules(const char* why) {
  return Error(Code::kInvalidArgument, std::string("this is no access control list: ") + why);
}

bool names_somebody(AclTag tag) { return tag == AclTag::kUser || tag == AclTag::kGroup; }

AclEntry parse_entry(const uint8_t* at) {
  AclEntry entry{.tag = AclTag{load_le<uint16_t>(at)}, .permissions = load_le<uint16_t>(at + 2)};
  if (names_somebody(entry.tag)) entry.id = load_le<uint32_t>(at + 4);  // in the others Linux ignores it
  return entry;
}

Status check_entry(const AclEntry& entry) {
  if (entry.permissions > kThreeBits) return breaks_the_rules("there are three permissions");
  if (names_somebody(entry.tag) != (entry.id != kNobody))
    return breaks_the_rules("named users and groups have an id, the others none");
  switch (entry.tag) {
    case AclTag::kUserObj:
    case AclTag::kUser:
    case AclTag::kGroupObj:
    case AclTag::kGroup:
    case AclTag::kMask:
    case AclTag::kOther: return {};
  }
  return breaks_the_rules("an entry is of no known kind");
}

uint16_t three_bits(uint32_t mode, int shift) { return static_cast<uint16_t>((mode >> shift) & kThreeBits); }

}  // namespace

bool is_acl_xattr(std::string_view name) { return name == kAccessAclXattr || name == kDefaultAclXattr; }

Result<Acl> Acl::make(std::vector<AclEntry> entries) {
  size_t owners = 0, groups = 0, others = 0, masks = 0, named = 0;
  for (const AclEntry& entry : entries) {
    WFS_TRY(check_entry(entry));
    owners += entry.tag == AclTag::kUserObj;
    groups += entry.tag == AclTag::kGroupObj;
    others += entry.tag == AclTag::kOther;
    masks += entry.tag == AclTag::kMask;
    named += names_somebody(entry.tag);
  }
  const auto by_tag = [](const AclEntry& a, const AclEntry& b) { return a.tag < b.tag; };
  if (!std::is_sorted(entries.begin(), entries.end(), by_tag)) return breaks_the_rules("its entries are out of order");
  if (owners != 1 || groups != 1 || others != 1)
    return breaks_the_rules("owner, owning group and others have one entry each");
  if (masks > 1 || (named > 0 && masks == 0)) return breaks_the_rules("where somebody is named there is one mask");
  return Acl(std::move(entries));
}

Result<Acl> Acl::parse(ByteView xattr) {
  if (xattr.size() < kHeaderBytes || (xattr.size() - kHeaderBytes) % kEntryBytes != 0)
    return breaks_the_rules("it has the wrong length");
  if (load_le<uint32_t>(xattr.data()) != kVersion) return breaks_the_rules("it is not of version 2");
  if ((xattr.size() - kHeaderBytes) / kEntryBytes > limits::kAclEntries)
    return breaks_the_rules("it has more entries than the kernel takes");
  std::vector<AclEntry> entries;
  for (size_t at = kHeaderBytes; at < xattr.size(); at += kEntryBytes)
    entries.push_back(parse_entry(xattr.data() + at));
  return make(std::move(entries));
}

Bytes Acl::to_xattr() const {
  Bytes out;
  out.reserve(kHeaderBytes + entries_.size() * kEntryBytes);
  append_le(out, kVersion);
  for (const AclEntry& entry : entries_) {
    append_le(out, static_cast<uint16_t>(entry.tag));
    append_le(out, entry.permissions);
    append_le(out, entry.id);
  }
  return out;
}

size_t Acl::shown_as_group() const {
  size_t group = 0;
  for (size_t i = 0; i < entries_.size(); ++i)  // a mask stands behind the owning group
    if (entries_[i].tag == AclTag::kGroupObj || entries_[i].tag == AclTag::kMask) group = i;
  return group;
}

uint32_t Acl::mode_bits() const {
  const uint32_t owner = entries_.front().permissions, group = entries_[shown_as_group()].permissions;
  return owner << 6 | group << 3 | entries_.back().permissions;
}

void Acl::set_mode_bits(uint32_t mode) {
  entries_.front().permissions = three_bits(mode, 6);
  entries_[shown_as_group()].permissions = three_bits(mode, 3);
  entries_.back().permissions = three_bits(mode, 0);
}

void Acl::restrict_to(uint32_t mode) { set_mode_bits(mode_bits() & mode); }

}  // namespace walrusfs
