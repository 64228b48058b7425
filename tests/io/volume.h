// A mounted volume without kernel: index, spool, caches, readers, tree and committer over one folder and
// one BlobStore. Making another Volume over the same folder is the next mount.
#pragma once

#include <memory>
#include <string>

#include "base/testing/manual_clock.h"
#include "base/testing/temp_folder.h"
#include "client/memory_store.h"
#include "fs/io/committer.h"
#include "fs/io/content_reader.h"
#include "fs/io/recovery.h"
#include "tests/io/small_tree.h"
#include "tests/must.h"

namespace walrusfs::test {

struct VolumeOptions {
  CommitterOptions committer = small_packs();
  bool encrypted = true;
  BackgroundRunner run_later = {};
  Files* files = &system_files();

  static CommitterOptions small_packs();
};

class Volume {
 public:
  Volume(const std::string& folder, BlobStore& store, const VolumeOptions& options = {});
  ~Volume();

  Index& index() { return *index_; }
  HeldSpool& spool() { return *held_; }
  SmallTree& tree() { return *tree_; }
  Committer& committer() { return *committer_; }
  ContentReader& content() { return *content_; }
  FrameReader& frames() { return *frames_; }
  FrameCache& cache() { return *cache_; }
  ManualClock& clock() { return clock_; }
  const RecoveryReport& recovered() const { return recovered_; }

  // One step; the time that it wants to wait passes.
  void step();
  // Steps until everything is published; false when it takes more than `most` steps.
  bool publish(int most = 400);
  // Journals, publishes and expects that it works.
  void must_publish();

  Result<Bytes> read(const std::string& path);
  Result<Bytes> read(const std::string& path, ByteRange range);
  std::string text(const std::string& path) { return std::string(as_text(must(read(path)))); }
  // Every frame that was cached is forgotten.
  void drop_cache();

 private:
  void open_readers();

  const std::string folder_;
  BlobStore& store_;
  const VolumeOptions options_;
  ManualClock clock_;
  SeededRng rng_{42};
  std::unique_ptr<Index> index_;
  std::unique_ptr<Spool> spool_;
  std::unique_ptr<HeldSpool> held_;
  RecoveryReport recovered_;
  std::unique_ptr<FrameCache> cache_;
  std::unique_ptr<FrameReader> frames_;
  std::unique_ptr<ContentReader> content_;
  std::unique_ptr<SmallTree> tree_;
  std::unique_ptr<Committer> committer_;
};

constexpr uint32_t kTestShards = 40;

pack::AgeIdentity test_identity();
// True Walrus blob IDs for kTestShards.
Result<BlobId> walrus_blob_id(ByteView content);
MemoryStoreOptions walrus_like(uint64_t max_blob_bytes = uint64_t{8} << 20);
// Bytes that do not compress, the same for the same seed.
Bytes noise(uint64_t bytes, uint64_t seed);

}  // namespace walrusfs::test
