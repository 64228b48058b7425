// A tree in memory over the real index and spool, as small as a LiveTree can be: what the tests of the
// committer put files into. For one thread.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "fs/io/held_spool.h"
#include "fs/io/live_tree.h"
#include "meta/extent_map.h"

namespace walrusfs::test {

class SmallTree final : public LiveTree {
 public:
  // Loads what the index has; makes the root when it has none.
  SmallTree(Index& index, Spool& spool);

  // What tests do to it. Paths are relative; folders on the way must exist.
  InodeId make(const std::string& path, uint32_t mode, const std::string& symlink_target = "", uint64_t rdev = 0);
  void write(const std::string& path, uint64_t offset, ByteView data);
  void write(const std::string& path, std::string_view text) { write(path, 0, as_bytes(text)); }
  void truncate(const std::string& path, uint64_t size);
  void set_mode(const std::string& path, uint32_t permissions);
  void set_xattr(const std::string& path, const std::string& name, std::string_view value);
  void link(const std::string& path, const std::string& new_path);
  void rename(const std::string& path, const std::string& new_path);
  void remove(const std::string& path);
  Sequence journal();

  std::vector<Extent> extents(const std::string& path) const { return node(path).extents.all(); }
  const InodeRow& row(const std::string& path) const { return node(path).row; }
  std::vector<std::string> paths() const;  // of everything but the root
  bool has_spool_bytes() const;

  // LiveTree.
  Result<std::unique_ptr<IndexSnapshot>> cut() override;
  Status adopt_pack(const PackRow& pack, const std::vector<PackedRange>& packed) override;
  Sequence journaled() const override { return journaled_; }
  Millis oldest_unpublished_age() const override { return age_; }
  uint64_t unpublished_bytes() const override;

  Millis age_{0};                           // what oldest_unpublished_age() says
  std::function<void()> on_event_ = [] {};  // before and after an adoption
  std::optional<Error> fail_adoption_;      // adopt_pack() fails once with this, before it does anything

 private:
  struct Node {
    InodeRow row;
    ExtentMap extents;
    Xattrs xattrs;
    std::optional<StagingId> staging;  // open for writing
  };
  struct Name {
    InodeId parent{};
    std::string name;
    auto operator<=>(const Name&) const = default;
  };

  Name split(const std::string& path) const;
  InodeId find(const std::string& path) const;
  const Node& node(const std::string& path) const { return nodes_.at(find(path)); }
  Node& change(InodeId id);
  void count_folder(const Name& name, InodeId child, bool comes);
  void put_name(const Name& name, InodeId child);
  void drop_name(const Name& name);
  void load(InodeId folder);
  void list(InodeId folder, const std::string& prefix, std::vector<std::string>& out) const;
  void release_unused();
  std::set<StagingId> stagings_in_use() const;

  Index& index_;
  Spool& spool_;
  std::map<InodeId, Node> nodes_;
  std::map<Name, EntryTarget> names_;
  std::set<InodeId> dirty_, removed_;
  std::set<Name> dirty_names_;
  std::set<StagingId> known_stagings_;
  uint64_t next_inode_ = 2, next_cookie_ = 3;
  int64_t tick_ = 1'700'000'000'000'000'000;
  Sequence journaled_{};
};

}  // namespace walrusfs::test
