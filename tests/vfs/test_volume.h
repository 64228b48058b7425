// A volume on a real index and a real spool, with packs in memory, for tests of the Vfs. Errors of calls
// that a test does not expect to fail end it with their message.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>

#include "base/files.h"
#include "base/mutex.h"
#include "base/testing/temp_folder.h"
#include "fs/io/held_spool.h"
#include "fs/vfs/vfs.h"
#include "tests/must.h"
#include "tests/vfs/failing_index.h"

namespace walrusfs {

template <typename T>
Code code_of(const Result<T>& result) {
  return result.ok() ? Code::kInternal : result.error().code();
}

// Packs are byte strings in memory; the spool is the real one.
class TestContent final : public ContentReader {
 public:
  explicit TestContent(Spool& spool) : spool_(spool) {}

  Status read(const std::vector<Extent>& extents, uint64_t offset, MutableByteView out, Deadline) override;
  void prefetch(const std::vector<Extent>& ahead) override;
  void add_pack(PackId id, Bytes t_stream);
  uint64_t prefetched_bytes() const;

 private:
  Spool& spool_;
  mutable Mutex mutex_;
  std::map<uint64_t, Bytes> packs_ GUARDED_BY(mutex_);
  uint64_t prefetched_bytes_ GUARDED_BY(mutex_) = 0;
};

struct TestVolumeOptions {
  Files* files = nullptr;  // of the spool; the system's when null
  Clock* clock = nullptr;
  uint64_t spool_bytes = 1 << 30;
  VfsOptions vfs{};
};

class TestVolume {
 public:
  using Options = TestVolumeOptions;
  explicit TestVolume(const Options& options = {}, const std::string& folder = "");

  Vfs& fs() { return *vfs_; }
  FailingIndex& index() { return *index_; }
  Spool& spool() { return *held_; }
  TestContent& content() { return *content_; }

  // Ends the program without another word, and starts it again.
  void crash_and_reopen();
  void journal_and_reopen();
  // Packs everything that a cut holds in the spool, and adopts the pack.
  void publish();
  // The two halves of it.
  struct Packed {
    PackRow pack;
    std::vector<PackedRange> ranges;
  };
  Packed build_pack();
  void adopt(const Packed& packed) { must(fs().adopt_pack(packed.pack, packed.ranges)); }

  // Paths, as "a/b/c" from the root.
  InodeId find(const std::string& path);
  Result<Attr> stat(const std::string& path);
  std::pair<InodeId, std::string> place(const std::string& path);  // folder and last name
  InodeId make_file(const std::string& path, std::string_view content = "", uint32_t mode = 0644);
  InodeId make_folder(const std::string& path, uint32_t mode = 0755);
  void write(const std::string& path, uint64_t offset, std::string_view bytes);
  std::string read(const std::string& path);
  std::string read(InodeId id);
  Status unlink(const std::string& path);
  Status rmdir(const std::string& path);
  Status rename(const std::string& from, const std::string& to, RenameMode mode = RenameMode::kReplace);
  std::vector<std::string> names(const std::string& path, size_t chunk = 100);
  uint64_t staging_files() { return held_->usage().staging_files; }
  void expect_sound();  // every invariant of the index

 private:
  void open(bool create);

  Options options_;
  TempFolder own_folder_;
  const std::string folder_;
  std::map<uint64_t, Bytes> packs_;  // survive a crash, as the network does
  std::unique_ptr<FailingIndex> index_;
  std::unique_ptr<Spool> spool_;
  std::unique_ptr<HeldSpool> held_;  // as in a mount: what a cut names stays until it is packed
  std::unique_ptr<TestContent> content_;
  std::unique_ptr<Vfs> vfs_;
};

}  // namespace walrusfs
