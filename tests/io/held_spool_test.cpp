#include "fs/io/held_spool.h"

#include "base/limits.h"
#include "base/testing/temp_folder.h"
#include "tests/must.h"

namespace walrusfs::test {
namespace {

class HeldSpoolTest : public testing::Test {
 protected:
  HeldSpoolTest() { must(inner_->reconcile({}, {})); }

  StagingId file(std::string_view text) {
    const StagingId id = held_.next_staging_id();
    must(held_.write(id, 0, as_bytes(text)));
    return id;
  }
  std::string content(StagingId id, size_t bytes) {
    Bytes out(bytes);
    Status got = held_.read(id, 0, out);
    return got.ok() ? std::string(as_text(out)) : std::string("gone");
  }

  TempFolder folder_;
  std::unique_ptr<Spool> inner_ =
      must(Spool::open(system_files(), {.folder = folder_ / "spool", .bound_bytes = limits::kGiB}));
  HeldSpool held_{*inner_};
};

TEST_F(HeldSpoolTest, RemovesAtOnceWhenNothingIsHeld) {
  const StagingId id = file("abc");
  must(held_.remove(id));
  EXPECT_EQ(content(id, 3), "gone");
}

TEST_F(HeldSpoolTest, RemovalWaitsUntilLetGo) {
  const StagingId removed = file("abc");
  held_.hold_all();
  must(held_.remove(removed));
  EXPECT_EQ(content(removed, 3), "abc");
  held_.hold_only({removed});
  EXPECT_EQ(content(removed, 3), "abc");
  held_.let_go(removed);
  EXPECT_EQ(content(removed, 3), "gone");
}

TEST_F(HeldSpoolTest, APunchNeverHitsWhatWasWrittenAfterIt) {
  const StagingId id = file(std::string(8192, 'x'));
  held_.hold_all();
  must(held_.punch(id, {0, 4096}));
  EXPECT_EQ(content(id, 4096), std::string(4096, 'x'));
  must(held_.write(id, 0, as_bytes("written anew")));
  held_.let_go_all();
  EXPECT_EQ(content(id, 12), "written anew");
  must(held_.punch(id, {0, 4096}));
  EXPECT_EQ(content(id, 4096), std::string(4096, '\0'));
}

TEST_F(HeldSpoolTest, WhatACutDoesNotNeedGoesWhenThePlanIsMade) {
  const StagingId needed = file("abc"), other = file("def");
  held_.hold_all();
  must(held_.remove(other));
  held_.hold_only({needed});
  EXPECT_EQ(content(other, 3), "gone");
  const StagingId later = file("ghi");
  must(held_.remove(later));
  EXPECT_EQ(content(later, 3), "gone");
}

}  // namespace
}  // namespace walrusfs::test
