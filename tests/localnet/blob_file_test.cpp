// One file per node and blob: what is damaged in any way is never handed out.
#include "localnet/blob_file.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/rng.h"
#include "codec/encoder.h"
#include "localnet/node_store.h"
#include "temp_folder.h"

namespace walrusfs::localnet {
namespace {

class BlobFileTest : public testing::Test {
 protected:
  BlobFileTest() : content_(5'000), encoded_(encode()), blob_(encoded_.metadata.blob_id()) {}

  EncodedBlob encode() {
    SeededRng rng(5);
    rng.fill(content_);
    return encode_blob(shape_, content_).value();
  }
  std::string path() const { return folder_ / "blob"; }
  std::unique_ptr<BlobFile> create() {
    return BlobFile::create(system_files(), path(), blob_, encoded_.metadata).value();
  }
  Result<std::unique_ptr<BlobFile>> open() { return BlobFile::open(system_files(), path(), blob_, shape_); }
  const Bytes& data(Axis axis, uint16_t slot) const {
    return axis == Axis::kPrimary ? encoded_.pairs[slot].primary.data : encoded_.pairs[slot].secondary.data;
  }
  void fill(BlobFile& file) {
    for (uint16_t slot = 0; slot < 10; ++slot)
      for (Axis axis : {Axis::kPrimary, Axis::kSecondary})
        ASSERT_TRUE(file.write_sliver(axis, slot, data(axis, slot)).ok());
  }
  void expect_true_or_nothing(BlobFile& file, Axis axis, uint16_t slot) {
    if (auto sliver = file.read_sliver(axis, slot)) {
      EXPECT_EQ(*sliver, data(axis, slot));
    }
  }
  void change_byte(uint64_t at) {
    std::fstream file(path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(at));
    char byte = static_cast<char>(file.get());
    file.seekp(static_cast<std::streamoff>(at));
    file.put(static_cast<char>(byte ^ 0x10));
  }

  TempFolder folder_;
  CodeShape shape_ = CodeShape::create(10).value();
  Bytes content_;
  EncodedBlob encoded_;
  BlobId blob_;
};

TEST_F(BlobFileTest, KeepsMetadataSliversAndSymbols) {
  fill(*create());
  auto file = open().value();
  EXPECT_EQ(BlobMetadata::parse(shape_, file->read_metadata().value()).value(), encoded_.metadata);
  for (Axis axis : {Axis::kPrimary, Axis::kSecondary}) {
    for (uint16_t slot = 0; slot < 10; ++slot) {
      EXPECT_EQ(file->read_sliver(axis, slot).value(), data(axis, slot));
      for (uint16_t symbol = 0; symbol < shape_.symbols_per_sliver(axis); ++symbol) {
        size_t size = encoded_.metadata.symbol_bytes();
        EXPECT_TRUE(equal(file->read_symbol(axis, slot, symbol).value(),
                          ByteView(data(axis, slot)).subspan(symbol * size, size)));
      }
    }
  }
}

TEST_F(BlobFileTest, EmptySlotsAreEmpty) {
  create();
  auto file = open().value();
  EXPECT_FALSE(file->sealed());
  EXPECT_EQ(file->read_sliver(Axis::kPrimary, 3).error().code(), Code::kNotFound);
  EXPECT_FALSE(file->has_entry(Axis::kPrimary, 3).value());
}

TEST_F(BlobFileTest, TheSealSurvives) {
  auto file = create();
  fill(*file);
  ASSERT_TRUE(file->seal().ok());
  EXPECT_TRUE(open().value()->sealed());
}

// Flips a bit at every place in turn: nothing wrong may ever come out.
TEST_F(BlobFileTest, NoFlippedBitGoesUnnoticed) {
  fill(*create());
  const uint64_t size = std::filesystem::file_size(path());
  for (uint64_t at = 0; at < size; at += at < 2048 ? 1 : 61) {
    change_byte(at);
    if (auto file = open()) {
      if (auto metadata = (*file)->read_metadata()) {
        EXPECT_EQ(BlobMetadata::parse(shape_, *metadata).value(), encoded_.metadata);
      }
      for (Axis axis : {Axis::kPrimary, Axis::kSecondary}) {
        for (uint16_t slot = 0; slot < 10; ++slot) expect_true_or_nothing(**file, axis, slot);
      }
    }
    change_byte(at);
  }
  EXPECT_TRUE(open().ok());
}

TEST_F(BlobFileTest, ACutOffFileIsDamagedNotWrong) {
  fill(*create());
  const uint64_t size = std::filesystem::file_size(path());
  for (uint64_t keep : {uint64_t{0}, uint64_t{100}, uint64_t{600}, uint64_t{1100}, size / 2, size - 1}) {
    std::filesystem::resize_file(path(), keep);
    auto file = open();
    if (file) {
      for (uint16_t slot = 0; slot < 10; ++slot) expect_true_or_nothing(**file, Axis::kSecondary, slot);
      EXPECT_FALSE((*file)->read_sliver(Axis::kSecondary, 9).ok());
    } else {
      EXPECT_EQ(file.error().code(), Code::kCorrupt);
    }
    std::filesystem::remove(path());
    fill(*create());
  }
}

TEST_F(BlobFileTest, AnotherBlobsFileIsRefused) {
  create();
  BlobId other = blob_;
  other.bytes[0] ^= 1;
  EXPECT_EQ(BlobFile::open(system_files(), path(), other, shape_).error().code(), Code::kCorrupt);
  EXPECT_EQ(BlobFile::open(system_files(), path(), blob_, CodeShape::create(13).value()).error().code(),
            Code::kCorrupt);
}

class NodeStoreTest : public BlobFileTest {
 protected:
  NodeStoreTest() {
    for (uint16_t i = 0; i < 10; ++i) shards_.push_back(ShardIndex{i});
    reopen();
  }
  void reopen() { store_ = NodeStore::open(system_files(), folder_ / "node", shape_, {shards_, leaving_}).value(); }
  void put_all() {
    ASSERT_TRUE(store_->put_metadata(blob_, encoded_.metadata).ok());
    for (const SliverPair& pair : encoded_.pairs) {
      ASSERT_TRUE(store_->put_sliver(blob_, pair.primary).ok());
      ASSERT_TRUE(store_->put_sliver(blob_, pair.secondary).ok());
    }
  }
  std::string blob_path() const {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_ / "node"))
      if (entry.is_regular_file()) return entry.path();
    return "";
  }

  // Places of the slivers of that axis, as the store tells them.
  std::vector<ShardIndex> shards_of(const std::vector<SliverIndex>& slivers, Axis axis) const {
    std::vector<ShardIndex> shards;
    for (SliverIndex index : slivers) shards.push_back(shape_.shard_of(blob_, shape_.pair_of(axis, index)));
    std::sort(shards.begin(), shards.end());
    return shards;
  }
  void put(ShardIndex shard) {
    const SliverPair& pair = encoded_.pairs[raw(shape_.pair_of(blob_, shard))];
    ASSERT_TRUE(store_->put_sliver(blob_, pair.primary).ok());
    ASSERT_TRUE(store_->put_sliver(blob_, pair.secondary).ok());
  }

  std::vector<ShardIndex> shards_, leaving_;
  std::unique_ptr<NodeStore> store_;
};

TEST_F(NodeStoreTest, KnowsAfterReopeningWhatItKeeps) {
  put_all();
  NodeStoreStatus before = store_->status();
  EXPECT_EQ(before.slivers, 20u);
  reopen();
  EXPECT_EQ(store_->status().slivers, 20u);
  EXPECT_EQ(store_->status().bytes, before.bytes);
  EXPECT_TRUE(store_->has_all_slivers(blob_));
  EXPECT_EQ(store_->sliver(blob_, PairIndex{4}, Axis::kSecondary).value(), encoded_.pairs[4].secondary);
}

// What a power cut may leave of a file that was never sealed: entries without their data.
TEST_F(NodeStoreTest, AnUnsealedFileCountsOnlyWhatChecksOut) {
  ASSERT_TRUE(store_->put_metadata(blob_, encoded_.metadata).ok());
  ASSERT_TRUE(store_->put_sliver(blob_, encoded_.pairs[0].primary).ok());
  ASSERT_TRUE(store_->put_sliver(blob_, encoded_.pairs[1].primary).ok());
  uint64_t size = std::filesystem::file_size(blob_path());
  std::filesystem::resize_file(blob_path(), 4096);  // all data gone
  std::filesystem::resize_file(blob_path(), size);
  reopen();
  EXPECT_TRUE(store_->has_metadata(blob_));
  EXPECT_EQ(store_->status().slivers, 0u);
}

// The seal vouches for what was written, not for what somebody cut off.
TEST_F(NodeStoreTest, SliversBehindTheEndOfAFileAreNotStored) {
  put_all();
  std::filesystem::resize_file(blob_path(), std::filesystem::file_size(blob_path()) - 1);
  reopen();
  EXPECT_EQ(store_->status().slivers, 19u);
  EXPECT_FALSE(store_->has_all_slivers(blob_));
}

TEST_F(NodeStoreTest, AFileThatVanishedIsNotStored) {
  put_all();
  std::filesystem::remove(blob_path());
  EXPECT_EQ(store_->sliver(blob_, PairIndex{0}, Axis::kPrimary).error().code(), Code::kNotFound);
  EXPECT_FALSE(store_->has_metadata(blob_));
  EXPECT_EQ(store_->status().blobs, 0u);
}

std::vector<ShardIndex> shards(std::initializer_list<uint16_t> numbers) {
  std::vector<ShardIndex> out;
  for (uint16_t number : numbers) out.push_back(ShardIndex{number});
  return out;
}

TEST_F(NodeStoreTest, ShardsComeAndGoAtRunTime) {
  store_->assign({shards({2, 3, 4}), {}});
  ASSERT_TRUE(store_->put_metadata(blob_, encoded_.metadata).ok());
  EXPECT_EQ(shards_of(store_->missing(blob_, Axis::kPrimary), Axis::kPrimary), shards({2, 3, 4}));
  for (uint16_t shard : {2, 3, 4}) put(ShardIndex{shard});
  EXPECT_TRUE(store_->has_all_slivers(blob_));

  store_->assign({shards({3, 4, 7}), shards({2})});
  EXPECT_FALSE(store_->has_all_slivers(blob_));
  EXPECT_EQ(shards_of(store_->missing(blob_, Axis::kSecondary), Axis::kSecondary), shards({7}));
  const PairIndex given_away = shape_.pair_of(blob_, ShardIndex{2});
  EXPECT_FALSE(store_->owns(blob_, given_away));
  EXPECT_TRUE(store_->serves(blob_, given_away));
  EXPECT_EQ(store_->sliver(blob_, given_away, Axis::kPrimary).value(), encoded_.pairs[raw(given_away)].primary);
  put(ShardIndex{7});
  EXPECT_TRUE(store_->has_all_slivers(blob_));

  ASSERT_TRUE(store_->drop_unassigned().ok());
  EXPECT_TRUE(store_->sliver(blob_, given_away, Axis::kPrimary).ok());  // still served
  store_->assign({shards({3, 4, 7}), {}});
  ASSERT_TRUE(store_->drop_unassigned().ok());
  EXPECT_FALSE(store_->serves(blob_, given_away));
  EXPECT_EQ(store_->sliver(blob_, given_away, Axis::kPrimary).error().code(), Code::kNotFound);
  EXPECT_EQ(store_->status().slivers, 6u);
  shards_ = shards({2, 3, 4, 7});
  reopen();
  EXPECT_EQ(shards_of(store_->held(blob_, Axis::kPrimary), Axis::kPrimary), shards({3, 4, 7}));
}

// Of blobs that cannot be healed, whoever has slivers of shards that are another node's keeps them.
TEST_F(NodeStoreTest, SliversOfOtherShardsAreKeptAndFoundAgain) {
  store_->assign({shards({2, 3}), {}});
  ASSERT_TRUE(store_->put_metadata(blob_, encoded_.metadata).ok());
  for (uint16_t shard : {2, 3}) put(ShardIndex{shard});
  store_->assign({shards({3}), {}});
  ASSERT_TRUE(store_->drop_unassigned({blob_}).ok());
  EXPECT_EQ(store_->status().slivers, 4u);
  shards_ = shards({3});
  reopen();
  const auto held = [this] { return shards_of(store_->held(blob_, Axis::kPrimary), Axis::kPrimary); };
  EXPECT_EQ(held(), shards({3})) << "nobody looks for others when it starts";
  ASSERT_TRUE(store_->look_for_unassigned(blob_).ok());
  EXPECT_EQ(held(), shards({2, 3}));
  EXPECT_EQ(store_->status().slivers, 4u);
  const PairIndex other = shape_.pair_of(blob_, ShardIndex{2});
  EXPECT_EQ(store_->sliver(blob_, other, Axis::kSecondary).value(), encoded_.pairs[raw(other)].secondary);
  ASSERT_TRUE(store_->drop_unassigned().ok());
  ASSERT_TRUE(store_->look_for_unassigned(blob_).ok());
  EXPECT_EQ(held(), shards({3}));
  EXPECT_TRUE(store_->look_for_unassigned(BlobId{}).ok()) << "of what it has not there is nothing";
}

// What is written after the seal is not vouched for by it: a crash may have torn it.
TEST_F(NodeStoreTest, AFileThatGainsSliversIsSealedAnew) {
  shards_ = shards({0, 1});
  reopen();
  ASSERT_TRUE(store_->put_metadata(blob_, encoded_.metadata).ok());
  put(ShardIndex{0});
  put(ShardIndex{1});
  auto sealed = [&] { return BlobFile::open(system_files(), blob_path(), blob_, shape_).value()->sealed(); };
  EXPECT_TRUE(sealed());
  store_->assign({shards({0, 1, 2}), {}});
  const SliverPair& pair = encoded_.pairs[raw(shape_.pair_of(blob_, ShardIndex{2}))];
  ASSERT_TRUE(store_->put_sliver(blob_, pair.primary).ok());
  EXPECT_FALSE(sealed());
  ASSERT_TRUE(store_->put_sliver(blob_, pair.secondary).ok());
  EXPECT_TRUE(sealed());
}

// Slots of other nodes' shards take no room.
TEST_F(NodeStoreTest, WhatIsNotThereIsAHole) {
  const Bytes content(8 << 20, uint8_t{7});
  const EncodedBlob encoded = encode_blob(CodeShape::create(31).value(), content).value();
  auto store = NodeStore::open(system_files(), folder_ / "big", CodeShape::create(31).value(),
                               {shards({5}), {}}).value();
  const BlobId blob = encoded.metadata.blob_id();
  ASSERT_TRUE(store->put_metadata(blob, encoded.metadata).ok());
  const PairIndex pair = CodeShape::create(31).value().pair_of(blob, ShardIndex{5});
  ASSERT_TRUE(store->put_sliver(blob, encoded.pairs[raw(pair)].primary).ok());
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_ / "big")) {
    if (!entry.is_regular_file()) continue;
    auto file = system_files().open(entry.path(), Files::Open::kRead).value();
    EXPECT_LT(file->allocated_bytes().value(), encoded.pairs[0].primary.data.size() + (256 << 10));
    EXPECT_GT(file->size().value(), uint64_t{4} * content.size());
  }
}

// Whatever stands where files of blobs do: the others are there all the same.
TEST_F(NodeStoreTest, WhatCannotBeReadIsPassedOver) {
  shards_ = shards({2});
  reopen();
  ASSERT_TRUE(store_->put_metadata(blob_, encoded_.metadata).ok());
  put(ShardIndex{2});
  const std::filesystem::path folder = std::filesystem::path(blob_path()).parent_path();
  const auto file_of = [&](const std::string& text) {
    return folder / (encode_blob(shape_, to_bytes(as_bytes(text))).value().metadata.blob_id().to_string() + ".blob");
  };
  std::filesystem::create_directories(file_of("a folder") / "with" / "content");
  std::filesystem::create_symlink("nowhere", file_of("a link"));
  std::filesystem::create_symlink(file_of("a circle"), file_of("a circle"));
  std::ofstream(file_of("an empty file")).flush();
  std::filesystem::create_directories(folder / "folder.new" / "with content");
  std::filesystem::create_symlink("nowhere", folder.parent_path() / "00link");
  reopen();
  EXPECT_EQ(store_->status().damaged_found, 5u);
  EXPECT_EQ(store_->blobs(), std::vector<BlobId>{blob_});
  EXPECT_TRUE(store_->has_all_slivers(blob_));
}

// A file that the first release wrote: the node with shards 2, 3 and 4 of 10, and a blob of 300 bytes 'w'.
TEST_F(NodeStoreTest, AFileOfVersion1IsRewritten) {
  const std::string name = "hlaY6I3zugcUyyQwMWgDJnkOl9Jix_DWwoxD9qvM_vc.blob";
  const EncodedBlob sample = encode_blob(shape_, Bytes(300, uint8_t{'w'})).value();
  const BlobId blob = sample.metadata.blob_id();
  ASSERT_EQ(blob.to_string() + ".blob", name);
  const std::string folder = folder_ / ("node/" + to_hex(ByteView(blob.bytes).first(1)));
  std::filesystem::create_directories(folder);
  std::filesystem::copy(std::string(WALRUSFS_TEST_VECTORS) + "/../localnet/compat/" + name, folder + "/" + name);
  shards_ = shards({2, 3, 4});
  for (int round = 0; round < 2; ++round) {
    reopen();
    EXPECT_EQ(store_->status().damaged_found, 0u);
    ASSERT_TRUE(store_->has_all_slivers(blob));
    EXPECT_EQ(*store_->metadata(blob).value(), sample.metadata);
    for (ShardIndex shard : shards_) {
      const PairIndex pair = shape_.pair_of(blob, shard);
      EXPECT_EQ(store_->sliver(blob, pair, Axis::kPrimary).value(), sample.pairs[raw(pair)].primary);
      EXPECT_EQ(store_->sliver(blob, pair, Axis::kSecondary).value(), sample.pairs[raw(pair)].secondary);
    }
    auto file = BlobFile::open(system_files(), folder + "/" + name, blob, shape_).value();
    EXPECT_EQ(file->version(), 2u);
    EXPECT_TRUE(file->sealed());
  }
}

TEST_F(NodeStoreTest, DropsBlobs) {
  put_all();
  ASSERT_TRUE(store_->drop(blob_).ok());
  EXPECT_EQ(blob_path(), "");
  EXPECT_TRUE(store_->drop(blob_).ok());
  EXPECT_EQ(store_->status().bytes, 0u);
}

}  // namespace
}  // namespace walrusfs::localnet
