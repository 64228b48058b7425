// How a file is brought from an older schema to ours, told with a made-up list of steps.
#include "meta/schema.h"

#include "tests/meta/fixture.h"

namespace walrusfs::test {
namespace {

constexpr const char* kSteps[] = {
    "CREATE TABLE people (name TEXT); INSERT INTO people VALUES ('ada')",
    "ALTER TABLE people ADD COLUMN age INTEGER NOT NULL DEFAULT 36",
    "CREATE TABLE places (name TEXT); INSERT INTO places SELECT name || '''s' FROM people",
};
constexpr const char* kBrokenSteps[] = {kSteps[0], "CREATE TABLE half (a); DROP TABLE not_there"};

class SchemaTest : public ::testing::Test {
 protected:
  void SetUp() override {
    must(system_files().open(folder_ / "file", Files::Open::kCreate));
    connection_ = must(sqlite::Connection::open(folder_ / "file", sqlite::Connection::Mode::kReadWrite));
  }
  int64_t number(const std::string& sql) { return must(connection_->integer(sql)); }

  TempFolder folder_;
  std::unique_ptr<sqlite::Connection> connection_;
};

TEST_F(SchemaTest, AnOlderFileIsBroughtForwardStepByStepAndKeepsItsRows) {
  must(create_schema(*connection_, Migrations(kSteps, 1)));
  EXPECT_EQ(number("PRAGMA user_version"), 1);
  must(migrate_schema(*connection_, kSteps));
  EXPECT_EQ(number("PRAGMA user_version"), 3);
  EXPECT_EQ(number("SELECT age FROM people WHERE name = 'ada'"), 36);
  EXPECT_EQ(number("SELECT count(*) FROM places WHERE name = 'ada''s'"), 1);
}

TEST_F(SchemaTest, AFileOfOurVersionIsNotTouched) {
  must(create_schema(*connection_, kSteps));
  must(connection_->execute("DELETE FROM places"));
  must(migrate_schema(*connection_, kSteps));
  EXPECT_EQ(number("SELECT count(*) FROM places"), 0);
}

TEST_F(SchemaTest, AStepThatFailsLeavesTheVersionBefore) {
  must(create_schema(*connection_, Migrations(kBrokenSteps, 1)));
  const Status outcome = migrate_schema(*connection_, kBrokenSteps);
  ASSERT_FALSE(outcome.ok());
  EXPECT_THAT(outcome.error().message(), ::testing::HasSubstr("bringing the index from schema 1 to 2"));
  EXPECT_EQ(number("PRAGMA user_version"), 1);
  EXPECT_EQ(number("SELECT count(*) FROM sqlite_schema WHERE name = 'half'"), 0);
}

TEST_F(SchemaTest, ANewerFileIsRefused) {
  must(create_schema(*connection_, kSteps));
  EXPECT_EQ(migrate_schema(*connection_, Migrations(kSteps, 2)).error().code(), Code::kNewerVersion);
}

TEST_F(SchemaTest, AFileThatIsNotOursIsRefused) {
  must(connection_->execute("CREATE TABLE t (a); PRAGMA user_version = 1"));
  EXPECT_EQ(migrate_schema(*connection_, kSteps).error().code(), Code::kCorrupt);
}

}  // namespace
}  // namespace walrusfs::test
