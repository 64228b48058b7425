// Truncated, swapped, bit-flipped and foreign packs: detected, named, never returned.
#include "base/crypto.h"
#include "base/limits.h"
#include "codec/pack/frame_table.h"
#include "codec/pack/frame_writer.h"
#include "codec/pack/tar_format.h"
#include "tests/pack/pack_support.h"

namespace walrusfs::pack::testing {
namespace {

class Damage : public ::testing::TestWithParam<bool> {
 protected:
  Damage() : built_(build(items(), GetParam() ? encrypted_options() : PackOptions{})) {}

  static std::vector<Item> items() {
    std::vector<Item> items;
    for (int i = 0; i < 4; ++i) items.push_back(file("f" + std::to_string(i), random_bytes(700'000, i)));
    return items;
  }

  // What opening and reading everything gives.
  Status open_and_verify(Bytes blob, const std::optional<FramesPlace>& place = std::nullopt) const {
    MemorySource source(std::move(blob));
    auto reader = PackReader::open(source, &identity_, place);
    if (!reader) return reader.error();
    return (*reader)->verify();
  }

  FrameCodec codec() const {
    return must(FrameCodec::open_any(built_.summary.age_head, built_.summary.z_bytes, &identity_));
  }
  Bytes stored(const FrameInfo& frame) const {
    ByteRange range = must(codec().blob_range(frame));
    return to_bytes(ByteView(built_.blob).subspan(range.offset, range.length));
  }

  const AgeIdentity identity_ = test_identity();
  const Built built_;
};
INSTANTIATE_TEST_SUITE_P(, Damage, ::testing::Bool(),
                         [](const auto& form) { return form.param ? "Encrypted" : "Public"; });

TEST_P(Damage, TheUndamagedPackIsFine) { must(open_and_verify(built_.blob, built_.summary.frames_place)); }

TEST_P(Damage, ATruncatedPackIsRefused) {
  for (size_t length = 0; length < built_.blob.size(); length += 1 + length / 7) {
    Bytes cut(built_.blob.begin(), built_.blob.begin() + static_cast<ptrdiff_t>(length));
    Status status = open_and_verify(cut);
    ASSERT_FALSE(status.ok()) << length;
    EXPECT_EQ(status.error().code(), Code::kCorrupt) << status.error().message();
  }
  for (size_t lost = 1; lost < 40; ++lost) {
    ASSERT_FALSE(open_and_verify(Bytes(built_.blob.begin(), built_.blob.end() - static_cast<ptrdiff_t>(lost))).ok());
  }
  Bytes longer = built_.blob;
  longer.push_back(0);
  EXPECT_FALSE(open_and_verify(longer).ok());
}

TEST_P(Damage, AFlippedBitAnywhereIsNoticed) {
  SeededRng rng(21);
  const FramesPlace& place = built_.summary.frames_place;
  for (int round = 0; round < 300; ++round) {
    Bytes wrong = built_.blob;
    // Half of them where the small structures are.
    size_t at = round % 2 == 0 ? rng.below(wrong.size()) : wrong.size() - 1 - rng.below(500);
    wrong[at] ^= static_cast<uint8_t>(1 << rng.below(8));
    Status status = open_and_verify(wrong, place);
    ASSERT_FALSE(status.ok()) << at;
  }
}

TEST_P(Damage, AFlippedBitInAFrameNamesTheFrame) {
  const FrameInfo& frame = built_.summary.frames[1];
  Bytes wrong = stored(frame);
  wrong[wrong.size() / 2] ^= 1;
  auto decoded = codec().decode(frame, wrong);
  ASSERT_FALSE(decoded.ok());
  EXPECT_EQ(decoded.error().code(), Code::kCorrupt);
  EXPECT_NE(decoded.error().message().find(std::to_string(frame.t_offset)), std::string::npos);
  EXPECT_FALSE(codec().verify(frame, wrong).ok());
  EXPECT_TRUE(codec().verify(frame, stored(frame)).ok());
}

TEST_P(Damage, SwappedFramesAreNoticed) {
  FrameInfo first = built_.summary.frames[0], second = built_.summary.frames[1];
  EXPECT_FALSE(codec().decode(first, stored(second)).ok());
  std::swap(first.hash, second.hash);
  EXPECT_FALSE(codec().decode(first, stored(built_.summary.frames[0])).ok());
}

TEST_P(Damage, WrongAmountsOfBytesAreRefused) {
  const FrameInfo& frame = built_.summary.frames[1];
  Bytes bytes = stored(frame);
  bytes.pop_back();
  EXPECT_FALSE(codec().decode(frame, bytes).ok());
  EXPECT_FALSE(codec().decode(frame, {}).ok());
  EXPECT_FALSE(codec().blob_range(ByteRange{built_.summary.z_bytes, 1}).ok());
  EXPECT_FALSE(codec().blob_range(ByteRange{1, UINT64_MAX}).ok());
}

TEST_P(Damage, AFrameThatLiesAboutItsSizeIsRefused) {
  FrameInfo frame = built_.summary.frames[1];
  Bytes bytes = stored(frame);
  frame.t_length -= 1;
  EXPECT_FALSE(codec().decode(frame, bytes).ok());
  frame.t_length = uint64_t{1} << 40;
  EXPECT_FALSE(codec().decode(frame, bytes).ok());
}

TEST_P(Damage, AnotherPackInItsPlaceIsNoticed) {
  Built other = build({file("other", prose(100))}, GetParam() ? encrypted_options() : PackOptions{}, "", 2);
  Status status = open_and_verify(other.blob, built_.summary.frames_place);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code(), Code::kCorrupt);
}

TEST_P(Damage, RandomMutationsNeverCrash) {
  std::vector<Item> small = every_kind();
  small.resize(small.size() - 2);  // without the big ones: many rounds
  const Built built = build(small, GetParam() ? encrypted_options() : PackOptions{});
  SeededRng rng(22);
  for (int round = 0; round < 400; ++round) {
    Bytes wrong = built.blob;
    for (uint64_t i = rng.below(4) + 1; i > 0; --i) {
      size_t at = rng.below(wrong.size());
      size_t length = std::min<size_t>(rng.below(64), wrong.size() - at);
      auto from = wrong.begin() + static_cast<ptrdiff_t>(at);
      switch (rng.below(4)) {
        case 0: wrong[at] = static_cast<uint8_t>(rng.next()); break;
        case 1: wrong.erase(from, from + static_cast<ptrdiff_t>(length)); break;
        case 2: wrong.insert(from, length, static_cast<uint8_t>(rng.next())); break;
        default: rng.fill(MutableByteView(&wrong[at], length)); break;
      }
      if (wrong.empty()) wrong.push_back(0);
    }
    if (wrong != built.blob) {
      EXPECT_FALSE(open_and_verify(wrong, built.summary.frames_place).ok());
    }
  }
}

// A public pack around any T, with frames, hashes and tables that fit.
Bytes pack_of_tar(const Bytes& t_bytes) {
  MemorySink sink;
  FrameWriter frames(sink, 1, limits::kFrameBytes);
  must(frames.write(t_bytes));
  must(frames.cut());
  std::string text = print_frames({frames.frames(), std::nullopt});
  must(frames.write(must(tar_headers(file(kFramesPath, to_bytes(as_bytes(text))).member))));
  must(frames.write(as_bytes(text)));
  must(frames.write(Bytes(tar_padding(text.size()) + kTarEndBytes)));
  must(frames.cut());
  must(sink.write(print_seek_table(frames.frames())));
  return sink.take();
}

// Mutations below the hashes: T itself is hostile, everything around it is in order.
TEST(HostileTar, RandomMutationsNeverCrash) {
  std::vector<Item> items = every_kind();
  items.resize(items.size() - 2);
  const Built built = build(items);
  MemorySource source(built.blob);
  Bytes t_bytes = must(must(PackReader::open(source, nullptr))
                           ->read({0, built.summary.frames.back().t_offset + built.summary.frames.back().t_length}));
  SeededRng rng(23);
  TempFolder temp;
  int readable = 0;
  for (int round = 0; round < 300; ++round) {
    Bytes wrong = t_bytes;
    for (uint64_t i = rng.below(6) + 1; i > 0; --i) wrong[rng.below(wrong.size())] = static_cast<uint8_t>(rng.next());
    MemorySource hostile(pack_of_tar(wrong));
    auto reader = must(PackReader::open(hostile, nullptr));
    readable += reader->verify().ok();
    ExtractOptions options;
    options.folder = temp.folder("t" + std::to_string(round % 3));
    (void)extract_pack(*reader, options);
  }
  EXPECT_GT(readable, 0);
}

TEST(WrongKey, IsToldAsSuch) {
  Built built = build({file("a", prose(10))}, encrypted_options());
  SeededRng rng(1);
  AgeIdentity other = AgeIdentity::generate(rng);
  MemorySource source(built.blob);
  EXPECT_EQ(PackReader::open(source, &other).error().code(), Code::kWrongKey);
  EXPECT_EQ(PackReader::open(source, nullptr).error().code(), Code::kWrongKey);
  EXPECT_EQ(FrameCodec::open(built.summary.age_head, built.summary.z_bytes, other).error().code(), Code::kWrongKey);
}

TEST(SeekTable, ImpossibleOnesAreRefused) {
  std::vector<FrameInfo> frames = {{0, 100, 0, 50, {}}, {100, 10, 50, 20, {}}};
  Bytes table = print_seek_table(frames);
  EXPECT_EQ(must(seek_table_bytes(ByteView(table).last(kSeekFooterBytes))), table.size());
  EXPECT_EQ(must(parse_seek_table(table, 70 + table.size())), frames);
  EXPECT_FALSE(parse_seek_table(table, 71 + table.size()).ok());
  for (size_t bit = 0; bit < table.size() * 8; ++bit) {
    Bytes wrong = table;
    wrong[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    auto parsed = parse_seek_table(wrong, 70 + wrong.size());
    // Only the sizes in T are not checked here: `.walrusfs/frames` repeats them.
    bool is_t_size = (bit / 8 >= 12 && bit / 8 < 16) || (bit / 8 >= 20 && bit / 8 < 24);
    EXPECT_TRUE(!parsed.ok() || is_t_size) << bit;
  }
  Bytes footer(kSeekFooterBytes);
  store_le<uint32_t>(&footer[0], UINT32_MAX);
  store_le<uint32_t>(&footer[5], 0x8F92EAB1);
  EXPECT_FALSE(seek_table_bytes(footer).ok());
}

TEST(FramesText, OnlyOneSpellingIsAccepted) {
  FramesList list{{{0, 100, 0, 50, Digest{}}, {100, 10, 50, 20, Digest{}}}, ByteRange{20, 30}};
  std::string text = print_frames(list);
  FramesList parsed = must(parse_frames(text));
  EXPECT_EQ(parsed.frames, list.frames);
  EXPECT_EQ(parsed.changes, list.changes);
  for (size_t length = 0; length < text.size(); ++length) EXPECT_FALSE(parse_frames(text.substr(0, length)).ok());
  EXPECT_FALSE(parse_frames(text + "end 2\n").ok());
  SeededRng rng(3);
  for (int round = 0; round < 5'000; ++round) {
    std::string wrong = text;
    wrong[rng.below(wrong.size())] = " \n019-aA"[rng.below(8)];
    auto again = parse_frames(wrong);
    if (again) {
      ASSERT_EQ(print_frames(*again), wrong);
    }
  }
  list.frames[1].t_offset = 101;
  EXPECT_FALSE(parse_frames(print_frames(list)).ok()) << "a gap";
  list = {{}, ByteRange{20, 30}};
  EXPECT_FALSE(parse_frames(print_frames(list)).ok()) << "changes outside";
  std::string newer = text;
  newer[newer.find('1')] = '2';
  EXPECT_EQ(parse_frames(newer).error().code(), Code::kNewerVersion);
}

}  // namespace
}  // namespace walrusfs::pack::testing
