// A full disk: a commit fails with kNoSpace and leaves no trace; with room again, work goes on.
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include "meta/schema.h"
#include "meta/tree_writer.h"
#include "tests/meta/fixture.h"

namespace walrusfs::test {
namespace {

using ::testing::IsEmpty;

// `count` files in the root, each with an xattr that takes room.
Batch many_files(uint64_t first, uint64_t count) {
  Batch batch;
  batch.inodes = {folder(1)};
  for (uint64_t id = first; id < first + count; ++id) {
    batch.inodes.push_back(file(id));
    batch.inodes.back().xattrs = Xattrs{{"user.filler", Bytes(1000, static_cast<uint8_t>(id))}};
    batch.entries.push_back(name_of(1, "f" + std::to_string(id), id, id + 1));
  }
  batch.next_inode = first + count;
  batch.next_cookie = first + count + 1;
  return batch;
}

TEST(DiskFull, ABatchThatDoesNotFitRollsBackAndFitsLater) {
  TempFolder folder;
  must(system_files().open(folder / "index", Files::Open::kCreate));
  auto connection = must(sqlite::Connection::open(folder / "index", sqlite::Connection::Mode::kReadWrite));
  must(create_schema(*connection, index_migrations()));
  TreeWriter writer(*connection);
  const auto apply = [&](const Batch& batch) -> Status {
    WFS_ASSIGN(auto transaction, sqlite::Transaction::begin(*connection, sqlite::Transaction::Kind::kWrite));
    WFS_TRY(writer.apply(batch, Sequence{1}));
    return transaction.commit();
  };
  must(apply(many_files(2, 10)));
  must(connection->execute("PRAGMA max_page_count = 60"));
  EXPECT_EQ(apply(many_files(100, 200)).error().code(), Code::kNoSpace);
  EXPECT_EQ(must(connection->integer("SELECT count(*) FROM inodes")), 11);
  EXPECT_EQ(must(connection->integer("SELECT next_inode FROM state")), 12);
  must(connection->execute("PRAGMA max_page_count = 100000"));
  must(apply(many_files(100, 200)));
  EXPECT_EQ(must(connection->integer("SELECT count(*) FROM inodes")), 211);
}

// A small filesystem in memory, for as long as this lives.
class SmallDisk {
 public:
  explicit SmallDisk(std::string path) : path_(std::move(path)) {
    mounted_ = mount("tmpfs", path_.c_str(), "tmpfs", 0, "size=3m") == 0;
  }
  ~SmallDisk() {
    if (mounted_) umount2(path_.c_str(), MNT_DETACH);
  }
  bool mounted() const { return mounted_; }

 private:
  std::string path_;
  bool mounted_;
};

TEST(DiskFull, TheWholeIndexGoesOnWhenThereIsRoomAgain) {
  TempFolder folder;
  SmallDisk disk(folder.path());
  if (!disk.mounted()) GTEST_SKIP() << "mounting a small disk needs root";
  const std::string path = folder / "index";
  auto index = must(Index::open({.path = path, .create = true}));
  must(index->commit(many_files(2, 10)));
  must(write_file_durably(system_files(), folder / "ballast", Bytes(1 << 20, 1)));

  uint64_t next = 100;
  Sequence last = must(index->counters()).last_sequence;
  for (;;) {
    const auto outcome = index->commit(many_files(next, 100));
    if (!outcome.ok()) {
      EXPECT_EQ(outcome.error().code(), Code::kNoSpace) << outcome.error().to_string();
      break;
    }
    last = *outcome;
    next += 100;
    ASSERT_LT(next, 10'000u) << "the disk never filled";
  }
  EXPECT_EQ(must(index->counters()).last_sequence, last);
  EXPECT_EQ(must(index->inode(InodeId{next})), std::nullopt);
  EXPECT_THAT(must(index->check()), IsEmpty());

  must(system_files().remove(folder / "ballast"));
  must(index->commit(many_files(next, 50)));
  EXPECT_THAT(must(index->check()), IsEmpty());
  index.reset();
  index = must(Index::open({.path = path}));
  EXPECT_TRUE(must(index->inode(InodeId{next + 49})).has_value());
  EXPECT_THAT(must(index->check()), IsEmpty());
}

// In a process of its own: a limit on file sizes makes a write to the log fail, as a broken disk would.
[[noreturn]] void fail_then_try_again(const std::string& path) {
  signal(SIGXFSZ, SIG_IGN);
  auto index = must(Index::open({.path = path, .create = true}));
  must(index->commit(many_files(2, 10)));
  const rlimit small{1 << 18, RLIM_INFINITY}, none{RLIM_INFINITY, RLIM_INFINITY};
  setrlimit(RLIMIT_FSIZE, &small);
  const auto failed = index->commit(many_files(100, 2000));
  setrlimit(RLIMIT_FSIZE, &none);
  const auto again = index->commit(many_files(100, 1));
  const bool refused = !failed.ok() && failed.error().code() == Code::kIo && !again.ok() &&
                       again.error().code() == Code::kIo && !index->set_setting("a", "b").ok();
  const bool readable = must(index->inode(InodeId{11})).has_value() && !must(index->inode(InodeId{100})).has_value();
  _exit(refused && readable ? 0 : 1);
}

TEST(DiskFailureDeathTest, AfterAFailedWriteNoMoreIsWrittenButAllCanBeRead) {
  TempFolder folder;
  EXPECT_EXIT(fail_then_try_again(folder / "index"), ::testing::ExitedWithCode(0), "");
  auto index = must(Index::open({.path = folder / "index"}));
  EXPECT_EQ(raw(must(index->counters()).last_sequence), 1u);
  EXPECT_THAT(must(index->check()), IsEmpty());
}

}  // namespace
}  // namespace walrusfs::test
