#include "codec/quilt/builder.h"

#include <algorithm>

#include "base/limits.h"
#include "codec/quilt/file_header.h"
#include "codec/quilt/identifier.h"
#include "codec/quilt/layout.h"

namespace walrusfs::quilt {
namespace {

constexpr uint64_t kWindowBytes = 16 * limits::kMiB;

// What fills a run of columns: bytes at hand, then a file's data, then zeros.
class Stream {
 public:
  Stream(ColumnRange columns, Bytes head, ByteSource* content, uint64_t content_bytes)
      : columns_(columns), head_(std::move(head)), content_(content), content_bytes_(content_bytes) {}

  ColumnRange columns() const { return columns_; }

  // Fills `out`, which is all zeros, from `offset` on.
  Status read(uint64_t offset, MutableByteView out) const {
    if (offset < head_.size()) {
      const size_t take = std::min<size_t>(out.size(), head_.size() - offset);
      std::copy_n(head_.begin() + static_cast<ptrdiff_t>(offset), take, out.begin());
      offset += take;
      out = out.subspan(take);
    }
    const uint64_t end = head_.size() + content_bytes_;
    if (out.empty() || offset >= end) return ok_status();
    const uint64_t take = std::min<uint64_t>(out.size(), end - offset);
    WFS_ASSIGN(const Bytes data, content_->read(ByteRange{offset - head_.size(), take}));
    std::copy(data.begin(), data.end(), out.begin());
    return ok_status();
  }

 private:
  ColumnRange columns_;
  Bytes head_;
  ByteSource* content_;
  uint64_t content_bytes_;
};

// Writes the matrix row by row, reading each column's part of a few rows at a time.
class MatrixWriter {
 public:
  MatrixWriter(const CodeShape& shape, uint16_t symbol_bytes, const std::vector<Stream>& streams)
      : shape_(shape),
        symbol_bytes_(symbol_bytes),
        row_bytes_(shape.sliver_bytes(Axis::kPrimary, symbol_bytes)),
        streams_(streams) {}

  Status write(ByteSink& out) {
    const uint64_t rows_at_once = std::max<uint64_t>(1, kWindowBytes / row_bytes_);
    for (uint64_t row = 0; row < shape_.k1(); row += rows_at_once) {
      const uint64_t rows = std::min<uint64_t>(rows_at_once, shape_.k1() - row);
      window_.assign(rows * row_bytes_, 0);
      for (const Stream& stream : streams_) WFS_TRY(fill(stream, row, rows));
      WFS_TRY(out.write(window_));
    }
    return ok_status();
  }

 private:
  Status fill(const Stream& stream, uint64_t first_row, uint64_t rows) {
    const ColumnRange columns = stream.columns();
    const uint64_t column_bytes = quilt::column_bytes(shape_, symbol_bytes_);
    for (uint16_t column = columns.begin; column < columns.end; ++column) {
      piece_.assign(rows * symbol_bytes_, 0);
      WFS_TRY(stream.read((column - columns.begin) * column_bytes + first_row * symbol_bytes_, piece_));
      for (uint64_t row = 0; row < rows; ++row) {
        std::memcpy(window_.data() + row * row_bytes_ + uint64_t{column} * symbol_bytes_,
                    piece_.data() + row * symbol_bytes_, symbol_bytes_);
      }
    }
    return ok_status();
  }

  const CodeShape& shape_;
  const uint16_t symbol_bytes_;
  const uint64_t row_bytes_;
  const std::vector<Stream>& streams_;
  Bytes window_;
  Bytes piece_;
};

// The index with version and length in front.
Bytes index_block(const Index& index) {
  const Bytes bcs = index.to_bytes();
  BcsWriter out;
  out.u8(kQuiltVersion);
  out.u32(static_cast<uint32_t>(bcs.size()));
  out.raw(bcs);
  return out.take();
}

}  // namespace

Status Builder::add(const std::string& identifier, const Tags& tags, ByteSource& content) {
  WFS_TRY(check_identifier(identifier));
  if (files_.contains(identifier)) {
    return Error(Code::kExists, "two files of the quilt have the name '" + identifier.substr(0, 200) + "'");
  }
  if (files_.size() == max_files(shape_)) {
    return Error(Code::kTooLarge, "with " + std::to_string(shape_.n()) + " shards a quilt holds " +
                                      std::to_string(max_files(shape_)) + " files, not more");
  }
  WFS_ASSIGN(const uint64_t data_bytes, content.size());
  WFS_ASSIGN(Bytes header, make_file_header(identifier, tags, data_bytes));
  files_.emplace(identifier, File{tags, std::move(header), &content, data_bytes});
  return ok_status();
}

Result<Plan> Builder::plan() const {
  Plan plan;
  std::vector<uint64_t> sizes;
  for (const auto& [identifier, file] : files_) {
    plan.index.entries.push_back({identifier, file.tags, {}});
    sizes.push_back(file.header.size() + file.content_bytes);
  }
  // Column numbers have a fixed size, so the index is as long now as it will be.
  WFS_ASSIGN(const Layout layout, lay_out(shape_, index_block(plan.index).size(), sizes));
  for (size_t i = 0; i < plan.index.entries.size(); ++i) plan.index.entries[i].columns = layout.columns[i + 1];
  plan.symbol_bytes = layout.symbol_bytes;
  plan.quilt_bytes = shape_.source_symbols() * layout.symbol_bytes;
  return plan;
}

Result<Plan> Builder::write(ByteSink& out) const {
  WFS_ASSIGN(Plan plan, this->plan());
  std::vector<Stream> streams;
  Bytes block = index_block(plan.index);
  const auto index_columns = static_cast<uint16_t>(columns_for(block.size(), column_bytes(shape_, plan.symbol_bytes)));
  streams.emplace_back(ColumnRange{0, index_columns}, std::move(block), nullptr, 0);
  for (const IndexEntry& entry : plan.index.entries) {
    const File& file = files_.at(entry.identifier);
    streams.emplace_back(entry.columns, file.header, file.content, file.content_bytes);
  }
  WFS_TRY(MatrixWriter(shape_, plan.symbol_bytes, streams).write(out));
  return plan;
}

}  // namespace walrusfs::quilt
