#include "cli/volume.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

namespace walrusfs::cli {
namespace {

class VolumeTest : public testing::Test {
 protected:
  VolumeTest() : top_(testing::TempDir() + "/walrusfs-volume-" + std::to_string(getpid())) {
    places_ = {top_ + "/data", top_ + "/cache", top_ + "/config.toml"};
  }
  ~VolumeTest() override { std::filesystem::remove_all(top_); }

  Files& files_ = system_files();
  const std::string top_;
  Places places_;
};

TEST_F(VolumeTest, FormattedThenOpenedWithItsKey) {
  auto made = format_volume(files_, system_rng(), places_, {.name = "photos"});
  ASSERT_TRUE(made.ok()) << made.error().message();
  ASSERT_TRUE(made->has_value());
  auto volume = open_volume(files_, places_, "photos");
  ASSERT_TRUE(volume.ok());
  auto key = load_key(files_, *volume, [] { return Result<std::string>(Error(Code::kInternal, "must not ask")); });
  ASSERT_TRUE(key.ok()) << key.error().message();
  EXPECT_EQ(key->recipient(), (*made)->recipient());
  EXPECT_EQ(list_volumes(files_, places_), std::vector<std::string>{"photos"});
}

TEST_F(VolumeTest, TwiceIsRefusedAndTheKeyStays) {
  auto first = format_volume(files_, system_rng(), places_, {.name = "v"});
  ASSERT_TRUE(first.ok());
  auto second = format_volume(files_, system_rng(), places_, {.name = "v"});
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code(), Code::kExists);
  auto volume = open_volume(files_, places_, "v");
  ASSERT_TRUE(volume.ok());
  auto key = load_key(files_, *volume, nullptr);
  ASSERT_TRUE(key.ok());
  EXPECT_EQ(key->recipient(), (*first)->recipient());
}

TEST_F(VolumeTest, NamesAtAndPastTheLimit) {
  EXPECT_TRUE(check_volume_name(std::string(64, 'x')).ok());
  EXPECT_FALSE(check_volume_name(std::string(65, 'x')).ok());
  for (const char* name : {"", ".", "..", ".x", "-x", "a/b", "a b", "\xff"})
    EXPECT_FALSE(check_volume_name(name).ok()) << name;
}

TEST_F(VolumeTest, TheMountRecordTellsWhichVolumeAPathBelongsTo) {
  ASSERT_TRUE(format_volume(files_, system_rng(), places_, {.name = "v", .is_public = true}).ok());
  auto volume = open_volume(files_, places_, "v");
  ASSERT_TRUE(volume.ok());
  EXPECT_FALSE(read_mount_record(files_, *volume).has_value());
  ASSERT_TRUE(write_mount_record(files_, *volume, {42, "/mnt/v"}).ok());
  EXPECT_EQ(volume_of_path(files_, places_, "/mnt/v/deep/er")->name, "v");
  EXPECT_EQ(volume_of_path(files_, places_, "/mnt/v")->name, "v");
  EXPECT_FALSE(volume_of_path(files_, places_, "/mnt/vv").ok());
}

}  // namespace
}  // namespace walrusfs::cli
