// A child process packs and uploads, and is killed with SIGKILL at its n-th event, for every n until it gets
// through. After each: the next mount has every byte, and nothing was stored that no pack names.

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <algorithm>

#include "base/limits.h"
#include "tests/io/folder_store.h"
#include "tests/io/volume.h"

namespace walrusfs::test {
namespace {

using limits::kKiB;

const std::map<std::string, Bytes>& files() {
  static const std::map<std::string, Bytes> all = {
      {"a", noise(10, 1)}, {"d/b", noise(700 * kKiB, 2)}, {"d/c", noise(1500 * kKiB, 3)}, {"e", Bytes()}};
  return all;
}

// Never returns.
[[noreturn]] void live_until_event(const std::string& folder, int last_event) {
  int events = 0;
  auto event = [&] {
    if (++events == last_event) kill(getpid(), SIGKILL);
  };
  FolderStore store(folder + "/store");
  Volume volume(folder + "/v", store);
  store.on_event_ = event;
  volume.tree().on_event_ = event;
  const bool is_new = volume.tree().paths().empty();
  if (is_new) volume.tree().make("d", S_IFDIR | 0755);
  if (is_new) {
    for (const auto& [path, bytes] : files()) volume.tree().write(path, 0, bytes);
  }
  const Sequence wanted = volume.tree().journal();
  volume.committer().request_flush();
  while (volume.committer().status().published < wanted) {
    volume.step();
    event();
  }
  _exit(7);
}

// The exit status of the child, or -1 when it was killed.
int run_child(const std::string& folder, int last_event) {
  const pid_t child = fork();
  if (child == 0) live_until_event(folder, last_event);
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void expect_whole(const std::string& folder, int last_event) {
  FolderStore store(folder + "/store");
  Volume volume(folder + "/v", store);
  EXPECT_THAT(volume.recovered().damaged, testing::IsEmpty());
  for (const auto& [path, bytes] : files()) EXPECT_EQ(must(volume.read(path)), bytes) << path;
  volume.must_publish();
  volume.drop_cache();
  for (const auto& [path, bytes] : files()) EXPECT_EQ(must(volume.read(path)), bytes) << path;

  std::vector<std::string> named;
  for (const PackRow& row : must(volume.index().packs(PackState::kCertified))) named.push_back(row.blob.to_string());
  std::sort(named.begin(), named.end());
  EXPECT_EQ(store.blobs(), named) << "after event " << last_event;
}

TEST(Crash, AtEveryStepTheNextMountGoesOnAndStoresNothingTwice) {
  int event = 1;
  for (;; ++event) {
    TempFolder folder;
    const int status = run_child(folder.path(), event);
    ASSERT_TRUE(status == -1 || status == 7) << status;
    expect_whole(folder.path(), event);
    if (status == 7 || testing::Test::HasFailure()) break;
  }
  EXPECT_GT(event, 15);
}

TEST(Crash, AgainAndAgainOnOneVolume) {
  TempFolder folder;
  int status = -1;
  for (int life = 0; life < 60 && status == -1; ++life) status = run_child(folder.path(), 2 + life % 5);
  expect_whole(folder.path(), 0);
}

}  // namespace
}  // namespace walrusfs::test
