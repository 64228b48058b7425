#include "tests/quilt/quilt_support.h"

namespace walrusfs::quilt {

Status Files::add(const std::string& identifier, Bytes content, const Tags::Map& tags) {
  WFS_ASSIGN(const Tags made, Tags::create(tags));
  contents_.emplace_back(std::move(content));
  return builder_.add(identifier, made, contents_.back());
}

Result<Files::Built> Files::build() const {
  MemorySink sink;
  WFS_ASSIGN(Plan plan, builder_.write(sink));
  return Built{std::move(plan), sink.take()};
}

Result<Bytes> WatchedColumns::read(uint16_t column, ByteRange range) {
  columns_.insert(column);
  longest_bytes_ = std::max(longest_bytes_, range.length);
  return inner_.read(column, range);
}

uint16_t Opened::symbol_bytes(const CodeShape& shape, uint64_t quilt_bytes) {
  return shape.symbol_bytes(quilt_bytes).value();
}

Opened::Opened(uint32_t shards, Bytes quilt)
    : shape_(test::shape_of(shards)),
      quilt_bytes_(quilt.size()),
      source_(std::move(quilt)),
      whole_(shape_, symbol_bytes(shape_, quilt_bytes_), source_),
      watched_(whole_),
      reader_(Reader::create(shape_, quilt_bytes_, watched_).value()) {}

Result<Bytes> Opened::content(const std::string& identifier) {
  WFS_ASSIGN(const Index index, reader_.read_index());
  const IndexEntry* entry = index.find(identifier);
  if (entry == nullptr) return Error(Code::kNotFound, "no such file in the index");
  WFS_ASSIGN(const QuiltFile file, reader_.open(*entry));
  return reader_.read(file, ByteRange{0, file.bytes()});
}

void put_into_columns(const CodeShape& shape, uint16_t symbol_bytes, uint16_t column, ByteView content, Bytes& quilt) {
  for (size_t at = 0; at < content.size(); ++at) {
    const size_t symbol = at / symbol_bytes;
    const size_t row = symbol % shape.k1();
    const size_t in_column = column + symbol / shape.k1();
    quilt.at((row * shape.k2() + in_column) * symbol_bytes + at % symbol_bytes) = content[at];
  }
}

}  // namespace walrusfs::quilt
