// The round trip: files of every shape go to the network in packs and come back from it alone.

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/limits.h"
#include "codec/pack/changes.h"
#include "codec/pack/pack_reader.h"
#include "tests/io/forwarding_store.h"
#include "tests/io/volume.h"

namespace walrusfs::test {
namespace {

using limits::kKiB;
using limits::kMiB;

class CommitterTest : public testing::Test {
 protected:
  std::unique_ptr<pack::PackReader> open_pack(const PackRow& row) {
    source_ = std::make_unique<MemorySource>(must(store_.content(row.blob)));
    identity_ = test_identity();
    const pack::FramesPlace place{row.frames_member.z_offset, row.frames_member.z_length, row.frames_member.hash};
    return must(pack::PackReader::open(*source_, &*identity_, place));
  }
  std::vector<PackRow> packs(Volume& volume) { return must(volume.index().packs(PackState::kCertified)); }
  std::vector<std::string> members(const PackRow& row) {
    std::vector<std::string> out;
    must(open_pack(row)->for_each_member([&](const pack::MemberPlace& place) {
      out.push_back(place.member.path);
      return ok_status();
    }));
    return out;
  }
  pack::Changes changes(const PackRow& row) { return must(pack::parse_changes(must(open_pack(row)->changes()))); }

  TempFolder folder_;
  MemoryStore store_{walrus_like()};
  std::unique_ptr<MemorySource> source_;
  std::optional<pack::AgeIdentity> identity_;
};

TEST_F(CommitterTest, FilesOfManyShapesComeBackWithCacheAndSpoolGone) {
  std::map<std::string, Bytes> model;
  {
    Volume volume(folder_ / "v", store_);
    SmallTree& tree = volume.tree();
    tree.make("empty", S_IFREG | 0600);
    tree.make("dir", S_IFDIR | 0700);
    tree.make("dir/link", S_IFLNK | 0777, "../empty");
    tree.make("fifo", S_IFIFO | 0600);
    tree.make("socket", S_IFSOCK | 0600);
    tree.make("null", S_IFCHR | 0666, "", makedev(1, 3));
    tree.write("one byte", "x");
    tree.write("dir/text", std::string(100'000, 'a'));
    tree.write(std::string("dir/\xff\xfe not utf-8"), "odd");
    tree.write("sparse", 3 * kMiB, noise(5000, 1));
    tree.write("sparse", 10'000, noise(70'000, 2));
    tree.truncate("sparse", 9 * kMiB + 17);
    tree.truncate("all hole", 5 * kMiB);
    tree.write("big", 0, noise(3 * kMiB + 12'345, 3));
    tree.write("frame", 0, noise(limits::kFrameBytes, 4));
    tree.write("frame+1", 0, noise(limits::kFrameBytes + 1, 5));
    tree.link("dir/text", "hard link");
    tree.set_xattr("dir/text", "user.note", "hello");
    volume.must_publish();
    for (const char* path : {"empty", "one byte", "dir/text", "dir/\xff\xfe not utf-8", "sparse", "all hole", "big",
                             "frame", "frame+1", "hard link"}) {
      model[path] = must(volume.read(path));
    }
    EXPECT_EQ(model["big"], noise(3 * kMiB + 12'345, 3));
    EXPECT_EQ(model["all hole"], Bytes(5 * kMiB));
    EXPECT_EQ(must(volume.read("sparse", {3 * kMiB, 5000})), noise(5000, 1));
    EXPECT_EQ(volume.spool().usage().staging_files, 0u);
    EXPECT_EQ(volume.spool().usage().pack_bytes, 0u);
  }
  std::filesystem::remove_all(folder_ / "v/frames");
  Volume again(folder_ / "v", store_);
  EXPECT_THAT(again.recovered().messages, testing::IsEmpty());
  for (const auto& [path, bytes] : model) EXPECT_EQ(must(again.read(path)), bytes) << path;
  EXPECT_EQ(store_.counters().stores, packs(again).size());
}

TEST_F(CommitterTest, PublicVolumesNeedNoKey) {
  Volume volume(folder_ / "v", store_, {.encrypted = false});
  volume.tree().write("f", "hello");
  volume.must_publish();
  EXPECT_TRUE(packs(volume).at(0).age_header.empty());
  volume.drop_cache();
  EXPECT_EQ(volume.text("f"), "hello");
}

TEST_F(CommitterTest, NoPackIsLargerThanItsLimitAndOnlyOneIsOnDisk) {
  Volume volume(folder_ / "v", store_);
  for (int i = 0; i < 60; ++i) {
    const uint64_t bytes = (i * 7919) % 200'000;
    volume.tree().write("f" + std::to_string(i), 0, noise(bytes, 100 + i));
  }
  volume.tree().write("large", 0, noise(4 * kMiB + 1, 5));
  volume.tree().journal();
  volume.committer().request_flush();
  uint64_t most_on_disk = 0;
  while (volume.committer().status().published < volume.tree().journaled()) {
    volume.step();
    most_on_disk = std::max(most_on_disk, volume.spool().usage().pack_bytes);
  }
  EXPECT_LE(most_on_disk, kMiB);
  EXPECT_GT(packs(volume).size(), 8u);
  for (const PackRow& row : packs(volume)) EXPECT_LE(row.blob_bytes, kMiB);
  volume.drop_cache();
  EXPECT_EQ(must(volume.read("large")), noise(4 * kMiB + 1, 5));
  for (int i = 0; i < 60; ++i) {
    EXPECT_EQ(must(volume.read("f" + std::to_string(i))), noise((i * 7919) % 200'000, 100 + i));
  }
}

TEST_F(CommitterTest, PacksAreWellFilled) {
  Volume volume(folder_ / "v", store_);
  volume.tree().write("large", 0, noise(7 * kMiB, 5));
  volume.must_publish();
  std::vector<PackRow> rows = packs(volume);
  rows.pop_back();
  for (const PackRow& row : rows) EXPECT_GT(row.blob_bytes, kMiB * 8 / 10);
}

TEST_F(CommitterTest, WhatCompressesFillsPacksByItsCompressedSize) {
  VolumeOptions options;
  options.committer.pack_bytes = 8 * kMiB;
  Volume volume(folder_ / "v", store_, options);
  volume.tree().write("zeds", 0, Bytes(40 * kMiB, 'z'));
  volume.must_publish();
  EXPECT_EQ(packs(volume).size(), 1u);
  volume.drop_cache();
  EXPECT_EQ(must(volume.read("zeds")), Bytes(40 * kMiB, 'z'));
}

TEST_F(CommitterTest, PacksFormAChainWhoseRowsAreTheTree) {
  Volume volume(folder_ / "v", store_);
  volume.tree().write("first", 0, noise(2 * kMiB, 1));
  volume.must_publish();
  volume.tree().write("second", "2");
  volume.tree().remove("first");
  volume.must_publish();

  const std::vector<PackRow> rows = packs(volume);
  ASSERT_GE(rows.size(), 3u);
  for (size_t i = 0; i < rows.size(); ++i) {
    const pack::Changes text = changes(rows[i]);
    EXPECT_EQ(text.header.volume, "test-volume");
    EXPECT_EQ(text.header.pack, rows[i].id);
    EXPECT_EQ(text.header.complete, raw(rows[i].cut) != 0);
    if (i == 0) {
      EXPECT_FALSE(text.header.predecessor);
      continue;
    }
    ASSERT_TRUE(text.header.predecessor);
    EXPECT_EQ(text.header.predecessor->pack, rows[i - 1].id);
    EXPECT_EQ(text.header.predecessor->blob, rows[i - 1].blob);
    EXPECT_EQ(text.header.predecessor->frames.hash, rows[i - 1].frames_member.hash);
    EXPECT_EQ(text.header.predecessor->sequence, changes(rows[i - 1]).header.sequence);
    EXPECT_GE(text.header.sequence, text.header.predecessor->sequence);
  }
  EXPECT_EQ(changes(rows.back()).header.sequence, must(volume.index().published()));
  const auto last = changes(rows.back()).rows;
  EXPECT_THAT(last, testing::Contains(pack::ChangesRow(pack::EntryGone{kRootInode, "first"})));
  EXPECT_THAT(last, testing::Contains(testing::VariantWith<pack::InodeGone>(testing::_)));
}

// A file over several packs: the extents told by the last one, read by hand from all, are the file.
TEST_F(CommitterTest, ExtentRowsTellWhereEveryByteIs) {
  Volume volume(folder_ / "v", store_);
  const Bytes bytes = noise(2 * kMiB + 77, 9);
  volume.tree().write("f", 0, bytes);
  const InodeId inode = volume.tree().row("f").id;
  volume.must_publish();

  std::map<uint64_t, PackRow> by_id;
  for (const PackRow& row : packs(volume)) by_id[raw(row.id)] = row;
  const PackRow& last = by_id.rbegin()->second;
  Bytes found(bytes.size());
  for (const pack::ChangesRow& row : changes(last).rows) {
    const auto* extents = std::get_if<pack::ExtentRows>(&row);
    if (extents == nullptr || extents->inode != inode) continue;
    for (const pack::ExtentRow& extent : extents->extents) {
      const uint64_t pack = raw(extent.pack) == 0 ? raw(last.id) : raw(extent.pack);
      const Bytes part = must(open_pack(by_id.at(pack))->read({extent.t_offset, extent.length}));
      std::copy(part.begin(), part.end(), found.begin() + static_cast<std::ptrdiff_t>(extent.file_offset));
    }
  }
  EXPECT_EQ(found, bytes);
}

TEST_F(CommitterTest, ChangesWithoutBytesTravelWithoutTheBytes) {
  Volume volume(folder_ / "v", store_);
  volume.tree().write("f", 0, noise(300 * kKiB, 1));
  volume.must_publish();
  volume.tree().set_mode("f", 0400);
  volume.tree().rename("f", "g");
  volume.must_publish();
  const PackRow last = packs(volume).back();
  EXPECT_LT(last.blob_bytes, 20 * kKiB);
  EXPECT_THAT(members(last), testing::Contains(pack::inode_path(volume.tree().row("g").id)));
  EXPECT_EQ(must(volume.read("g")), noise(300 * kKiB, 1));
}

TEST_F(CommitterTest, APartlyRewrittenFileSendsOnlyItsNewBytes) {
  Volume volume(folder_ / "v", store_);
  Bytes bytes = noise(600 * kKiB, 1);
  volume.tree().write("f", 0, bytes);
  volume.must_publish();
  const Bytes patch = noise(5000, 2);
  volume.tree().write("f", 100'000, patch);
  std::copy(patch.begin(), patch.end(), bytes.begin() + 100'000);
  volume.must_publish();
  const PackRow last = packs(volume).back();
  EXPECT_LT(last.blob_bytes, 30 * kKiB);
  EXPECT_THAT(members(last), testing::Contains(pack::extent_path(volume.tree().row("f").id, 100'000)));
  volume.drop_cache();
  EXPECT_EQ(must(volume.read("f")), bytes);
}

TEST_F(CommitterTest, HardLinksAreLinksInThePack) {
  Volume volume(folder_ / "v", store_);
  volume.tree().write("a", "text");
  volume.tree().link("a", "b");
  volume.must_publish();
  const auto place = must(open_pack(packs(volume).back())->find("b"));
  EXPECT_EQ(place.member.type, pack::MemberType::kHardLink);
  EXPECT_EQ(place.member.link_target, "a");
}

TEST_F(CommitterTest, CutsByAgeAndBySizeAndOtherwiseNot) {
  Volume volume(folder_ / "v", store_);
  volume.tree().write("small", "x");
  volume.tree().journal();
  for (int i = 0; i < 5; ++i) EXPECT_LE(volume.committer().step(), Millis(1000));
  EXPECT_EQ(store_.counters().stores, 0u);

  volume.tree().age_ = Millis(29'999);
  EXPECT_LE(volume.committer().step(), Millis(1));
  EXPECT_EQ(store_.counters().stores, 0u);
  volume.tree().age_ = Millis(30'000);
  for (int i = 0; i < 5; ++i) volume.committer().step();
  EXPECT_EQ(store_.counters().stores, 1u);

  volume.tree().age_ = Millis(0);
  volume.tree().write("large", 0, noise(kMiB - 1, 1));
  for (int i = 0; i < 5; ++i) volume.committer().step();
  EXPECT_EQ(store_.counters().stores, 1u);
  volume.tree().write("one more", "y");
  for (int i = 0; i < 60; ++i) volume.step();
  EXPECT_EQ(volume.committer().status().last_error, "");
  EXPECT_GT(store_.counters().stores, 1u);
}

TEST_F(CommitterTest, FlushWithNothingNewIsDoneAtOnceAndMakesNoPack) {
  Volume volume(folder_ / "v", store_);
  volume.tree().write("f", "x");
  volume.must_publish();
  const uint64_t before = store_.counters().stores;
  EXPECT_TRUE(volume.publish());
  EXPECT_EQ(store_.counters().stores, before);
  must(volume.committer().wait_published(volume.tree().journaled(), system_clock().in(Millis(1))));
}

TEST_F(CommitterTest, FilesThatGoAwayWhileTheirCutIsPackedAreStillInIt) {
  Volume volume(folder_ / "v", store_);
  volume.tree().write("a", 0, noise(900 * kKiB, 1));
  volume.tree().write("z", 0, noise(900 * kKiB, 2));
  const Sequence cut = volume.tree().journal();
  volume.committer().request_flush();
  volume.step();  // cut
  volume.tree().remove("z");
  volume.tree().truncate("a", 10);
  volume.tree().journal();
  while (volume.committer().status().published < cut) volume.step();
  EXPECT_EQ(volume.committer().status().last_error, "");
  volume.must_publish();
  EXPECT_EQ(must(volume.read("a")), noise(10, 1));
  EXPECT_EQ(volume.spool().usage().staging_files, 0u);
}

TEST_F(CommitterTest, BytesWrittenDuringAnUploadStayUntilTheNextCut) {
  Volume volume(folder_ / "v", store_);
  volume.tree().write("f", 0, noise(100 * kKiB, 1));
  volume.tree().journal();
  volume.committer().request_flush();
  volume.step();  // cut
  volume.step();  // build
  volume.tree().write("f", 50, as_bytes("newer"));
  volume.step();  // upload
  EXPECT_TRUE(volume.tree().has_spool_bytes());
  Bytes wanted = noise(100 * kKiB, 1);
  std::copy_n("newer", 5, wanted.begin() + 50);
  EXPECT_EQ(must(volume.read("f")), wanted);
  volume.must_publish();
  volume.drop_cache();
  EXPECT_EQ(must(volume.read("f")), wanted);
}

TEST_F(CommitterTest, ManySmallFilesShareFramesAndOnePack) {
  VolumeOptions options;
  options.committer.pack_bytes = 8 * kMiB;
  Volume volume(folder_ / "v", store_, options);
  volume.tree().make("d", S_IFDIR | 0755);
  for (int i = 0; i < 1000; ++i) volume.tree().write("d/" + std::to_string(i), "content " + std::to_string(i));
  volume.must_publish();
  EXPECT_EQ(packs(volume).size(), 1u);
  volume.drop_cache();
  const uint64_t before = store_.counters().reads;
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(volume.text("d/" + std::to_string(i)), "content " + std::to_string(i));
  EXPECT_LE(store_.counters().reads - before, 4u);
}

// Looks at the committer in the middle of every upload and of every reading back.
class WatchedStore final : public ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;
  Result<StoreReceipt> store(const StoreRequest& request, Deadline deadline) override {
    request.on_progress(request.size_bytes / 2);
    half_sent_.push_back(committer_->status());
    return ForwardingStore::store(request, deadline);
  }
  Result<Bytes> read(const BlobId& blob, ByteRange range, const Verifier& verify, Deadline deadline) override {
    read_back_.push_back(committer_->status());
    return ForwardingStore::read(blob, range, verify, deadline);
  }

  Committer* committer_ = nullptr;
  std::vector<CommitterStatus> half_sent_, read_back_;
};

TEST_F(CommitterTest, ProgressCountsBytesAndNotFiles) {
  constexpr uint64_t kFileBytes = 6 * kMiB;  // one file, hence one staging file until the end; packs of 1 MiB
  WatchedStore watched(store_);
  Volume volume(folder_ / "v", watched);
  watched.committer_ = &volume.committer();
  volume.tree().write("big", 0, noise(kFileBytes, 1));
  volume.tree().journal();
  EXPECT_EQ(volume.committer().status().pending_bytes, kFileBytes);
  volume.must_publish();

  ASSERT_GE(watched.half_sent_.size(), 6u);
  uint64_t certified = 0;
  for (const CommitterStatus& now : watched.half_sent_) {
    EXPECT_EQ(now.pending_bytes + now.progress.certified, kFileBytes);
    EXPECT_GE(now.progress.certified, certified);
    const uint64_t in_pack = now.progress.packed - now.progress.certified;
    EXPECT_GT(in_pack, 0u);
    EXPECT_NEAR(static_cast<double>(now.progress.uploaded - now.progress.certified), in_pack / 2.0, 1.0);
    EXPECT_EQ(now.progress.checked, now.progress.certified);
    certified = now.progress.certified;
  }
  EXPECT_GT(certified, kFileBytes / 2);
  for (const CommitterStatus& now : watched.read_back_) EXPECT_EQ(now.progress.uploaded, now.progress.packed);
  const CommitterStatus end = volume.committer().status();
  EXPECT_EQ(end.pending_bytes, 0u);
  EXPECT_EQ(end.progress.packed, kFileBytes);
  EXPECT_EQ(end.progress.certified, kFileBytes);
}

TEST_F(CommitterTest, ProgressGoesOnWhereTheLastMountEnded) {
  constexpr uint64_t kFileBytes = 4 * kMiB;
  WatchedStore watched(store_);
  {
    Volume volume(folder_ / "v", watched);
    watched.committer_ = &volume.committer();
    volume.tree().write("big", 0, noise(kFileBytes, 1));
    volume.tree().journal();
    volume.committer().request_flush();
    while (volume.committer().status().packs_stored < 2) volume.step();
  }
  watched.half_sent_.clear();
  Volume again(folder_ / "v", watched);
  watched.committer_ = &again.committer();
  again.must_publish();
  ASSERT_GE(watched.half_sent_.size(), 2u);
  const uint64_t left = again.committer().status().progress.certified;
  EXPECT_LT(left, 3 * kMiB);
  for (const CommitterStatus& now : watched.half_sent_)
    EXPECT_EQ(now.pending_bytes + now.progress.certified, left) << "the staging file is longer, but not its rest";
}

}  // namespace
}  // namespace walrusfs::test
