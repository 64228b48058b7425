// What POSIX and Linux say about names, links and renames, as pure functions over facts.
#pragma once

#include <string>

#include "base/ids.h"
#include "base/result.h"
#include "fs/vfs/vfs.h"

namespace walrusfs {

// The name at the root that is kept for the program itself.
constexpr const char* kReservedName = ".walrusfs";
bool is_reserved(InodeId parent, const std::string& name);

// kNameTooLong, or kInvalidArgument for what can be no name of an entry.
Status check_name(const std::string& name);
// The same, and kNotPermitted for the reserved name: for all that makes, removes or moves names.
Status check_changeable_name(InodeId parent, const std::string& name);

struct RenameSide {
  bool exists = false;
  InodeId inode{};
  bool is_directory = false;
  bool is_empty = true;           // of a directory; only looked at where it would be replaced
  bool inside_other = false;      // its folder is the other side's inode, or below it
  uint32_t parent_links = 0;      // link count of its folder
};

struct RenameFacts {
  RenameMode mode = RenameMode::kReplace;
  bool same_parent = false;
  RenameSide from, to;
};

// What a rename that is allowed has to do.
enum class RenameAction { kNothing, kMove, kReplace, kExchange };
Result<RenameAction> judge_rename(const RenameFacts& facts);

}  // namespace walrusfs
