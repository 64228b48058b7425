// Access control lists as text, for the pax records SCHILY.acl.access and SCHILY.acl.default, which star, GNU tar
// and libarchive write and restore (docs/formats.md 1.1). Internal to this folder.
#pragma once

#include <string>
#include <string_view>

#include "base/acl.h"

namespace walrusfs::pack {

// "user::rw-,user:1000:r--,group::r--,mask::r--,other::---": whoever is named is named by number, as those
// programs do for numbers without a name.
std::string print_acl(const Acl& acl);

// Also the forms that other programs write: entries apart by commas or lines, comments behind '#', short tags, and
// a name with its number as a fourth field ("user:ann:r--:1000"). kInvalidArgument for anything else, for a name
// without a number, and for what breaks the rules of lists.
Result<Acl> parse_acl(std::string_view text);

}  // namespace walrusfs::pack
