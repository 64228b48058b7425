// A pack that the committer made, opened by the public tools alone.

#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/limits.h"
#include "tests/io/volume.h"

extern char** environ;

namespace walrusfs::test {
namespace {

int run_shell(const std::string& script) {
  std::string shell = "/bin/sh", flag = "-c", text = script;
  char* arguments[] = {shell.data(), flag.data(), text.data(), nullptr};
  pid_t child = 0;
  if (posix_spawn(&child, "/bin/sh", nullptr, nullptr, arguments, environ) != 0) return -1;
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool have_tools() {
  return run_shell("command -v age >/dev/null && command -v zstd >/dev/null && command -v tar >/dev/null") == 0;
}

TEST(StockTools, AgeZstdAndTarRestoreTheFiles) {
  if (!have_tools()) GTEST_SKIP() << "age, zstd or tar is not installed";
  TempFolder folder;
  MemoryStore store{walrus_like()};
  VolumeOptions options;
  options.committer.pack_bytes = 8 * limits::kMiB;
  Volume volume(folder / "v", store, options);
  volume.tree().make("dir", S_IFDIR | 0755);
  volume.tree().write("dir/text", "hello from a pack\n");
  volume.tree().write("noise", 0, noise(5 * limits::kMiB, 1));
  volume.tree().write("sparse", 2 * limits::kMiB, as_bytes("end"));
  volume.tree().link("dir/text", "link");
  volume.tree().make("symlink", S_IFLNK | 0777, "dir/text");
  volume.must_publish();

  const PackRow row = must(volume.index().packs(PackState::kCertified)).at(0);
  must(write_file_durably(system_files(), folder / "pack", must(store.content(row.blob))));
  must(write_file_durably(system_files(), folder / "key", as_bytes(test_identity().print() + "\n")));
  must(system_files().make_directories(folder / "out"));
  ASSERT_EQ(
      run_shell("set -e; cd " + folder.path() + "; age -d -i key pack > z; zstd -q -d -c < z > t; tar -x -C out -f t"),
      0);

  auto restored = [&](const std::string& name) {
    return must(read_file(system_files(), folder / ("out/" + name), 100 * limits::kMiB));
  };
  EXPECT_EQ(as_text(restored("dir/text")), "hello from a pack\n");
  EXPECT_EQ(as_text(restored("symlink")), "hello from a pack\n");
  EXPECT_EQ(restored("noise"), noise(5 * limits::kMiB, 1));
  EXPECT_EQ(restored("sparse"), must(volume.read("sparse")));
  EXPECT_TRUE(std::filesystem::equivalent(folder / "out/link", folder / "out/dir/text"));
}

}  // namespace
}  // namespace walrusfs::test
