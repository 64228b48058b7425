// Where the columns of a quilt come from: from its whole bytes, or from secondary slivers one by one.
#pragma once

#include <functional>
#include <optional>

#include "base/byte_stream.h"
#include "codec/sliver.h"

namespace walrusfs::quilt {

// Implementations need not be safe for several threads.
class Columns {
 public:
  virtual ~Columns() = default;
  // Exactly the bytes of `range`, which lies inside the column. column < k2.
  virtual Result<Bytes> read(uint16_t column, ByteRange range) = 0;
};

// Out of the quilt's bytes, in pieces of at most a symbol: for sources where a small read is cheap.
class WholeQuilt final : public Columns {
 public:
  // `bytes` must outlive this and be as long as a blob with symbols of that size can be.
  WholeQuilt(const CodeShape& shape, uint16_t symbol_bytes, ByteSource& bytes)
      : shape_(shape), symbol_bytes_(symbol_bytes), bytes_(bytes) {}
  Result<Bytes> read(uint16_t column, ByteRange range) override;

 private:
  const CodeShape shape_;
  const uint16_t symbol_bytes_;
  ByteSource& bytes_;
};

// Out of secondary slivers: column c is sliver c. The one asked for last is kept, as files and ranges
// are mostly read in order.
class SliverColumns final : public Columns {
 public:
  // Answers with the secondary sliver of that index, verified against the blob's metadata.
  using Fetch = std::function<Result<Sliver>(SliverIndex index)>;
  SliverColumns(const CodeShape& shape, uint16_t symbol_bytes, Fetch fetch)
      : shape_(shape), symbol_bytes_(symbol_bytes), fetch_(std::move(fetch)) {}
  Result<Bytes> read(uint16_t column, ByteRange range) override;

 private:
  const CodeShape shape_;
  const uint16_t symbol_bytes_;
  const Fetch fetch_;
  std::optional<Sliver> kept_;
};

}  // namespace walrusfs::quilt
