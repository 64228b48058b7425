#include "cli/volume.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace walrusfs::cli {
namespace {

using testing::HasSubstr;

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

TEST_F(VolumeTest, AKeyThatOthersMayReadIsRefused) {
  ASSERT_TRUE(format_volume(files_, system_rng(), places_, {.name = "v"}).ok());
  const Volume volume = open_volume(files_, places_, "v").value();
  for (const mode_t mode : {0640, 0604, 0644, 0610}) {
    ASSERT_EQ(chmod(volume.key_path().c_str(), mode), 0);
    const auto key = load_key(files_, volume, nullptr);
    ASSERT_FALSE(key.ok()) << mode;
    EXPECT_EQ(key.error().code(), Code::kWrongKey);
    EXPECT_THAT(key.error().message(), HasSubstr("chmod 600 " + volume.key_path()));
  }
  for (const mode_t mode : {0600, 0400}) {
    ASSERT_EQ(chmod(volume.key_path().c_str(), mode), 0);
    EXPECT_TRUE(load_key(files_, volume, nullptr).ok()) << mode;
  }
}

TEST_F(VolumeTest, WithoutItsIndexItSaysHowToGoOn) {
  ASSERT_TRUE(format_volume(files_, system_rng(), places_, {.name = "v"}).ok());
  const Volume volume = open_volume(files_, places_, "v").value();
  EXPECT_TRUE(open_index(volume).ok());
  for (const bool damaged : {true, false}) {
    std::filesystem::remove(volume.index_path());
    if (damaged) std::ofstream(volume.index_path()) << std::string(5'000, 'x');
    const auto index = open_index(volume);
    ASSERT_FALSE(index.ok());
    EXPECT_EQ(index.error().code(), Code::kCorrupt);
    EXPECT_THAT(index.error().message(), HasSubstr(volume.pack_list_path()));
    EXPECT_THAT(index.error().message(), HasSubstr("walrusfs pack extract --volume v"));
    EXPECT_THAT(index.error().message(), HasSubstr("backup"));
  }
}

TEST_F(VolumeTest, IsFoundByNameOrByAPathInItsMount) {
  ASSERT_TRUE(format_volume(files_, system_rng(), places_, {.name = "v", .is_public = true}).ok());
  const Volume volume = open_volume(files_, places_, "v").value();
  ASSERT_TRUE(write_mount_record(files_, volume, {42, "/mnt/v"}).ok());
  EXPECT_EQ(find_volume(files_, places_, "v")->name, "v");
  EXPECT_EQ(find_volume(files_, places_, "/mnt/v/deep/er")->name, "v");
  const auto by_name = find_volume(files_, places_, "nosuch");
  ASSERT_FALSE(by_name.ok());
  EXPECT_EQ(by_name.error().code(), Code::kNotFound);
  EXPECT_THAT(by_name.error().message(), HasSubstr("'nosuch' is neither a volume of this user (there are: v)"));
  const auto by_path = find_volume(files_, places_, "/mnt/elsewhere");
  ASSERT_FALSE(by_path.ok());
  EXPECT_EQ(by_path.error().code(), Code::kNotFound);
  EXPECT_THAT(by_path.error().message(), HasSubstr("/mnt/elsewhere is not in a mounted volume"));
}

TEST_F(VolumeTest, OneWithBrokenSettingsDoesNotHideTheOthers) {
  ASSERT_TRUE(format_volume(files_, system_rng(), places_, {.name = "a", .is_public = true}).ok());
  ASSERT_TRUE(format_volume(files_, system_rng(), places_, {.name = "b", .is_public = true}).ok());
  const Volume volume = open_volume(files_, places_, "b").value();
  ASSERT_TRUE(write_mount_record(files_, volume, {42, "/mnt/b"}).ok());
  std::ofstream(places_.volume("a") + "/volume.toml") << "not toml";
  EXPECT_EQ(find_volume(files_, places_, "/mnt/b")->name, "b");
  EXPECT_EQ(find_volume(files_, places_, "a").error().code(), Code::kInvalidArgument);
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
