// How access control lists, the mode and the umask follow each other when files are made and changed
// (fs/posix_acl.c of Linux; base/acl.h has the lists themselves). Pure.
#pragma once

#include "base/acl.h"
#include "meta/rows.h"

namespace walrusfs {

// What a new inode begins with.
struct NewPermissions {
  uint32_t mode = 0;
  Xattrs acls;
};
// `mode` has type and permission bits. A folder's default list governs what is made in it and is handed on
// to folders; where there is none, `umask` is taken away. Links have no permissions: theirs stay.
// kCorrupt when the folder's list breaks the rules.
Result<NewPermissions> inherit_permissions(const Xattrs& of_folder, uint32_t mode, uint32_t umask);

// Keeps a stored access list in step with a chmod to `mode`. True when that changed `xattrs`. A list that
// breaks the rules is dropped: the mode that was asked for is all that is left to go by.
bool access_acl_follows_mode(Xattrs& xattrs, uint32_t mode);

}  // namespace walrusfs
