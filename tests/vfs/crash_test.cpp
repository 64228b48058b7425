// A program that is killed between fsyncs, again and again, on one volume: what it was told to be safe is
// there, whole; nothing is half there.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/rng.h"
#include "tests/vfs/test_volume.h"

namespace walrusfs {
namespace {

std::string content_of(uint64_t file, uint64_t version) {
  return std::string(1000 + (file * 7919 + version * 104729) % 50'000, static_cast<char>('a' + (file + version) % 26));
}

// Saves files anew for ever, as editors do, and tells of each that is safe.
[[noreturn]] void write_for_ever(const std::string& folder, uint64_t version, int tell) {
  TestVolume volume({}, folder);
  for (;; ++version) {
    const uint64_t file = version % 5;
    const std::string name = "f" + std::to_string(file);
    const std::string temporary = name + ".tmp";
    if (volume.stat(temporary).ok()) must(volume.unlink(temporary));
    const InodeId id = volume.make_file(temporary, content_of(file, version));
    must(volume.rename(temporary, name));
    const std::string folder_name = "d" + std::to_string(version);
    if (version % 3 == 0 && !volume.stat(folder_name).ok()) volume.make_folder(folder_name);
    must(volume.fs().fsync(id));
    if (version % 7 == 0) volume.build_pack();
    if (write(tell, &version, sizeof version) != sizeof version) _exit(1);
  }
}

// Lets a child work until it has told of `acknowledged` versions, kills it; returns the last one told.
uint64_t kill_after(const std::string& folder, uint64_t from, uint64_t acknowledged) {
  int ends[2];
  WFS_CHECK(pipe(ends) == 0);
  const pid_t child = fork();
  WFS_CHECK(child >= 0);
  if (child == 0) {
    close(ends[0]);
    write_for_ever(folder, from, ends[1]);
  }
  close(ends[1]);
  uint64_t last = from - 1;
  for (uint64_t i = 0; i < acknowledged; ++i) {
    uint64_t version = 0;
    if (read(ends[0], &version, sizeof version) != sizeof version) break;
    last = version;
  }
  kill(child, SIGKILL);
  // What it still told before it died counts.
  for (uint64_t version = 0; read(ends[0], &version, sizeof version) == sizeof version;) last = version;
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << "the child ended by itself: " << status;
  return last;
}

TEST(Crash, WhatWasAcknowledgedIsThereAfterEachKill) {
  constexpr int kRounds = 6;
  TempFolder folder;
  SeededRng rng(20'261'121);
  uint64_t next = 1;
  for (int round = 0; round < kRounds; ++round) {
    const uint64_t last = kill_after(folder.path(), next, 2 + rng.below(25));
    TestVolume volume({}, folder.path());
    volume.expect_sound();
    for (uint64_t file = 0; file < 5; ++file) {
      const uint64_t acknowledged = last - (last + 5 - file) % 5;  // newest version of this file up to `last`
      auto attr = volume.stat("f" + std::to_string(file));
      ASSERT_TRUE(attr.ok() || acknowledged == 0 || acknowledged > last) << "file " << file << " after " << last;
      if (!attr.ok()) continue;
      const std::string found = volume.read(attr->id);
      const bool newer = (last + 1) % 5 == file && found == content_of(file, last + 1);
      EXPECT_TRUE(newer || found == content_of(file, acknowledged)) << "file " << file << " after " << last;
    }
    for (uint64_t version = 3; version <= last; version += 3)
      EXPECT_TRUE(volume.stat("d" + std::to_string(version)).ok()) << version;
    next = last + 1;
  }
}

}  // namespace
}  // namespace walrusfs
