// What the tests of the index share: a volume in a temporary folder and short ways to fill it.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <memory>
#include <string>
#include <vector>

#include "base/testing/temp_folder.h"
#include "meta/index.h"
#include "meta/sqlite.h"
#include "tests/must.h"

namespace walrusfs::test {

#define ASSERT_OK(expression)                                   \
  do {                                                          \
    const auto& outcome_ = (expression);                        \
    ASSERT_TRUE(outcome_.ok()) << outcome_.error().to_string(); \
  } while (false)

inline InodeChange folder(uint64_t id, uint32_t nlink = 2) {
  InodeChange change;
  change.row.id = InodeId{id};
  change.row.mode = S_IFDIR | 0755;
  change.row.nlink = nlink;
  return change;
}

inline InodeChange file(uint64_t id, uint64_t size = 0, uint32_t nlink = 1) {
  InodeChange change;
  change.row.id = InodeId{id};
  change.row.mode = S_IFREG | 0644;
  change.row.nlink = nlink;
  change.row.size = size;
  return change;
}

inline EntryChange name_of(uint64_t parent, const std::string& name, uint64_t child, uint64_t cookie) {
  return {InodeId{parent}, name, EntryTarget{InodeId{child}, cookie}};
}
inline EntryChange no_name(uint64_t parent, const std::string& name) { return {InodeId{parent}, name, std::nullopt}; }

inline InodeChange gone(uint64_t id) {
  InodeChange change;
  change.row.id = InodeId{id};
  change.removed = true;
  return change;
}

inline Extent spooled(uint64_t file_offset, uint64_t length, uint64_t staging, uint64_t at) {
  return {file_offset, length, Extent::Source::kSpool, staging, at};
}
inline Extent packed(uint64_t file_offset, uint64_t length, uint64_t pack, uint64_t at) {
  return {file_offset, length, Extent::Source::kPack, pack, at};
}

// A volume with a root: / (1), /docs (2), /docs/a (3, 100 bytes in staging file 1), /b (4, 50 bytes in
// staging file 2, with an xattr), /link (5, a symlink).
inline Batch small_tree() {
  Batch batch;
  batch.inodes = {folder(1, 3), folder(2), file(3, 100), file(4, 50), file(5)};
  batch.inodes[2].extents = {spooled(0, 100, 1, 0)};
  batch.inodes[3].extents = {spooled(0, 50, 2, 0)};
  batch.inodes[3].xattrs = Xattrs{{"user.colour", to_bytes(as_bytes("blue"))}};
  batch.inodes[4].row.mode = S_IFLNK | 0777;
  batch.inodes[4].row.symlink_target = "docs/a";
  batch.inodes[4].row.size = 6;
  batch.entries = {name_of(1, "docs", 2, 3), name_of(2, "a", 3, 4), name_of(1, "b", 4, 5), name_of(1, "link", 5, 6)};
  batch.next_inode = 6;
  batch.next_cookie = 7;
  batch.next_staging = 3;
  return batch;
}

// A built pack of 200 bytes of T in two frames.
inline PackRow pack_row(PackId id, uint64_t cut = 0) {
  PackRow pack;
  pack.id = id;
  pack.blob.bytes.fill(static_cast<uint8_t>(raw(id)));
  pack.blob_bytes = 5000;
  pack.t_bytes = 300;
  pack.age_header = {1, 2, 3};
  pack.frames_member = {200, 100, 150, 70, Digest{9}};
  pack.cut = Sequence{cut};
  pack.built = {1'000'000'007};
  return pack;
}
inline std::vector<FrameRow> two_frames() { return {{0, 120, 0, 90, Digest{1}}, {120, 80, 90, 60, Digest{2}}}; }

class IndexTest : public ::testing::Test {
 protected:
  void SetUp() override { index_ = must(Index::open({.path = path(), .create = true})); }

  std::string path() const { return folder_ / "index.sqlite"; }
  void reopen() {
    index_.reset();
    index_ = must(Index::open({.path = path()}));
  }
  std::vector<std::string> check() { return must(index_->check()); }

  // certify_pack needs these steps before it.
  PackId build(uint64_t cut, const std::vector<PackedRange>& packed) {
    const PackId id = must(index_->next_pack_id());
    must(index_->add_built_pack(pack_row(id, cut), two_frames(), packed));
    return id;
  }
  PackRow certified(PackId id, uint64_t cut = 0) {
    PackRow pack = pack_row(id, cut);
    pack.state = PackState::kCertified;
    pack.certified = {2'000'000'000};
    pack.certified_by = "publisher";
    pack.end_epoch = 12;
    pack.blob_object = "0xabc";
    return pack;
  }

  TempFolder folder_;
  std::unique_ptr<Index> index_;
};

}  // namespace walrusfs::test
