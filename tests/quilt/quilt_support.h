// Building quilts from contents in memory, and columns that tell what was read.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <set>

#include "codec/quilt/builder.h"
#include "codec/quilt/reader.h"
#include "tests/codec/vectors.h"

namespace walrusfs::quilt {

// A builder together with the contents that it reads.
class Files {
 public:
  explicit Files(uint32_t shards) : builder_(test::shape_of(shards)) {}

  Status add(const std::string& identifier, Bytes content, const Tags::Map& tags = {});
  Result<Plan> plan() const { return builder_.plan(); }

  struct Built {
    Plan plan;
    Bytes bytes;
  };
  Result<Built> build() const;

 private:
  std::deque<MemorySource> contents_;
  Builder builder_;
};

// Passes on, and remembers which columns were read and the longest piece.
class WatchedColumns final : public Columns {
 public:
  explicit WatchedColumns(Columns& inner) : inner_(inner) {}
  Result<Bytes> read(uint16_t column, ByteRange range) override;

  std::set<uint16_t> take_columns() { return std::exchange(columns_, {}); }
  uint64_t longest_bytes() const { return longest_bytes_; }

 private:
  Columns& inner_;
  std::set<uint16_t> columns_;
  uint64_t longest_bytes_ = 0;
};

// A quilt in memory, opened.
class Opened {
 public:
  Opened(uint32_t shards, Bytes quilt);
  Opened(const Opened&) = delete;
  Opened& operator=(const Opened&) = delete;

  Reader& reader() { return reader_; }
  WatchedColumns& watched() { return watched_; }
  // The whole file of that name.
  Result<Bytes> content(const std::string& identifier);

 private:
  static uint16_t symbol_bytes(const CodeShape& shape, uint64_t quilt_bytes);

  CodeShape shape_;
  uint64_t quilt_bytes_;
  MemorySource source_;
  WholeQuilt whole_;
  WatchedColumns watched_;
  Reader reader_;
};

// Puts `content` into the columns from `column` on, as any layout may.
void put_into_columns(const CodeShape& shape, uint16_t symbol_bytes, uint16_t column, ByteView content, Bytes& quilt);

}  // namespace walrusfs::quilt
