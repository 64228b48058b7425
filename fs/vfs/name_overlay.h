// What memory knows of names: changes that are not in the index yet, and a bounded cache of names that
// the index has (or is known not to have).
//
// Pure bookkeeping under the tree's lock. A changed name governs over the index's row until the batch
// that carries it is committed. A directory is `complete` while every name it has stands here, so that
// a missing one is known to be missing without asking the index.
#pragma once

#include <list>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "meta/rows.h"

namespace walrusfs {

class NameOverlay {
 public:
  enum class Known { kHere, kAbsent, kUnknown };
  struct Answer {
    Known known = Known::kUnknown;
    EntryTarget target;  // when here
  };

  Answer find(InodeId directory, const std::string& name);

  // What the index says; ignored where memory knows better.
  void learn(InodeId directory, const std::string& name, const std::optional<EntryTarget>& target);
  // A change: the name now points at `target`, or is gone.
  void change(InodeId directory, const std::string& name, const std::optional<EntryTarget>& target);

  // All names of the directory are known from now on (a new one has none).
  void mark_complete(InodeId directory);
  bool complete(InodeId directory) const;
  size_t known_names(InodeId directory) const;  // that exist
  void drop_directory(InodeId directory);       // it is removed

  // True when the index's row of this name, or its absence there, must be ignored.
  bool governs(InodeId directory, const std::string& name) const;
  // Names that exist, in order of cookies. Good until the next call that is not const.
  struct Named {
    const std::string* name = nullptr;
    EntryTarget target;
  };
  // The changed ones, with cookies above `after` and up to `up_to`.
  std::vector<Named> changed_between(InodeId directory, uint64_t after, uint64_t up_to, size_t limit) const;
  // All of them, with cookies above `after`; the directory must be complete.
  std::vector<Named> names_after(InodeId directory, uint64_t after, size_t limit) const;

  // Adds all changes to `out`; they stay in force until settle().
  void freeze(std::vector<EntryChange>& out);
  // The frozen changes are committed, or they are still to be committed.
  void settle(bool committed);

  size_t changed_count() const { return listed_.size(); }
  // Forgets clean names, a directory at a time, until at most about `max_clean` are left.
  void trim(size_t max_clean);

 private:
  struct Slot {
    EntryTarget target;
    bool here = false;
    bool dirty = false;        // changed since the last freeze
    bool frozen = false;       // in the batch that is being committed …
    bool frozen_here = false;  // … as existing
    bool in_index = false;     // the index may have a row
    bool listed = false;
  };
  using Slots = std::unordered_map<std::string, Slot>;
  struct Directory {
    Slots slots;
    // Names that exist: the changed ones, and all of them while the directory is complete.
    std::map<uint64_t, const Slots::value_type*> by_cookie;
    size_t here = 0;
    size_t listed = 0;
    bool complete = false;
    bool dropped = false;
    bool recently_used = true;
    std::list<InodeId>::iterator queue_place;
  };
  struct Listed {
    InodeId directory;
    const std::string* name;
  };

  Directory& directory(InodeId id);
  const Directory* known(InodeId id) const;
  void set_target(Directory& in, Slots::value_type& named, const std::optional<EntryTarget>& target);
  void unlist(Directory& in, Slots::iterator slot);
  void erase_directory(InodeId id);
  size_t forget_clean(InodeId id);

  std::unordered_map<uint64_t, Directory> directories_;
  std::list<InodeId> queue_;  // second-chance order, oldest first
  std::vector<Listed> listed_;
  size_t slots_ = 0;
};

}  // namespace walrusfs
