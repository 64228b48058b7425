// Many threads at once, with the journal, cuts, packs and small caches under them. The thread sanitizer's
// feast; what can be known about the outcome is checked.
#include <atomic>
#include <thread>

#include "base/rng.h"
#include "tests/vfs/test_volume.h"

namespace walrusfs {
namespace {

class Threads : public testing::Test {
 protected:
  static TestVolume::Options options() {
    TestVolume::Options out;
    out.vfs.max_clean_inodes = 1;
    out.vfs.max_dirty_inodes = 200;
    return out;
  }
  void start(std::function<void()> body) { threads_.emplace_back(std::move(body)); }
  void join() {
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }
  // Journals, cuts, packs and adopts until stopped.
  void start_background() {
    start([this] {
      while (!stop_) {
        must(volume.fs().journal_now());
        std::this_thread::yield();
      }
    });
    start([this] {
      while (!stop_) {
        const auto packed = volume.build_pack();
        volume.adopt(packed);
      }
    });
  }
  std::atomic<bool> stop_ = false;
  std::vector<std::thread> threads_;
  TestVolume volume{options()};
};

TEST_F(Threads, OwnFilesKeepTheirBytes) {
  constexpr int kThreads = 3;
  constexpr int kRounds = 60;
  start_background();
  std::vector<std::thread> workers;
  for (int worker = 0; worker < kThreads; ++worker) {
    workers.emplace_back([this, worker] {
      SeededRng rng(static_cast<uint64_t>(worker) + 1);
      const std::string folder = "w" + std::to_string(worker);
      volume.make_folder(folder);
      std::map<std::string, std::string> model;
      for (int round = 0; round < kRounds; ++round) {
        const std::string path = folder + "/" + std::to_string(rng.below(8));
        std::string& content = model[path];
        if (!volume.stat(path).ok()) {
          content.clear();
          volume.make_file(path);
        }
        const uint64_t offset = rng.below(5000);
        const std::string bytes(1 + rng.below(3000), static_cast<char>('a' + rng.below(26)));
        volume.write(path, offset, bytes);
        content.resize(std::max<size_t>(content.size(), offset + bytes.size()));
        content.replace(offset, bytes.size(), bytes);
        if (rng.below(4) == 0) {
          AttrChange change;
          change.size = rng.below(4000);
          must(volume.fs().setattr(volume.find(path), change));
          content.resize(*change.size);
        }
        if (rng.below(5) == 0) must(volume.fs().fsync(volume.find(path)));
        EXPECT_TRUE(volume.read(path) == content) << path;
        if (rng.below(10) == 0) {
          must(volume.unlink(path));
          model.erase(path);
        }
      }
      for (const auto& [path, content] : model) EXPECT_TRUE(volume.read(path) == content) << path;
      EXPECT_EQ(volume.names(folder, 3).size(), model.size());
    });
  }
  for (std::thread& worker : workers) worker.join();
  stop_ = true;
  join();
  volume.journal_and_reopen();
  volume.expect_sound();
}

TEST_F(Threads, OneFolderAndOneFileForAll) {
  constexpr int kThreads = 4;
  constexpr int kRounds = 150;
  const InodeId shared = volume.make_file("shared", std::string(8192, '0'));
  start_background();
  std::vector<std::thread> workers;
  std::atomic<int> made = 0;
  std::atomic<int> removed = 0;
  for (int worker = 0; worker < kThreads; ++worker) {
    workers.emplace_back([&, worker] {
      SeededRng rng(static_cast<uint64_t>(worker) + 100);
      Vfs& fs = volume.fs();
      for (int round = 0; round < kRounds; ++round) {
        const std::string name = "n" + std::to_string(rng.below(10));
        const std::string other = "n" + std::to_string(rng.below(10));
        switch (rng.below(6)) {
          case 0: made += fs.mknod(kRootInode, name, 0644, 0, {}).ok(); break;
          case 1: removed += fs.unlink(kRootInode, name).ok(); break;
          case 2: (void)fs.rename(kRootInode, name, kRootInode, other, RenameMode::kExchange).ok(); break;
          case 3: (void)fs.list(kRootInode, 0, 5, true).ok(); break;
          case 4: {
            const std::string block(512, static_cast<char>('0' + worker));
            must(fs.write(shared, 512 * rng.below(16), as_bytes(block)));
            break;
          }
          default: {
            Bytes buffer(512);
            must(fs.read(shared, 512 * rng.below(16), buffer));
          }
        }
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  stop_ = true;
  join();
  EXPECT_EQ(volume.names("").size(), static_cast<size_t>(1 + made - removed));
  EXPECT_EQ(volume.read(shared).size(), 8192u);
  volume.journal_and_reopen();
  EXPECT_EQ(volume.names("").size(), static_cast<size_t>(1 + made - removed));
  volume.expect_sound();
}

}  // namespace
}  // namespace walrusfs
