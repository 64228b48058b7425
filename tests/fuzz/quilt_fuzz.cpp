// Quilts that lie: the first byte chooses what the rest is taken for. What parses must write itself back;
// reading must never ask for more than the quilt is long.
#include <map>
#include <memory>

#include "base/check.h"
#include "codec/quilt/builder.h"
#include "codec/quilt/layout.h"
#include "codec/quilt/reader.h"
#include "tests/fuzz/subjects.h"

namespace walrusfs::quilt {
namespace {

using fuzz::Script;

const CodeShape& shape_for(uint8_t choice) {
  static const CodeShape shapes[] = {CodeShape::create(4).value(), CodeShape::create(7).value(),
                                     CodeShape::create(10).value(), CodeShape::create(31).value()};
  return shapes[choice % std::size(shapes)];
}

class BoundedColumns final : public Columns {
 public:
  BoundedColumns(Columns& inner, uint64_t bytes) : inner_(inner), bytes_(bytes) {}
  Result<Bytes> read(uint16_t column, ByteRange range) override {
    WFS_CHECK(range.length <= bytes_ && range.offset <= bytes_ - range.length);
    return inner_.read(column, range);
  }

 private:
  Columns& inner_;
  const uint64_t bytes_;
};

void read_file(Reader& reader, const QuiltFile& file) {
  WFS_CHECK(reader.read(file, ByteRange{0, file.bytes()}).value().size() == file.bytes());
  WFS_CHECK(!reader.read(file, ByteRange{file.bytes(), 1}).ok());
  (void)file.header.tags.to_map();
}

void read_everything(const CodeShape& shape, Bytes quilt) {
  const uint64_t quilt_bytes = quilt.size();
  const uint16_t symbol_bytes = shape.symbol_bytes(quilt_bytes).value();
  MemorySource source(std::move(quilt));
  WholeQuilt whole(shape, symbol_bytes, source);
  BoundedColumns columns(whole, column_bytes(shape, symbol_bytes));
  Reader reader = Reader::create(shape, quilt_bytes, columns).value();
  if (const auto index = reader.read_index(); index.ok()) {
    for (const IndexEntry& entry : index->entries) {
      const auto file = reader.open(entry);
      if (file.ok()) read_file(reader, *file);
    }
  }
  for (uint16_t begin = 0; begin < shape.k2(); ++begin) {
    const auto file = reader.open(ColumnRange{begin, shape.k2()});
    if (file.ok()) read_file(reader, *file);
  }
}

// The input as a whole quilt, its end filled up.
void quilt_bytes(Script script) {
  const CodeShape& shape = shape_for(script.byte());
  const Bytes given = to_bytes(script.rest().first(std::min<size_t>(script.rest().size(), 64 * 1024)));
  const uint16_t symbol_bytes = shape.symbol_bytes(given.size()).value();
  Bytes quilt = given;
  quilt.resize(shape.source_symbols() * symbol_bytes);
  read_everything(shape, std::move(quilt));
}

// The input as what stands in the columns one after the other, which is easier to change sensibly.
void quilt_columns(Script script) {
  const CodeShape& shape = shape_for(script.byte());
  const ByteView given = script.rest().first(std::min<size_t>(script.rest().size(), 64 * 1024));
  const uint16_t symbol_bytes = shape.symbol_bytes(given.size()).value();
  Bytes quilt(shape.source_symbols() * symbol_bytes);
  for (size_t at = 0; at < given.size(); ++at) {
    const size_t symbol = at / symbol_bytes;
    const size_t place = symbol % shape.k1() * shape.k2() + symbol / shape.k1();
    quilt[place * symbol_bytes + at % symbol_bytes] = given[at];
  }
  read_everything(shape, std::move(quilt));
}

void index_parser(Script script) {
  const CodeShape& shape = shape_for(script.byte());
  const auto first_column = static_cast<uint16_t>(1 + script.byte() % kMaxIndexColumns);
  const auto index = Index::parse(shape, first_column, script.rest());
  if (!index.ok()) return;
  WFS_CHECK(equal(index->to_bytes(), script.rest()));
  WFS_CHECK(index->entries.size() <= max_files(shape));
  for (const IndexEntry& entry : index->entries) WFS_CHECK(Tags::create(entry.tags.to_map()).value() == entry.tags);
}

void header_parser(Script script) {
  const ByteView input = script.rest();
  const auto header = read_file_header(input.size(), [&](ByteRange range) -> Result<Bytes> {
    WFS_CHECK(range.length <= input.size() && range.offset <= input.size() - range.length);
    return to_bytes(input.subspan(range.offset, range.length));
  });
  if (header.ok()) WFS_CHECK(header->data.end() <= input.size());
}

void patch_id_parser(Script script) {
  const auto id = PatchId::parse(as_text(script.rest()));
  if (id.ok()) WFS_CHECK(id->to_string() == as_text(script.rest()));
}

// The input as names, tags and contents; what goes in comes out.
void round_trip(Script script) {
  const CodeShape& shape = shape_for(script.byte());
  Builder builder(shape);
  std::map<std::string, std::unique_ptr<MemorySource>> contents;
  while (!script.ended()) {
    const std::string name(as_text(script.take(script.byte() % 20)));
    const std::string value(as_text(script.take(script.byte() % 8)));
    auto content = std::make_unique<MemorySource>(to_bytes(script.take(script.byte())));
    const auto tags = Tags::create(value.empty() ? Tags::Map{} : Tags::Map{{"k", value}});
    if (tags.ok() && builder.add(name, *tags, *content).ok()) contents[name] = std::move(content);
  }
  MemorySink sink;
  const auto plan = builder.write(sink);
  WFS_CHECK(plan.ok());
  const uint64_t bytes = sink.bytes().size();
  MemorySource source(sink.take());
  WholeQuilt columns(shape, plan->symbol_bytes, source);
  Reader reader = Reader::create(shape, bytes, columns).value();
  const Index index = reader.read_index().value();
  WFS_CHECK(index.entries == plan->index.entries && index.entries.size() == contents.size());
  for (const IndexEntry& entry : index.entries) {
    const QuiltFile file = reader.open(entry).value();
    const Bytes expected = contents.at(entry.identifier)->read(ByteRange{0, file.bytes()}).value();
    WFS_CHECK(reader.read(file, ByteRange{0, file.bytes()}).value() == expected);
  }
}

}  // namespace
}  // namespace walrusfs::quilt

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace walrusfs;
  if (size == 0) return 0;
  constexpr void (*kWays[])(fuzz::Script) = {quilt::quilt_bytes,   quilt::quilt_columns,   quilt::index_parser,
                                             quilt::header_parser, quilt::patch_id_parser, quilt::round_trip};
  kWays[data[0] % std::size(kWays)](fuzz::Script(ByteView(data + 1, size - 1)));
  return 0;
}
