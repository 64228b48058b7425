// A few read connections that threads take turns with. Safe to call from any thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "meta/sqlite.h"
#include "meta/tree_reader.h"

namespace walrusfs {

// One read connection with its prepared statements.
struct IndexReader {
  explicit IndexReader(std::unique_ptr<sqlite::Connection> opened) : connection(std::move(opened)), rows(*connection) {}
  std::unique_ptr<sqlite::Connection> connection;
  TreeReader rows;
};

class ReaderPool {
 public:
  // Gives the reader back when its scope ends.
  class Lease {
   public:
    Lease(ReaderPool& pool, std::unique_ptr<IndexReader> reader) : pool_(&pool), reader_(std::move(reader)) {}
    Lease(Lease&&) noexcept = default;
    ~Lease() {
      if (reader_) pool_->give_back(std::move(reader_));
    }
    IndexReader* operator->() const { return reader_.get(); }

   private:
    ReaderPool* pool_;
    std::unique_ptr<IndexReader> reader_;
  };

  ReaderPool(std::string path, size_t most) : path_(std::move(path)), most_(most) {}

  // An idle reader, or a new one; waits while all are in use.
  Result<Lease> take();
  // The same, but kBusy instead of waiting.
  Result<Lease> try_take();

 private:
  void give_back(std::unique_ptr<IndexReader> reader);
  Result<Lease> open_one();

  const std::string path_;
  const size_t most_;

  Mutex mutex_;
  CondVar returned_;
  std::vector<std::unique_ptr<IndexReader>> idle_ GUARDED_BY(mutex_);
  size_t lent_ GUARDED_BY(mutex_) = 0;
};

}  // namespace walrusfs
