#include "tests/io/volume.h"

#include <gmock/gmock.h>

#include "base/limits.h"
#include "codec/encoder.h"

namespace walrusfs::test {

pack::AgeIdentity test_identity() {
  SeededRng rng(7);
  return pack::AgeIdentity::generate(rng);
}

Result<BlobId> walrus_blob_id(ByteView content) {
  WFS_ASSIGN(BlobMetadata metadata, compute_metadata(must(CodeShape::create(kTestShards)), content));
  return metadata.blob_id();
}

MemoryStoreOptions walrus_like(uint64_t max_blob_bytes) {
  MemoryStoreOptions options;
  options.shards = kTestShards;
  options.max_blob_bytes = max_blob_bytes;
  options.blob_id = walrus_blob_id;
  options.certified_by = "publisher";
  return options;
}

Bytes noise(uint64_t bytes, uint64_t seed) {
  Bytes out(bytes);
  SeededRng rng(seed);
  rng.fill(out);
  return out;
}

CommitterOptions VolumeOptions::small_packs() {
  CommitterOptions options;
  options.pack_bytes = limits::kMiB;
  options.shards = kTestShards;
  options.compression_level = 1;
  options.volume_id = "test-volume";
  return options;
}

Volume::Volume(const std::string& folder, BlobStore& store, const VolumeOptions& options)
    : folder_(folder), store_(store), options_(options) {
  must(system_files().make_directories(folder));
  const bool fresh = !must(system_files().exists(folder + "/index"));
  index_ = must(Index::open({.path = folder + "/index", .create = fresh}));
  const Counters counters = must(index_->counters());
  spool_ = must(Spool::open(
      *options_.files,
      {.folder = folder + "/spool", .bound_bytes = limits::kGiB, .first_staging_id = counters.next_staging}));
  held_ = std::make_unique<HeldSpool>(*spool_);
  recovered_ = must(recover(*index_, *held_));
  open_readers();
  tree_ = std::make_unique<SmallTree>(*index_, *held_);
  CommitterOptions committer = options_.committer;
  if (options_.encrypted) committer.recipient = test_identity().recipient();
  committer_ = must(Committer::make({*index_, *held_, store_, *tree_, *options_.files, clock_, rng_}, committer));
}

Volume::~Volume() = default;

void Volume::open_readers() {
  content_.reset();
  frames_.reset();
  cache_.reset();
  cache_ = must(FrameCache::open(system_files(), {.folder = folder_ + "/frames", .bound_bytes = 256 * limits::kMiB}));
  frames_ = std::make_unique<FrameReader>(FrameReader::World{*index_, *cache_, store_}, test_identity());
  content_ = ContentReader::make(*held_, *frames_, system_clock(), {.run_later = options_.run_later});
}

void Volume::drop_cache() {
  content_.reset();
  frames_.reset();
  cache_.reset();
  std::filesystem::remove_all(folder_ + "/frames");
  open_readers();
}

void Volume::step() { clock_.advance(committer_->step()); }

bool Volume::publish(int most) {
  const Sequence wanted = tree_->journal();
  committer_->request_flush();
  for (int i = 0; i < most; ++i) {
    if (committer_->status().published >= wanted) return true;
    step();
  }
  return committer_->status().published >= wanted;
}

void Volume::must_publish() {
  ASSERT_TRUE(publish()) << committer_->status().doing << ": " << committer_->status().last_error;
  ASSERT_FALSE(tree_->has_spool_bytes());
  ASSERT_THAT(must(index_->check()), testing::IsEmpty());
}

Result<Bytes> Volume::read(const std::string& path) { return read(path, {0, tree_->row(path).size}); }

Result<Bytes> Volume::read(const std::string& path, ByteRange range) {
  Bytes out(range.length, 0xEE);
  WFS_TRY(content_->read(tree_->extents(path), range.offset, out, system_clock().in(Millis(20'000))));
  return out;
}

}  // namespace walrusfs::test
