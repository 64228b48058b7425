// Opening a volume: the lock, what is missing, newer, foreign or damaged.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "meta/schema.h"
#include "meta/volume_lock.h"
#include "tests/meta/fixture.h"

namespace walrusfs::test {
namespace {

using ::testing::HasSubstr;

class OpenTest : public ::testing::Test {
 protected:
  std::string path() const { return folder_ / "index.sqlite"; }
  void make() {
    auto index = must(Index::open({.path = path(), .create = true}));
    must(index->commit(small_tree()));
  }
  Error refusal() {
    auto index = Index::open({.path = path()});
    EXPECT_FALSE(index.ok());
    return index.ok() ? Error(Code::kInternal, "opened") : index.error();
  }
  Bytes content() { return must(read_file(system_files(), path(), 1 << 26)); }
  void overwrite(uint64_t offset, ByteView bytes) {
    auto raw_file = must(system_files().open(path(), Files::Open::kReadWrite));
    must(raw_file->write_at(offset, bytes));
  }

  TempFolder folder_;
};

TEST_F(OpenTest, AMissingVolumeIsNotFoundAndNothingIsMade) {
  const Error error = refusal();
  EXPECT_EQ(error.code(), Code::kNotFound);
  EXPECT_THAT(error.message(), HasSubstr("walrusfs format"));
  EXPECT_TRUE(must(system_files().list(folder_.path())).empty());
}

TEST_F(OpenTest, AnExistingVolumeIsNotMadeAgain) {
  make();
  const auto again = Index::open({.path = path(), .create = true});
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().code(), Code::kExists);
  auto index = must(Index::open({.path = path()}));
  EXPECT_EQ(must(index->path_of(InodeId{3})), "docs/a");
}

TEST_F(OpenTest, AnEmptyFileLeftByACrashIsNoVolume) {
  must(system_files().open(path(), Files::Open::kCreate));
  EXPECT_EQ(refusal().code(), Code::kCorrupt);
  make();
  EXPECT_TRUE(Index::open({.path = path()}).ok());
}

TEST_F(OpenTest, TheIndexIsForItsOwnerOnly) {
  make();
  struct stat info {};
  ASSERT_EQ(stat(path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(OpenTest, ASecondOpeningIsBusyAndNamesTheProcess) {
  make();
  auto held = must(Index::open({.path = path()}));
  const Error error = refusal();
  EXPECT_EQ(error.code(), Code::kBusy);
  EXPECT_THAT(error.message(), HasSubstr("process " + std::to_string(getpid())));
  held.reset();
  EXPECT_TRUE(Index::open({.path = path()}).ok());
}

TEST_F(OpenTest, TheLockOfAnotherProcessEndsWithIt) {
  make();
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    auto lock = VolumeLock::acquire(path());
    const char told = lock.ok() ? 'y' : 'n';
    if (write(ready[1], &told, 1) != 1) _exit(1);
    pause();
    _exit(0);
  }
  char told = 0;
  ASSERT_EQ(read(ready[0], &told, 1), 1);
  ASSERT_EQ(told, 'y');
  EXPECT_THAT(refusal().message(), HasSubstr("process " + std::to_string(child)));
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT_TRUE(Index::open({.path = path()}).ok());
  close(ready[0]);
  close(ready[1]);
}

TEST_F(OpenTest, ANewerSchemaIsRefusedInWords) {
  make();
  {
    auto connection = must(sqlite::Connection::open(path(), sqlite::Connection::Mode::kReadWrite));
    must(connection->execute("PRAGMA user_version = 7"));
  }
  const Error error = refusal();
  EXPECT_EQ(error.code(), Code::kNewerVersion);
  EXPECT_EQ(error.message(), "this volume was made by a newer walrusfs (index schema 7, this program knows up to " +
                                 std::to_string(index_migrations().size()) + "); install a newer version");
}

TEST_F(OpenTest, AnotherProgramsDatabaseIsRefused) {
  must(system_files().open(path(), Files::Open::kCreate));
  {
    auto connection = must(sqlite::Connection::open(path(), sqlite::Connection::Mode::kReadWrite));
    must(connection->execute("CREATE TABLE bookmarks (url TEXT)"));
  }
  EXPECT_EQ(refusal().code(), Code::kCorrupt);
  EXPECT_THAT(refusal().message(), HasSubstr("is not an index of walrusfs"));
}

TEST_F(OpenTest, GarbageIsCorruptAndLeftAsItIs) {
  must(write_file_durably(system_files(), path(), Bytes(20'000, 0x5a)));
  const Error error = refusal();
  EXPECT_EQ(error.code(), Code::kCorrupt);
  EXPECT_THAT(error.message(), HasSubstr("it was left as it is"));
  EXPECT_EQ(content(), Bytes(20'000, 0x5a));
}

TEST_F(OpenTest, ATruncatedIndexIsCorrupt) {
  make();
  must(must(system_files().open(path(), Files::Open::kReadWrite))->truncate(3 * 4096));
  const Bytes before = content();
  EXPECT_EQ(refusal().code(), Code::kCorrupt);
  EXPECT_EQ(content(), before);
}

TEST_F(OpenTest, DamagedPagesAreToldByReadsAndCheck) {
  make();
  const size_t pages = content().size() / 4096;
  const Bytes noise(4096, 0xa5);
  for (size_t page = 2; page < pages; ++page) overwrite(page * 4096, noise);
  const Bytes before = content();
  auto opened = Index::open({.path = path()});
  if (!opened.ok()) {
    EXPECT_EQ(opened.error().code(), Code::kCorrupt);
  } else {
    EXPECT_EQ((*opened)->inode(InodeId{3}).error().code(), Code::kCorrupt);
    EXPECT_EQ((*opened)->commit(small_tree()).error().code(), Code::kCorrupt);
    const auto told = (*opened)->check();
    EXPECT_TRUE(!told.ok() || !told->empty());
  }
  EXPECT_EQ(content(), before);
}

}  // namespace
}  // namespace walrusfs::test
