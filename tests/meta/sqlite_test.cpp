// The small wrappers around SQLite keep their promises.
#include "meta/sqlite.h"

#include "tests/meta/fixture.h"

namespace walrusfs::test {
namespace {

using sqlite::Connection;
using sqlite::Query;
using sqlite::Statement;
using sqlite::Transaction;

class SqliteTest : public ::testing::Test {
 protected:
  void SetUp() override {
    must(system_files().open(path(), Files::Open::kCreate));
    connection_ = open();
    must(connection_->execute("CREATE TABLE t (a INTEGER PRIMARY KEY, b BLOB, c TEXT) STRICT"));
  }
  std::string path() const { return folder_ / "file"; }
  std::unique_ptr<Connection> open() { return must(Connection::open(path(), Connection::Mode::kReadWrite)); }
  int64_t rows() { return must(connection_->integer("SELECT count(*) FROM t")); }

  TempFolder folder_;
  std::unique_ptr<Connection> connection_;
};

TEST_F(SqliteTest, ValuesOfEveryKindComeBack) {
  Statement put(*connection_, "INSERT INTO t VALUES (?1, ?2, ?3)");
  const Bytes blob = {0, 1, 255};
  must(put.run(UINT64_MAX, ByteView(blob), std::string("text")));
  must(put.run(int64_t{2}, ByteView(), std::optional<std::string_view>()));
  Statement get(*connection_, "SELECT * FROM t ORDER BY a");
  Query query = get.start();
  ASSERT_TRUE(must(query.next()));
  EXPECT_EQ(query.number(0), UINT64_MAX);
  EXPECT_EQ(to_bytes(query.blob(1)), blob);
  EXPECT_EQ(query.text(2), "text");
  ASSERT_TRUE(must(query.next()));
  EXPECT_FALSE(query.is_null(1));
  EXPECT_TRUE(query.blob(1).empty());
  EXPECT_TRUE(query.is_null(2));
  EXPECT_FALSE(must(query.next()));
}

TEST_F(SqliteTest, ATransactionRollsBackUnlessCommitted) {
  Statement put(*connection_, "INSERT INTO t (a) VALUES (?1)");
  {
    auto transaction = must(Transaction::begin(*connection_, Transaction::Kind::kWrite));
    must(put.run(1u));
  }
  EXPECT_EQ(rows(), 0);
  {
    auto transaction = must(Transaction::begin(*connection_, Transaction::Kind::kWrite));
    must(put.run(1u));
    must(transaction.commit());
  }
  EXPECT_EQ(rows(), 1);
}

TEST_F(SqliteTest, AStatementIsResetWhenItsQueryEnds) {
  Statement all(*connection_, "SELECT a FROM t");
  Statement put(*connection_, "INSERT INTO t (a) VALUES (?1)");
  must(put.run(1u));
  must(put.run(2u));
  {
    Query query = all.start();
    ASSERT_TRUE(must(query.next()));
  }
  // A statement in the middle of its rows would keep the other connection from writing.
  must(open()->execute("DELETE FROM t"));
  EXPECT_EQ(rows(), 0);
}

TEST_F(SqliteTest, FailuresBecomeOurCodes) {
  Statement put(*connection_, "INSERT INTO t (a) VALUES (?1)");
  must(put.run(1u));
  EXPECT_EQ(put.run(1u).error().code(), Code::kInvalidArgument);
  Statement strange(*connection_, "SELECT * FROM not_there");
  EXPECT_EQ(strange.run().error().code(), Code::kCorrupt);
  EXPECT_EQ(Connection::open(folder_ / "missing", Connection::Mode::kReadWrite).error().code(), Code::kNotFound);

  auto reader = must(Connection::open(path(), Connection::Mode::kReadOnly));
  EXPECT_EQ(reader->execute("DELETE FROM t").error().code(), Code::kReadOnly);

  auto holder = open();
  auto transaction = must(Transaction::begin(*holder, Transaction::Kind::kWrite));
  must(connection_->execute("PRAGMA busy_timeout = 1"));
  EXPECT_EQ(Transaction::begin(*connection_, Transaction::Kind::kWrite).error().code(), Code::kBusy);
}

TEST_F(SqliteTest, AFullDatabaseIsNoSpaceAndRollsBack) {
  must(connection_->execute("PRAGMA max_page_count = 20"));
  Statement put(*connection_, "INSERT INTO t (b) VALUES (?1)");
  {
    auto transaction = must(Transaction::begin(*connection_, Transaction::Kind::kWrite));
    const Bytes blob(3000, 1);
    Status outcome;
    for (int i = 0; i < 100 && outcome.ok(); ++i) outcome = put.run(ByteView(blob));
    ASSERT_FALSE(outcome.ok());
    EXPECT_EQ(outcome.error().code(), Code::kNoSpace);
  }
  EXPECT_FALSE(connection_->in_transaction());
  EXPECT_EQ(rows(), 0);
}

}  // namespace
}  // namespace walrusfs::test
