#include "base/log.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/testing/temp_folder.h"

namespace walrusfs {
namespace {

class LogTest : public testing::Test {
 protected:
  ~LogTest() override { log_setup(LogLevel::kWarn); }

  std::string text(const std::string& name) {
    std::ifstream file(folder_ / name);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  TempFolder folder_;
};

TEST_F(LogTest, IsAppendedTo) {
  std::ofstream(folder_ / "mount.log") << "of the mount before\n";
  log_setup(LogLevel::kInfo, folder_ / "mount.log");
  log_debug("not for the log");
  log_info("Pack {} is kept.", 7);
  const std::string all = text("mount.log");
  EXPECT_TRUE(all.starts_with("of the mount before\n2")) << all;
  EXPECT_TRUE(all.ends_with(" info Pack 7 is kept.\n")) << all;
}

TEST_F(LogTest, IsBounded) {
  constexpr uint64_t kMostBytes = 4 * (8 << 20);
  log_setup(LogLevel::kInfo, folder_ / "mount.log");
  const std::string sentence(64 << 10, 'x');
  for (int i = 0; i < 1'000; ++i) log_info("{} {}", i, sentence);
  log_info("the last sentence");
  uint64_t bytes = 0, files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
    bytes += entry.file_size();
    ++files;
  }
  EXPECT_EQ(files, 4u);
  EXPECT_LE(bytes, kMostBytes);
  EXPECT_GT(bytes, kMostBytes * 3 / 4);
  EXPECT_NE(text("mount.log").find("the last sentence"), std::string::npos);
  EXPECT_TRUE(std::filesystem::exists(folder_ / "mount.3.log"));
}

}  // namespace
}  // namespace walrusfs
