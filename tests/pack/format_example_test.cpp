// The worked example of docs/formats.md, made anew and opened. Its blocks stand in the document behind
// a line "<!-- example: NAME -->"; when the format changes, this test prints what they should hold.
#include <fmt/format.h>
#include <sys/stat.h>
#include <zstd.h>

#include "codec/pack/changes.h"
#include "codec/pack/frame_table.h"
#include "tests/pack/pack_support.h"

namespace walrusfs::pack::testing {
namespace {

// The document's bytes were made with this one; another version may compress the same T to other bytes.
constexpr unsigned kExampleZstdVersion = 10504;

// "Random" bytes 00 01 02 … as the document says.
class CountingRng final : public Rng {
 public:
  void fill(MutableByteView out) override {
    for (uint8_t& byte : out) byte = next_++;
  }

 private:
  uint8_t next_ = 0;
};

AgeIdentity example_identity() {
  std::array<uint8_t, 32> secret;
  secret.fill(0x77);
  return AgeIdentity::from_secret(secret);
}

std::string example_changes() {
  ChangesHeader header;
  header.volume = "example";
  header.pack = PackId{1};
  header.sequence = Sequence{4};
  header.time = kTestTime;
  ChangesWriter writer(header);
  InodeRow root{InodeId{1}, S_IFDIR | 0755, 1000, 1000, 0, 2, 0, 0, 0, kTestTime, kTestTime, kTestTime, kTestTime, ""};
  InodeRow hello{InodeId{2}, S_IFREG | 0644, 1000,      1000,      15,        1, 0, 0,
                 0,          kTestTime,      kTestTime, kTestTime, kTestTime, ""};
  writer.add(root);
  writer.add(hello);
  writer.add(ExtentRows{InodeId{2}, {{0, 15, PackId{0}, 512}}});
  writer.add(EntryRow{InodeId{1}, "hello world.txt", InodeId{2}, 3});
  return writer.finish();
}

Item example_file() {
  Item item = file("hello world.txt", to_bytes(as_bytes("Hello, walrus!\n")));
  item.member.uid = item.member.gid = 1000;
  return item;
}

Bytes make_example() {
  MemorySink sink;
  CountingRng rng;
  PackOptions options;
  options.recipient = example_identity().recipient();
  auto writer = must(PackWriter::create(sink, options, rng));
  Item item = example_file();
  must(writer->begin_member(item.member));
  must(writer->write(item.content));
  must(writer->end_member());
  must(writer->finish(example_changes(), kTestTime));
  return sink.take();
}

std::string document() {
  return std::string(as_text(read_whole(std::string(WALRUSFS_TEST_VECTORS) + "/../../docs/formats.md")));
}

// The indented block behind the mark, without its indentation.
std::string block(const std::string& name) {
  const std::string text = document();
  size_t at = text.find("<!-- example: " + name + " -->\n");
  if (at == text.npos) return "";
  at = text.find("\n\n", at) + 2;
  std::string out;
  while (text.compare(at, 4, "    ") == 0) {
    size_t end = text.find('\n', at);
    out += text.substr(at + 4, end - at - 4) + "\n";
    at = end + 1;
  }
  return out;
}

// As `hexdump -C` prints, with `*` for rows that repeat.
std::string hex_dump(ByteView bytes) {
  std::string out;
  std::string before;
  bool starred = false;
  for (size_t at = 0; at < bytes.size(); at += 16) {
    ByteView row = bytes.subspan(at, std::min<size_t>(16, bytes.size() - at));
    std::string hex, text;
    for (size_t i = 0; i < 16; ++i) {
      hex += i < row.size() ? fmt::format("{:02x} ", row[i]) : "   ";
      if (i == 7) hex += " ";
      if (i < row.size()) text += row[i] >= 32 && row[i] < 127 ? static_cast<char>(row[i]) : '.';
    }
    if (hex == before) {
      if (!starred) out += "*\n";
      starred = true;
      continue;
    }
    out += fmt::format("{:08x}  {} |{}|\n", at, hex, text);
    before = hex;
    starred = false;
  }
  return out + fmt::format("{:08x}\n", bytes.size());
}

std::string in_lines(const std::string& text) {
  std::string out;
  for (size_t at = 0; at < text.size(); at += 76) out += text.substr(at, 76) + "\n";
  return out;
}

Bytes blob_in_document() {
  std::string joined = block("blob");
  std::erase(joined, '\n');
  return must(from_base64(joined));
}

Bytes whole_z(const Bytes& blob) { return must(age_decrypt(blob, example_identity())); }

TEST(FormatExample, IsMadeAnewByteForByte) {
  if (ZSTD_versionNumber() == kExampleZstdVersion) {
    EXPECT_EQ(block("blob"), in_lines(to_base64(make_example())));
  }
  EXPECT_EQ(block("identity"), example_identity().print() + "\n" + example_identity().recipient().to_string() + "\n");
  EXPECT_EQ(block("changes"), example_changes());
}

TEST(FormatExample, ItsPartsAreInTheBlob) {
  const Bytes blob = blob_in_document();
  const Bytes z_bytes = whole_z(blob);
  const AgeIdentity identity = example_identity();
  MemorySource source(blob);
  auto reader = must(PackReader::open(source, &identity));
  must(reader->verify());
  EXPECT_EQ(block("head"), std::string(as_text(reader->age_head()).substr(0, 168)) +
                               fmt::format("{}\n", to_hex(ByteView(reader->age_head()).subspan(168))));
  EXPECT_EQ(block("frames"), print_frames({reader->frames(), ByteRange{0x600, example_changes().size()}}));
  const FramesPlace& place = reader->frames_place();
  EXPECT_EQ(block("place"), fmt::format("{} {} {}\n", place.z_offset, place.z_length, to_hex(place.hash)));
  EXPECT_EQ(block("seek table"), hex_dump(ByteView(z_bytes).subspan(place.z_offset + place.z_length)));
  EXPECT_EQ(must(reader->changes()), block("changes"));
}

TEST(FormatExample, StockToolsOpenIt) {
  TempFolder temp;
  std::string key = temp.write("key", as_bytes(block("identity").substr(0, block("identity").find('\n') + 1)));
  Outcome age = run({"age", "-d", "-i", key}, blob_in_document());
  ASSERT_EQ(age.exit_code, 0) << age.err;
  EXPECT_EQ(age.out, whole_z(blob_in_document()));
  Outcome zstd = run({"zstd", "-d"}, age.out);
  ASSERT_EQ(zstd.exit_code, 0) << zstd.err;
  EXPECT_EQ(block("tar"), hex_dump(zstd.out));
  Outcome tar = run({"tar", "-x", "-O", "hello world.txt"}, zstd.out);
  EXPECT_EQ(as_text(tar.out), "Hello, walrus!\n") << tar.err;
}

}  // namespace
}  // namespace walrusfs::pack::testing
