#include "fs/vfs/name_rules.h"

#include "base/limits.h"

namespace walrusfs {
namespace {

Error no_room_for_link() { return Error(Code::kTooManyLinks, "a folder cannot hold more folders than this"); }

Status judge_replaced(const RenameFacts& facts) {
  const RenameSide& from = facts.from;
  const RenameSide& to = facts.to;
  if (from.is_directory && !to.is_directory) return Error(Code::kNotDirectory, "a folder cannot replace a file");
  if (!from.is_directory && to.is_directory) return Error(Code::kIsDirectory, "a file cannot replace a folder");
  if (to.is_directory && !to.is_empty) return Error(Code::kNotEmpty, "the folder to be replaced is not empty");
  return {};
}

Result<RenameAction> judge_exchange(const RenameFacts& facts) {
  if (!facts.to.exists) return Error(Code::kNotFound, "both names of an exchange must exist");
  if (facts.to.is_directory && facts.from.inside_other)
    return Error(Code::kInvalidArgument, "a folder cannot move into itself");
  if (facts.from.inode == facts.to.inode) return RenameAction::kNothing;
  if (!facts.same_parent && facts.from.is_directory != facts.to.is_directory) {
    const RenameSide& gains = facts.from.is_directory ? facts.to : facts.from;
    if (gains.parent_links >= limits::kLinks) return no_room_for_link();
  }
  return RenameAction::kExchange;
}

}  // namespace

bool is_reserved(InodeId parent, const std::string& name) { return parent == kRootInode && name == kReservedName; }

Status check_name(const std::string& name) {
  if (name.size() > limits::kNameBytes) return Error(Code::kNameTooLong, "a name has 255 bytes at most");
  if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos ||
      name.find('\0') != std::string::npos)
    return Error(Code::kInvalidArgument, "this cannot be a name");
  return {};
}

Status check_changeable_name(InodeId parent, const std::string& name) {
  WFS_TRY(check_name(name));
  if (is_reserved(parent, name)) return Error(Code::kNotPermitted, ".walrusfs at the root is kept for the program");
  return {};
}

Result<RenameAction> judge_rename(const RenameFacts& facts) {
  if (!facts.from.exists) return Error(Code::kNotFound, "there is no such name");
  if (facts.mode == RenameMode::kNoReplace && facts.to.exists)
    return Error(Code::kExists, "the new name exists already");
  if (facts.from.is_directory && facts.to.inside_other)
    return Error(Code::kInvalidArgument, "a folder cannot move into itself");
  if (facts.mode == RenameMode::kExchange) return judge_exchange(facts);
  // Two links of one file, or a name renamed to itself: POSIX wants nothing to happen.
  if (facts.to.exists && facts.from.inode == facts.to.inode) return RenameAction::kNothing;
  if (facts.to.exists) WFS_TRY(judge_replaced(facts));
  const bool gains_folder = facts.from.is_directory && !facts.same_parent && !facts.to.exists;
  if (gains_folder && facts.to.parent_links >= limits::kLinks) return no_room_for_link();
  return facts.to.exists ? RenameAction::kReplace : RenameAction::kMove;
}

}  // namespace walrusfs
