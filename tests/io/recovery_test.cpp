#include "fs/io/recovery.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "tests/io/volume.h"

namespace walrusfs::test {
namespace {

class RecoveryTest : public testing::Test {
 protected:
  RecoveryTest() {
    Volume volume(folder_ / "v", store_);
    volume.tree().make("d", S_IFDIR | 0755);
    volume.tree().write("d/hurt", "precious");
    volume.tree().write("d/whole", "fine");
    volume.tree().journal();
  }
  std::string staging_file() {
    std::string found;
    for (const auto& item : std::filesystem::recursive_directory_iterator(folder_ / "v/spool/staging")) {
      if (item.is_regular_file() && item.file_size() == 8) found = item.path();
    }
    return found;
  }

  TempFolder folder_;
  MemoryStore store_{walrus_like()};
};

TEST_F(RecoveryTest, AHealthyVolumeHasNothingToSay) {
  Volume volume(folder_ / "v", store_);
  EXPECT_THAT(volume.recovered().messages, testing::IsEmpty());
  EXPECT_THAT(volume.recovered().damaged, testing::IsEmpty());
  EXPECT_EQ(volume.text("d/hurt"), "precious");
}

TEST_F(RecoveryTest, AMissingStagingFileNamesThePathAndTheRestIsPublished) {
  ASSERT_TRUE(std::filesystem::remove(staging_file()));
  Volume volume(folder_ / "v", store_);
  ASSERT_EQ(volume.recovered().damaged.size(), 1u);
  EXPECT_EQ(volume.recovered().damaged[0].path, "d/hurt");
  EXPECT_THAT(volume.recovered().messages, testing::Contains(testing::HasSubstr("'d/hurt' is damaged")));
  EXPECT_FALSE(volume.read("d/hurt").ok());

  EXPECT_TRUE(volume.publish());
  volume.drop_cache();
  EXPECT_EQ(volume.text("d/whole"), "fine");
  EXPECT_FALSE(volume.read("d/hurt").ok());
  for (const Extent& extent : volume.tree().extents("d/whole")) EXPECT_EQ(extent.source, Extent::Source::kPack);
}

TEST_F(RecoveryTest, AShortStagingFileIsDamageToo) {
  std::filesystem::resize_file(staging_file(), 3);
  Volume volume(folder_ / "v", store_);
  ASSERT_EQ(volume.recovered().damaged.size(), 1u);
  EXPECT_EQ(volume.recovered().damaged[0].path, "d/hurt");
  EXPECT_TRUE(volume.publish());
  volume.tree().write("d/hurt", "restored");
  volume.must_publish();
  volume.drop_cache();
  EXPECT_EQ(volume.text("d/hurt"), "restored");
}

TEST_F(RecoveryTest, StrangersMoveToLost) {
  must(write_file_durably(system_files(), folder_ / "v/spool/staging/00/stranger", as_bytes("?")));
  Volume volume(folder_ / "v", store_);
  EXPECT_EQ(volume.recovered().moved_to_lost, 1u);
  EXPECT_THAT(volume.recovered().damaged, testing::IsEmpty());
}

TEST_F(RecoveryTest, FinishedPacksAreCounted) {
  {
    Volume volume(folder_ / "v", store_);
    volume.tree().journal();
    volume.committer().request_flush();
    volume.step();  // cut
    volume.step();  // build
  }
  Volume volume(folder_ / "v", store_);
  EXPECT_EQ(volume.recovered().packs_to_upload, 1u);
}

}  // namespace
}  // namespace walrusfs::test
