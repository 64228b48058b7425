#include "fs/vfs/acl.h"

#include <sys/stat.h>

#include <string>

namespace walrusfs {
namespace {

constexpr uint32_t kModeBits = 0777;

const Bytes* find_xattr(const Xattrs& xattrs, std::string_view name) {
  if (xattrs.empty()) return nullptr;  // the usual case costs nothing
  const auto found = xattrs.find(std::string(name));
  return found == xattrs.end() ? nullptr : &found->second;
}

}  // namespace

Result<NewPermissions> inherit_permissions(const Xattrs& of_folder, uint32_t mode, uint32_t umask) {
  NewPermissions out{.mode = mode, .acls = {}};
  if (S_ISLNK(mode)) return out;
  const Bytes* value = find_xattr(of_folder, kDefaultAclXattr);
  if (value == nullptr) {
    out.mode &= ~(umask & kModeBits);
    return out;
  }
  Result<Acl> acl = Acl::parse(*value);
  if (!acl.ok()) return Error(Code::kCorrupt, "the folder's default ACL is damaged; remove it with 'setfacl -k'");
  acl->restrict_to(mode);
  out.mode = (mode & ~kModeBits) | acl->mode_bits();
  if (!acl->equals_mode()) out.acls.emplace(kAccessAclXattr, acl->to_xattr());
  if (S_ISDIR(mode)) out.acls.emplace(kDefaultAclXattr, *value);
  return out;
}

bool access_acl_follows_mode(Xattrs& xattrs, uint32_t mode) {
  if (find_xattr(xattrs, kAccessAclXattr) == nullptr) return false;
  const auto stored = xattrs.find(std::string(kAccessAclXattr));
  Result<Acl> acl = Acl::parse(stored->second);
  if (!acl.ok()) {
    xattrs.erase(stored);
    return true;
  }
  acl->set_mode_bits(mode);
  Bytes value = acl->to_xattr();
  if (value == stored->second) return false;
  stored->second = std::move(value);
  return true;
}

}  // namespace walrusfs
