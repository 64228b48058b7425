// POSIX access control lists: their entries, their rules, and the form in which Linux keeps them.
//
// Pure. The form is that of the xattrs system.posix_acl_access and system.posix_acl_default, version 2
// (linux/posix_acl_xattr.h). The rules are those of acl(5) the way Linux carries them out (fs/posix_acl.c),
// so that files behave as on ext4. Who may do what is decided by the kernel, which reads these xattrs.
#pragma once

#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace walrusfs {

constexpr std::string_view kAccessAclXattr = "system.posix_acl_access";    // of any file but a link
constexpr std::string_view kDefaultAclXattr = "system.posix_acl_default";  // of a folder, for what is made in it
bool is_acl_xattr(std::string_view name);

enum class AclTag : uint16_t { kUserObj = 1, kUser = 2, kGroupObj = 4, kGroup = 8, kMask = 16, kOther = 32 };

struct AclEntry {
  AclTag tag = AclTag::kOther;
  uint16_t permissions = 0;   // 4 read, 2 write, 1 execute
  uint32_t id = 0xffffffffu;  // who is meant, of kUser and kGroup; in all others "nobody"
  bool operator==(const AclEntry&) const = default;
};

// A list that follows the rules; there is no other kind.
class Acl {
 public:
  // Exactly one entry each for owner, owning group and others, in order of the tags; a mask at most once,
  // and always where somebody is named; permissions of three bits. kInvalidArgument otherwise.
  static Result<Acl> make(std::vector<AclEntry> entries);
  // The same for the stored form, of at most limits::kAclEntries. Trusts nothing.
  static Result<Acl> parse(ByteView xattr);
  Bytes to_xattr() const;

  const std::vector<AclEntry>& entries() const { return entries_; }
  // True when mode bits alone say all of it (no mask, nobody named), so that it need not be stored.
  bool equals_mode() const { return entries_.size() == 3; }
  // The nine permission bits that stat(2) shows: owner, mask (without one: owning group), others.
  uint32_t mode_bits() const;

  // chmod(2): the three entries that mode_bits() shows become those of `mode`.
  void set_mode_bits(uint32_t mode);
  // open(2) and its like with `mode` make a file with this default list: nobody gets more than both allow.
  void restrict_to(uint32_t mode);

 private:
  explicit Acl(std::vector<AclEntry> entries) : entries_(std::move(entries)) {}
  size_t shown_as_group() const;

  std::vector<AclEntry> entries_;
};

}  // namespace walrusfs
