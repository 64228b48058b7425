// Quilts that lie about themselves: an error each time, and never more memory than the quilt is long.
#include "base/rng.h"
#include "codec/quilt/layout.h"
#include "tests/quilt/quilt_support.h"

namespace walrusfs::quilt {
namespace {

using test::shape_of;
using test::stream;

constexpr uint32_t kShards = 10;

Bytes honest_quilt() {
  Files files(kShards);
  EXPECT_TRUE(files.add("first", stream("first", 60), {{"k", "v"}}).ok());
  EXPECT_TRUE(files.add("second", stream("second", 90)).ok());
  return files.build().value().bytes;
}

// A quilt whose index block has these bytes, in large symbols.
Bytes with_index_block(ByteView block) {
  const CodeShape shape = shape_of(kShards);
  constexpr uint16_t kSymbolBytes = 200;
  Bytes quilt(shape.source_symbols() * kSymbolBytes);
  put_into_columns(shape, kSymbolBytes, 0, block, quilt);
  return quilt;
}
// The same with a length that is true.
Bytes with_index(std::string_view index_hex) {
  const Bytes index = from_hex(index_hex).value();
  BcsWriter block;
  block.u8(1);
  block.u32(static_cast<uint32_t>(index.size()));
  block.raw(index);
  return with_index_block(block.take());
}

Code code_of_index(Bytes quilt) {
  Opened opened(kShards, std::move(quilt));
  const auto index = opened.reader().read_index();
  return index.ok() ? Code::kInternal : index.error().code();
}

TEST(QuiltHostileIndex, LengthsThatLie) {
  const CodeShape shape = shape_of(kShards);
  const uint64_t longest = std::min<uint64_t>(kMaxIndexColumns, shape.k2()) * shape.k1() * 200 - kIndexPrefixBytes;
  for (uint64_t length : {uint64_t{UINT32_MAX}, longest + 1, longest, uint64_t{1000}}) {
    BcsWriter block;
    block.u8(1);
    block.u32(static_cast<uint32_t>(length));
    Opened opened(kShards, with_index_block(block.take()));
    EXPECT_EQ(opened.reader().read_index().error().code(), Code::kCorrupt) << length;
    if (length > longest) {
      EXPECT_LE(opened.watched().longest_bytes(), kIndexPrefixBytes);  // refused before it is believed
    }
  }
}

TEST(QuiltHostileIndex, ContentThatLies) {
  const char* bad[] = {
      "",            // no count
      "01",          // a file that is missing
      "ffffffff0f",  // 4 billion files
      "07"
      "0200016100",    // more than columns
      "010000016100",  // no columns
      "010100016100",  // the index's own
      "010800016100",  // past the quilt
      "01ffff016100",  // far past it
      "02"
      "0300016100"
      "0300016200",  // the second one without columns
      "02"
      "0400016100"
      "0200016200",  // backwards
      "010300016100"
      "00",                  // more than the index
      "0103000161",          // tags that are missing
      "01030001ff00",        // a name that is not UTF-8
      "010300feff0361",      // a name longer than the index
      "010300ffffffff0f61",  // and much longer
      "0103000161ffff03",    // tags longer than the index
      "0103000161020161000161"
      "00",  // tags twice
  };
  for (const char* hex : bad) EXPECT_EQ(code_of_index(with_index(hex)), Code::kCorrupt) << hex;
  EXPECT_EQ(code_of_index(with_index("010300016100")), Code::kInternal) << "an honest one is read";
}

TEST(QuiltHostileIndex, OtherVersions) {
  for (uint8_t version : {0, 2, 255}) {
    Bytes quilt = honest_quilt();
    quilt[0] = version;
    EXPECT_EQ(code_of_index(std::move(quilt)), Code::kCorrupt);
  }
  EXPECT_EQ(code_of_index(Bytes(shape_of(kShards).source_symbols() * 2)), Code::kCorrupt);
}

TEST(QuiltHostileIndex, NameOfAnotherFile) {
  Opened honest(kShards, honest_quilt());
  Index index = honest.reader().read_index().value();
  std::swap(index.entries[0].identifier, index.entries[1].identifier);
  for (const IndexEntry& entry : index.entries) {
    EXPECT_EQ(honest.reader().open(entry).error().code(), Code::kCorrupt);
  }
}

// The header of a file in columns of 800 bytes.
Code code_of_file(std::string_view header_hex, uint16_t columns = 1) {
  const CodeShape shape = shape_of(kShards);
  Bytes quilt(shape.source_symbols() * 200);
  put_into_columns(shape, 200, 2, from_hex(header_hex).value(), quilt);
  Opened opened(kShards, std::move(quilt));
  const auto file = opened.reader().open(ColumnRange{2, static_cast<uint16_t>(2 + columns)});
  EXPECT_LE(opened.watched().longest_bytes(), 800u);
  return file.ok() ? Code::kInternal : file.error().code();
}

TEST(QuiltHostileFile, HeadersThatLie) {
  EXPECT_EQ(code_of_file("01"
                         "04000000"
                         "00"
                         "0200"
                         "0161"),
            Code::kInternal);  // an honest, empty file
  EXPECT_EQ(code_of_file("01"
                         "1a030000"
                         "00"
                         "0200"
                         "0161"),
            Code::kInternal);  // ends with its column
  EXPECT_EQ(code_of_file("01"
                         "1b030000"
                         "00"
                         "0200"
                         "0161"),
            Code::kCorrupt);  // ends one byte later
  EXPECT_EQ(code_of_file("01"
                         "1b030000"
                         "00"
                         "0200"
                         "0161",
                         2),
            Code::kInternal);
  const char* bad[] = {
      "00"
      "04000000"
      "00"
      "0200"
      "0161",  // version
      "02"
      "04000000"
      "00"
      "0200"
      "0161",
      "01"
      "ffffffff"
      "00"
      "0200"
      "0161",  // 4 GiB
      "01"
      "03000000"
      "00"
      "0200"
      "0161",  // shorter than its name
      "01"
      "01000000"
      "00"
      "0200"
      "0161",
      "01"
      "00000000"
      "00"
      "0200"
      "0161",
      "01"
      "04000000"
      "02"
      "0200"
      "0161",  // fields that nobody knows
      "01"
      "04000000"
      "00"
      "0000"
      "0161",  // a name of no bytes at all
      "01"
      "05000000"
      "00"
      "0300"
      "0161",  // a field longer than its name
      "01"
      "04000000"
      "00"
      "0200"
      "0261",  // and shorter
      "01"
      "04000000"
      "00"
      "0200"
      "01ff",  // not UTF-8
      "01"
      "04000000"
      "01"
      "0200"
      "0161",  // tags that are missing
      "01"
      "07000000"
      "01"
      "0200"
      "0161"
      "0200"
      "0000",  // more than tags
      "01"
      "06000000"
      "01"
      "0200"
      "0161"
      "ffff",  // longer than the file
  };
  for (const char* hex : bad) EXPECT_EQ(code_of_file(hex), Code::kCorrupt) << hex;
}

// Reads all that there is to read.
void read_everything(Opened& opened) {
  const auto index = opened.reader().read_index();
  if (!index.ok()) return;
  for (const IndexEntry& entry : index->entries) {
    const auto file = opened.reader().open(entry);
    if (!file.ok()) continue;
    EXPECT_TRUE(opened.reader().read(*file, ByteRange{0, file->bytes()}).ok());
    EXPECT_EQ(opened.reader().read(*file, ByteRange{0, file->bytes() + 1}).error().code(), Code::kRange);
  }
}

TEST(QuiltHostile, AnyByteChangedToAnyOfAFew) {
  const Bytes honest = honest_quilt();
  for (size_t at = 0; at < honest.size(); ++at) {
    for (int value : {0x00, 0x01, 0x7f, 0x80, 0xff, honest[at] ^ 1, honest[at] ^ 0x80}) {
      Bytes changed = honest;
      changed[at] = static_cast<uint8_t>(value);
      Opened opened(kShards, std::move(changed));
      read_everything(opened);
      EXPECT_LE(opened.watched().longest_bytes(), honest.size());
    }
  }
}

TEST(QuiltHostile, NoiseBehindAPlausiblePrefix) {
  SeededRng rng(5);
  for (int round = 0; round < 2000; ++round) {
    Bytes quilt(shape_of(kShards).source_symbols() * (2 + 2 * rng.below(20)));
    rng.fill(quilt);
    BcsWriter prefix;
    prefix.u8(1);
    prefix.u32(static_cast<uint32_t>(rng.below(quilt.size())));
    prefix.u8(static_cast<uint8_t>(rng.below(4)));
    const uint16_t symbol_bytes = shape_of(kShards).symbol_bytes(quilt.size()).value();
    put_into_columns(shape_of(kShards), symbol_bytes, 0, prefix.take(), quilt);
    Opened opened(kShards, std::move(quilt));
    read_everything(opened);
    for (uint16_t column = 0; column < shape_of(kShards).k2(); ++column) {
      (void)opened.reader().open(ColumnRange{column, shape_of(kShards).k2()}).ok();
    }
  }
}

TEST(QuiltHostile, BytesThatEndTooEarly) {
  const CodeShape shape = shape_of(kShards);
  const Bytes honest = honest_quilt();
  const uint16_t symbol_bytes = shape.symbol_bytes(honest.size()).value();
  for (size_t length = 0; length < honest.size(); length += 7) {
    MemorySource source(to_bytes(ByteView(honest).first(length)));
    WholeQuilt columns(shape, symbol_bytes, source);
    Reader reader = Reader::create(shape, honest.size(), columns).value();
    const auto index = reader.read_index();
    if (!index.ok()) continue;
    for (const IndexEntry& entry : index->entries) {
      const auto file = reader.open(entry);
      if (file.ok()) (void)reader.read(*file, ByteRange{0, file->bytes()}).ok();
    }
  }
}

}  // namespace
}  // namespace walrusfs::quilt
