// Packs written and read back by our own code.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include "base/crypto.h"
#include "base/limits.h"
#include "codec/pack/changes.h"
#include "tests/pack/pack_support.h"

namespace walrusfs::pack::testing {
namespace {

class PackForm : public ::testing::TestWithParam<bool> {
 protected:
  PackOptions options() const { return GetParam() ? encrypted_options() : PackOptions{}; }
  const AgeIdentity identity_ = test_identity();
};
INSTANTIATE_TEST_SUITE_P(, PackForm, ::testing::Bool(),
                         [](const auto& form) { return form.param ? "Encrypted" : "Public"; });

FrameCodec codec_of(const Built& built, const AgeIdentity& identity) {
  return must(FrameCodec::open_any(built.summary.age_head, built.summary.z_bytes, &identity));
}

Bytes decode(const Built& built, const FrameCodec& codec, const FrameInfo& frame) {
  ByteRange range = must(codec.blob_range(frame));
  return must(codec.decode(frame, ByteView(built.blob).subspan(range.offset, range.length)));
}

TEST_P(PackForm, EveryMemberComesBack) {
  std::vector<Item> items = every_kind();
  Built built = build(items, options());
  MemorySource source(built.blob);
  auto reader = must(PackReader::open(source, &identity_));
  EXPECT_EQ(reader->encrypted(), GetParam());
  size_t index = 0;
  must(reader->for_each_member([&](const MemberPlace& place) -> Status {
    const Item expected = as_read(items.at(index));
    EXPECT_EQ(place.member, expected.member);
    EXPECT_EQ(must(reader->read_content(place, {0, place.member.content_bytes()})), expected.content);
    if (!place.member.data_ranges) {
      EXPECT_EQ(place.t_content, built.t_offsets.at(index));
    }
    ++index;
    return ok_status();
  }));
  EXPECT_EQ(index, items.size());
  must(reader->verify());
}

TEST_P(PackForm, SummaryAndReaderAgree) {
  Built built = build(every_kind(), options());
  MemorySource source(built.blob);
  auto reader = must(PackReader::open(source, &identity_, built.summary.frames_place));
  EXPECT_EQ(reader->frames(), built.summary.frames);
  EXPECT_EQ(reader->frames_place(), built.summary.frames_place);
  EXPECT_EQ(reader->t_bytes(), built.summary.t_bytes);
  EXPECT_EQ(reader->z_bytes(), built.summary.z_bytes);
  EXPECT_EQ(reader->age_head(), built.summary.age_head);
  EXPECT_EQ(built.blob.size(), built.summary.blob_bytes);
  FrameCodec codec = codec_of(built, identity_);
  EXPECT_EQ(codec.blob_bytes(), built.blob.size());
  ByteRange range =
      must(codec.blob_range(ByteRange{built.summary.frames_place.z_offset, built.summary.frames_place.z_length}));
  EXPECT_EQ(
      must(codec.decode_frames(built.summary.frames_place, ByteView(built.blob).subspan(range.offset, range.length))),
      built.summary.frames);
}

TEST_P(PackForm, RandomAccessEqualsSequential) {
  std::vector<Item> items = every_kind();
  Built built = build(items, options());
  FrameCodec codec = codec_of(built, identity_);
  Bytes t_bytes;
  for (const FrameInfo& frame : built.summary.frames) {
    EXPECT_EQ(frame.t_offset, t_bytes.size());
    append(t_bytes, decode(built, codec, frame));
  }
  for (size_t i = 0; i < items.size(); ++i) {
    if (items[i].member.data_ranges) continue;
    ASSERT_TRUE(equal(ByteView(t_bytes).subspan(built.t_offsets[i], items[i].content.size()), items[i].content));
  }
  MemorySource source(built.blob);
  auto reader = must(PackReader::open(source, &identity_));
  SeededRng rng(9);
  for (int round = 0; round < 50; ++round) {
    ByteRange range{rng.below(t_bytes.size()), 0};
    range.length = rng.below(std::min<uint64_t>(t_bytes.size() - range.offset, 300'000) + 1);
    ASSERT_TRUE(equal(must(reader->read(range)), ByteView(t_bytes).subspan(range.offset, range.length)));
  }
  EXPECT_FALSE(reader->read({t_bytes.size(), 1}).ok());
  EXPECT_FALSE(reader->read({1, UINT64_MAX}).ok());
}

TEST_P(PackForm, SameInputsGiveTheSamePack) {
  EXPECT_EQ(build(every_kind(), options()).blob, build(every_kind(), options()).blob);
  EXPECT_EQ(build(every_kind(), options(), "", 1).blob == build(every_kind(), options(), "", 2).blob, !GetParam());
}

TEST_P(PackForm, APackWithoutMembersIsStillOne) {
  Built built = build({}, options());
  MemorySource source(built.blob);
  auto reader = must(PackReader::open(source, &identity_));
  EXPECT_TRUE(reader->frames().empty());
  must(reader->verify());
}

TEST_P(PackForm, ChangesAreFoundWithoutReadingTheMembers) {
  ChangesHeader header;
  header.volume = "v";
  header.pack = PackId{1};
  ChangesWriter writer(header);
  for (uint64_t i = 1; i < 40'000; ++i)
    writer.add(EntryRow{kRootInode, "name " + std::to_string(i), InodeId{i + 1}, i});
  std::string text = writer.finish();
  Built built = build({file("a", random_bytes(5'000'000, 1))}, options(), text);
  // Reads nothing of the first five frames.
  struct TailOnly : ByteSource {
    explicit TailOnly(Bytes blob) : all(std::move(blob)) {}
    Result<uint64_t> size() override { return all.size(); }
    Result<Bytes> read(ByteRange range) override {
      if (range.offset > 4096 && range.offset < 4'000'000) return Error(Code::kUnavailable, "read a member");
      return all.read(range);
    }
    MemorySource all;
  } source(built.blob);
  auto reader = must(PackReader::open(source, &identity_));
  EXPECT_EQ(must(reader->changes()), text);
  MemorySource all(built.blob);
  must(must(PackReader::open(all, &identity_))->verify());
}

TEST_P(PackForm, AVerifyNoticesChangesThatAreNone) {
  Built built = build({file("a", prose(10))}, options(), "nonsense\n");
  MemorySource source(built.blob);
  auto reader = must(PackReader::open(source, &identity_));
  EXPECT_EQ(must(reader->changes()), "nonsense\n");
  EXPECT_EQ(reader->verify().error().code(), Code::kCorrupt);
}

TEST(Frames, ASmallFileIsInOneFrame) {
  std::vector<Item> items;
  SeededRng rng(12);
  for (int i = 0; i < 200; ++i) items.push_back(file("f" + std::to_string(i), random_bytes(rng.below(600'000), i)));
  Built built = build(items);
  for (size_t i = 0; i < items.size(); ++i) {
    uint64_t first = built.t_offsets[i], end = first + items[i].content.size();
    int frames = 0;
    for (const FrameInfo& frame : built.summary.frames) {
      EXPECT_LE(frame.t_length, limits::kFrameBytes);
      frames += frame.t_offset < end && frame.t_offset + frame.t_length > first;
    }
    EXPECT_LE(frames, 1) << items[i].member.path;
  }
}

TEST(Frames, ABigFileFillsThem) {
  Built built = build({file("big", random_bytes(10 * limits::kMiB, 1))});
  EXPECT_EQ(built.summary.frames.size(), 11u);
  // Bytes that do not compress cost next to nothing more.
  EXPECT_LT(built.blob.size(), 10 * limits::kMiB + 8192);
}

TEST(Frames, OwnFramesBeginAtTheContent) {
  MemorySink sink;
  PackOptions options;
  options.frame_bytes = 64 * limits::kKiB;
  auto writer = must(PackWriter::create(sink, options, system_rng()));
  Item catalog = file(".walrusfs/catalog.sqlite", prose(1'000'000));
  uint64_t start = must(writer->begin_member_in_own_frames(catalog.member));
  must(writer->write(catalog.content));
  must(writer->end_member());
  PackSummary summary = must(writer->finish("", kTestTime));
  EXPECT_EQ(summary.frames[1].t_offset, start);
  for (size_t i = 1; i < 16; ++i) EXPECT_EQ(summary.frames[i].t_length, options.frame_bytes);
}

TEST(PackWriterTest, SaysHowLargeTheBlobGrows) {
  MemorySink sink;
  auto writer = must(PackWriter::create(sink, encrypted_options(), system_rng()));
  uint64_t before = writer->blob_bytes_so_far();
  EXPECT_EQ(before, 184u + 16u);
  Item item = file("a", random_bytes(5'000'000, 1));
  must(writer->begin_member(item.member));
  must(writer->write(item.content));
  must(writer->end_member());
  EXPECT_NEAR(static_cast<double>(writer->blob_bytes_so_far()), 5'003'000, 4'000);
  uint64_t after = writer->blob_bytes_so_far();
  PackSummary summary = must(writer->finish("", kTestTime));
  EXPECT_LT(summary.blob_bytes, after + 4096);
}

TEST(PackWriterTest, TellsWhereEveryRangeOfASparseFileIs) {
  SeededRng rng(31);
  for (int round = 0; round < 60; ++round) {
    Item item = file("sparse", {});
    item.member.data_ranges.emplace();
    while (item.member.data_ranges->size() < 1 + rng.below(12)) {
      ByteRange range{item.member.size + rng.below(2) * rng.below(2000), 1 + rng.below(3000)};
      if (round % 3 == 0) range = {(range.offset + 511) / 512 * 512, 512 * (1 + rng.below(4))};
      item.member.data_ranges->push_back(range);
      item.member.size = range.end();
      append(item.content, random_bytes(range.length, rng.next()));
    }
    item.member.size += rng.below(2) * rng.below(3000);
    MemorySink sink;
    auto writer = must(PackWriter::create(sink, PackOptions{}, system_rng()));
    uint64_t first = must(writer->begin_member(item.member));
    EXPECT_EQ(first, writer->t_bytes_so_far());
    std::vector<uint64_t> t_offsets;
    uint64_t at = 0;
    for (ByteRange range : *item.member.data_ranges) {
      t_offsets.push_back(writer->t_bytes_so_far());
      must(writer->write(ByteView(item.content).subspan(at, range.length)));
      at += range.length;
    }
    must(writer->end_member());
    must(writer->finish("", kTestTime));
    MemorySource source(sink.take());
    auto reader = must(PackReader::open(source, nullptr));
    MemberPlace place = must(reader->find("sparse"));
    EXPECT_EQ(place.member, as_read(item).member);
    at = 0;
    for (size_t i = 0; i < t_offsets.size(); ++i) {
      uint64_t length = (*item.member.data_ranges)[i].length;
      ASSERT_TRUE(equal(must(reader->read({t_offsets[i], length})), ByteView(item.content).subspan(at, length)));
      at += length;
    }
    Outcome tar = run({"tar", "-x", "-O"}, must(reader->read({0, reader->members_end()})));
    ASSERT_EQ(tar.out.size(), item.member.size);
    ASSERT_EQ(tar.out, with_holes(item)) << round;
  }
}

TEST(PackWriterTest, RefusesOptionsAndMembersThatCannotBe) {
  MemorySink sink;
  PackOptions options;
  options.frame_bytes = limits::kFrameBytes + 1;
  EXPECT_FALSE(PackWriter::create(sink, options, system_rng()).ok());
  options.frame_bytes = limits::kSmallestFrameBytes - 1;
  EXPECT_FALSE(PackWriter::create(sink, options, system_rng()).ok());
  options = {};
  options.compression_level = 20;
  EXPECT_FALSE(PackWriter::create(sink, options, system_rng()).ok());
  auto writer = must(PackWriter::create(sink, PackOptions{}, system_rng()));
  EXPECT_FALSE(writer->begin_member(file(kFramesPath, {}).member).ok());
  EXPECT_FALSE(writer->begin_member(file("../up", {}).member).ok());
  Item huge = file("huge", {});
  huge.member.size = limits::kPackTBytes;
  EXPECT_EQ(writer->begin_member(huge.member).error().code(), Code::kTooLarge);
}

TEST(PackWriterTest, PassesOnThatTheDiskIsFull) {
  struct Full : ByteSink {
    Status write(ByteView) override { return Error(Code::kNoSpace, "disk full"); }
  } full;
  EXPECT_EQ(PackWriter::create(full, encrypted_options(), system_rng()).error().code(), Code::kNoSpace);
  auto writer = must(PackWriter::create(full, PackOptions{}, system_rng()));
  Item item = file("a", random_bytes(2 * limits::kMiB, 1));
  must(writer->begin_member(item.member));
  EXPECT_EQ(writer->write(item.content).error().code(), Code::kNoSpace);
}

TEST(PackPaths, OfExtentsAndInodes) {
  EXPECT_EQ(extent_path(InodeId{77}, 1'048'576), ".walrusfs/extents/77/0000000001048576");
  EXPECT_EQ(inode_path(InodeId{77}), ".walrusfs/inodes/77");
}

TEST(Extract, RestoresEveryKind) {
  TempFolder temp;
  std::vector<Item> items = every_kind();
  items.push_back(file(inode_path(InodeId{3}), {}));
  Built built = build(items, encrypted_options());
  MemorySource source(built.blob);
  AgeIdentity identity = test_identity();
  auto reader = must(PackReader::open(source, &identity));
  ExtractOptions options;
  options.folder = temp.path();
  uint64_t heard = 0;
  ExtractReport report = must(extract_pack(*reader, options, [&](const Member&) { ++heard; }));
  EXPECT_EQ(report.skipped, 2u) << "devices";
  EXPECT_EQ(report.members, items.size() - 3);
  EXPECT_EQ(heard, items.size() - 1);
  for (const Item& item : items) {
    if (item.member.type != MemberType::kFile || item.member.path.starts_with(".walrusfs")) continue;
    Bytes got = read_whole(temp / item.member.path);
    EXPECT_EQ(got, with_holes(item)) << item.member.path;
  }
  struct stat plain, link;
  ASSERT_EQ(lstat((temp / "folder/plain.txt").c_str(), &plain), 0);
  ASSERT_EQ(lstat((temp / "hard link").c_str(), &link), 0);
  EXPECT_EQ(plain.st_ino, link.st_ino);
  EXPECT_EQ(plain.st_mtim.tv_nsec, 123'456'789);
  EXPECT_FALSE(std::filesystem::exists(temp / ".walrusfs"));
}

TEST(Extract, DoesNotFollowSymlinksOutOfTheFolder) {
  TempFolder temp;
  std::string target = temp.folder("target"), outside = temp.folder("outside");
  Built built = build({link_to("way out", MemberType::kSymlink, outside), file("way out/stolen", prose(5))});
  MemorySource source(built.blob);
  auto reader = must(PackReader::open(source, nullptr));
  ExtractOptions options;
  options.folder = target;
  auto report = extract_pack(*reader, options);
  EXPECT_FALSE(report.ok());
  EXPECT_TRUE(std::filesystem::is_empty(outside));
}

TEST(Extract, DoesNotLinkToFilesOutsideOfTheFolder) {
  TempFolder temp;
  std::string target = temp.folder("target"), outside = temp.folder("outside");
  temp.write("outside/secret", as_bytes("secret"));
  Built built = build(
      {link_to("way out", MemberType::kSymlink, outside), link_to("stolen", MemberType::kHardLink, "way out/secret")});
  MemorySource source(built.blob);
  auto reader = must(PackReader::open(source, nullptr));
  ExtractOptions options;
  options.folder = target;
  EXPECT_FALSE(extract_pack(*reader, options).ok());
  EXPECT_FALSE(std::filesystem::exists(target + "/stolen"));
}

}  // namespace
}  // namespace walrusfs::pack::testing
