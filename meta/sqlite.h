// The only door to SQLite: connection, statement, running query, transaction.
//
// A Connection and everything made from it belong to one thread at a time. Failures become our codes:
// a full disk is kNoSpace, a damaged file kCorrupt, a lock kBusy, a failing disk kIo.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace walrusfs::sqlite {

class Connection {
 public:
  enum class Mode { kReadOnly, kReadWrite };

  // The file must exist (an empty one is a database without tables). Nothing of the file is read yet.
  static Result<std::unique_ptr<Connection>> open(const std::string& path, Mode mode);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // One or more statements whose rows, if any, do not matter.
  Status execute(const std::string& sql);
  // First column of the first row; kCorrupt when there is none.
  Result<int64_t> integer(const std::string& sql);

  // Rows that the last INSERT, UPDATE or DELETE touched, without those of foreign key actions.
  int64_t changed_rows() const;
  bool in_transaction() const;
  const std::string& path() const { return path_; }

 private:
  friend class Statement;
  Connection(sqlite3* db, std::string path) : db_(db), path_(std::move(path)) {}

  sqlite3* db_;
  std::string path_;
};

// A statement in use: bound, then stepped; reset when its scope ends, so that it holds no read
// transaction open. Bound text and blobs are borrowed and must outlive it.
class Query {
 public:
  Query(Query&& other) noexcept : statement_(other.statement_), failure_(std::move(other.failure_)) {
    other.statement_ = nullptr;
  }
  ~Query();
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  // True when there is a row; false at the end.
  Result<bool> next();
  // For statements without rows.
  Status run();

  // Of the current row, columns counted from 0. Views are valid until the next step.
  int64_t integer(int column) const;
  uint64_t number(int column) const { return static_cast<uint64_t>(integer(column)); }
  uint32_t number32(int column) const { return static_cast<uint32_t>(integer(column)); }
  bool is_null(int column) const;
  ByteView blob(int column) const;
  std::string text(int column) const { return std::string(as_text(blob(column))); }

 private:
  friend class Statement;
  Query(sqlite3_stmt* statement, std::optional<Error> failure) : statement_(statement), failure_(std::move(failure)) {}

  void bind(int at, int64_t value);
  void bind(int at, uint64_t value) { bind(at, static_cast<int64_t>(value)); }
  void bind(int at, uint32_t value) { bind(at, static_cast<int64_t>(value)); }
  void bind(int at, ByteView blob);
  void bind(int at, std::string_view text);
  void bind(int at, const std::string& text) { bind(at, std::string_view(text)); }
  void bind(int at, std::nullptr_t);
  template <typename T>
  void bind(int at, const std::optional<T>& value) {
    if (value) return bind(at, *value);
    bind(at, nullptr);
  }
  void note(int outcome);

  sqlite3_stmt* statement_;
  std::optional<Error> failure_;
};

// SQL that is prepared at its first use and then kept. At most one Query of it may live at a time.
class Statement {
 public:
  // `connection` must outlive the statement.
  Statement(Connection& connection, std::string sql) : connection_(connection), sql_(std::move(sql)) {}
  ~Statement();
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  // The query with its parameters ?1, ?2 … set. A failure to prepare or bind is reported by the first step.
  template <typename... Values>
  Query start(const Values&... values) {
    std::optional<Error> failure = prepare();
    Query query(statement_, std::move(failure));
    int at = 0;
    (query.bind(++at, values), ...);
    return query;
  }
  template <typename... Values>
  Status run(const Values&... values) {
    return start(values...).run();
  }

 private:
  std::optional<Error> prepare();

  Connection& connection_;
  std::string sql_;
  sqlite3_stmt* statement_ = nullptr;
};

// Rolls back when its scope ends, unless it was committed.
class Transaction {
 public:
  enum class Kind {
    kRead,   // sees one state from its first read on
    kWrite,  // has the write lock from the start
  };
  static Result<Transaction> begin(Connection& connection, Kind kind);
  Transaction(Transaction&& other) noexcept : connection_(other.connection_) { other.connection_ = nullptr; }
  ~Transaction();

  // When it fails nothing of the transaction is kept.
  Status commit();

 private:
  explicit Transaction(Connection& connection) : connection_(&connection) {}
  Connection* connection_;
};

}  // namespace walrusfs::sqlite
