// rename(2), as docs/semantics.md promises it.
#include "base/limits.h"
#include "fs/vfs/name_rules.h"
#include "tests/vfs/semantics.h"
#include "tests/vfs/test_volume.h"

namespace walrusfs {
namespace {

using Names = std::vector<std::string>;

// Every rule twice: on a tree in memory, and on one that came back from the index.
class Rename : public testing::TestWithParam<bool> {
 protected:
  void settle() {
    if (GetParam()) volume.journal_and_reopen();
  }
  TestVolume volume;
};
INSTANTIATE_TEST_SUITE_P(Trees, Rename, testing::Bool(),
                         [](const auto& given) { return given.param ? "FromTheIndex" : "InMemory"; });

TEST_P(Rename, ReplacesInOneStep) {
  promises("rename puts a file in the place of a file, and a folder in the place of an empty folder, in one step.");
  volume.make_file("a", "A");
  volume.make_file("b", "B");
  volume.make_folder("d");
  volume.make_file("d/inside", "I");
  volume.make_folder("e");
  settle();
  must(volume.rename("a", "b"));
  must(volume.rename("d", "e"));
  EXPECT_EQ(volume.read("b"), "A");
  EXPECT_EQ(volume.read("e/inside"), "I");
  EXPECT_EQ(volume.names(""), (Names{"b", "e"}));
  EXPECT_EQ(must(volume.stat("")).nlink, 3u);
  settle();
  EXPECT_EQ(volume.names(""), (Names{"b", "e"}));
  volume.expect_sound();
}

TEST_P(Rename, TypesMustAgree) {
  promises("A file does not replace a folder (EISDIR), a folder does not replace a file (ENOTDIR), and a folder that "
           "holds names is not replaced (ENOTEMPTY).");
  volume.make_file("f");
  volume.make_folder("d");
  volume.make_folder("e");
  volume.make_file("e/x");
  settle();
  EXPECT_EQ(code_of(volume.rename("f", "d")), Code::kIsDirectory);
  EXPECT_EQ(code_of(volume.rename("d", "f")), Code::kNotDirectory);
  EXPECT_EQ(code_of(volume.rename("d", "e")), Code::kNotEmpty);
  EXPECT_EQ(code_of(volume.rename("none", "f")), Code::kNotFound);
}

TEST_P(Rename, NoFolderIsInsideItself) {
  promises("A folder cannot be moved into itself or below itself (EINVAL).");
  volume.make_folder("a");
  volume.make_folder("a/b");
  volume.make_folder("a/b/c");
  settle();
  EXPECT_EQ(code_of(volume.rename("a", "a/b/c/x")), Code::kInvalidArgument);
  EXPECT_EQ(code_of(volume.rename("a", "a/x")), Code::kInvalidArgument);
  EXPECT_EQ(code_of(volume.rename("a", "a/b/c", RenameMode::kExchange)), Code::kInvalidArgument);
  EXPECT_EQ(code_of(volume.rename("a/b/c", "a", RenameMode::kExchange)), Code::kInvalidArgument);
  must(volume.rename("a/b", "b"));
  must(volume.rename("a", "b/c/a"));
  EXPECT_EQ(code_of(volume.rename("b", "b/c/a/b")), Code::kInvalidArgument);
}

TEST_P(Rename, OfOneFileToItselfDoesNothing) {
  promises("Renaming one name of a file to another name of the same file does nothing.");
  const InodeId id = volume.make_file("a", "A");
  must(volume.fs().link(id, kRootInode, "b"));
  settle();
  must(volume.rename("a", "b"));
  must(volume.rename("a", "a"));
  EXPECT_EQ(volume.names(""), (Names{"a", "b"}));
  EXPECT_EQ(must(volume.stat("a")).nlink, 2u);
}

TEST_P(Rename, NoReplaceRefuses) {
  promises("RENAME_NOREPLACE refuses a name that exists (EEXIST).");
  volume.make_file("a", "A");
  volume.make_file("b", "B");
  settle();
  EXPECT_EQ(code_of(volume.rename("a", "b", RenameMode::kNoReplace)), Code::kExists);
  EXPECT_EQ(volume.read("b"), "B");
  must(volume.rename("a", "c", RenameMode::kNoReplace));
  EXPECT_EQ(volume.read("c"), "A");
}

TEST_P(Rename, ExchangeSwapsAnything) {
  promises("RENAME_EXCHANGE swaps any two names, of files and folders alike; both must exist (ENOENT).");
  volume.make_file("f", "F");
  volume.make_folder("p");
  volume.make_folder("p/d");
  volume.make_file("p/d/x", "X");
  settle();
  EXPECT_EQ(code_of(volume.rename("f", "none", RenameMode::kExchange)), Code::kNotFound);
  must(volume.rename("f", "p/d", RenameMode::kExchange));
  EXPECT_EQ(volume.read("p/d"), "F");
  EXPECT_EQ(volume.read("f/x"), "X");
  EXPECT_EQ(must(volume.stat("")).nlink, 4u);
  EXPECT_EQ(must(volume.stat("p")).nlink, 2u);
  settle();
  EXPECT_EQ(volume.names(""), (Names{"f", "p"})) << "names keep their place";
  EXPECT_EQ(volume.read("f/x"), "X");
  const auto inside = must(volume.fs().list(volume.find("f"), 0, 2, true));
  EXPECT_EQ(inside.at(1).attr.id, kRootInode);
  volume.expect_sound();
}

TEST_P(Rename, OverAnOpenFile) {
  promises("A file that is replaced while open keeps its bytes until the last close.");
  const InodeId old = volume.make_file("b", "old");
  volume.make_file("a", "new");
  settle();
  must(volume.fs().open(old, false, false));
  must(volume.rename("a", "b"));
  must(volume.fs().journal_now());
  EXPECT_EQ(volume.read(old), "old");
  EXPECT_EQ(volume.read("b"), "new");
  volume.fs().release(old);
  must(volume.fs().journal_now());
  EXPECT_EQ(volume.staging_files(), 1u);
  volume.expect_sound();
}

TEST(RenameRules, FoldersGainNoMoreThanTheirLimit) {
  RenameFacts facts;
  facts.from = {.exists = true, .inode = InodeId{5}, .is_directory = true, .parent_links = 3};
  facts.to.parent_links = limits::kLinks;
  EXPECT_EQ(code_of(judge_rename(facts)), Code::kTooManyLinks);
  facts.to.parent_links = limits::kLinks - 1;
  EXPECT_EQ(*judge_rename(facts), RenameAction::kMove);
  facts.same_parent = true;
  facts.to.parent_links = limits::kLinks;
  EXPECT_EQ(*judge_rename(facts), RenameAction::kMove);
}

}  // namespace
}  // namespace walrusfs
