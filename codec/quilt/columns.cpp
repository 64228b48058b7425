#include "codec/quilt/columns.h"

#include <algorithm>
#include <string>

namespace walrusfs::quilt {

Result<Bytes> WholeQuilt::read(uint16_t column, ByteRange range) {
  Bytes out;
  out.reserve(range.length);
  for (uint64_t at = range.offset; at < range.end();) {
    const uint64_t row = at / symbol_bytes_;
    const uint64_t in_symbol = at % symbol_bytes_;
    const uint64_t take = std::min(range.end() - at, symbol_bytes_ - in_symbol);
    const uint64_t symbol_at = (row * shape_.k2() + column) * symbol_bytes_;
    WFS_ASSIGN(const Bytes piece, bytes_.read(ByteRange{symbol_at + in_symbol, take}));
    append(out, piece);
    at += take;
  }
  return out;
}

Result<Bytes> SliverColumns::read(uint16_t column, ByteRange range) {
  const SliverIndex index{column};
  if (!kept_ || kept_->index != index) {
    kept_.reset();
    WFS_ASSIGN(Sliver sliver, fetch_(index));
    const bool fits = sliver.axis == Axis::kSecondary && sliver.index == index &&
                      sliver.data.size() == shape_.sliver_bytes(Axis::kSecondary, symbol_bytes_);
    if (!fits) {
      return Error(Code::kCorrupt, "secondary sliver " + std::to_string(column) + " is not a column of this quilt");
    }
    kept_ = std::move(sliver);
  }
  return to_bytes(ByteView(kept_->data).subspan(range.offset, range.length));
}

}  // namespace walrusfs::quilt
