// How fast the index takes batches and answers look-ups. Run with --benchmark_min_time=2 on a quiet machine;
// set TMPDIR to the disk that is meant.
#include <benchmark/benchmark.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "base/rng.h"
#include "meta/index.h"

namespace walrusfs {
namespace {

constexpr uint64_t kFilesPerFolder = 1000;
constexpr uint64_t kTreeFiles = 200'000;

template <typename T>
T must(Result<T> result) {
  if (!result.ok()) {
    std::fprintf(stderr, "%s\n", result.error().to_string().c_str());
    std::exit(1);
  }
  return std::move(result).value();
}

// An index that is removed at the end of the program.
class Volume {
 public:
  Volume() {
    std::string pattern = (std::filesystem::temp_directory_path() / "walrusfs-bench-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    index_ = must(Index::open({.path = folder_ + "/index", .create = true}));
    Batch root;
    root.inodes = {folder_row(1)};
    must(index_->commit(root));
  }
  ~Volume() {
    index_.reset();
    std::filesystem::remove_all(folder_);
  }
  Index& index() { return *index_; }

  // New files, each with an inode, a name and an extent, in folders of kFilesPerFolder.
  Batch new_files(uint64_t count) {
    Batch batch;
    for (uint64_t i = 0; i < count; ++i) {
      if (files_++ % kFilesPerFolder == 0) add_folder(batch);
      const uint64_t id = next_++;
      InodeChange change;
      change.row = {.id = InodeId{id},
                    .mode = S_IFREG | 0644,
                    .nlink = 1,
                    .size = 4096,
                    .atime = {1'700'000'000'000'000'000},
                    .mtime = {1'700'000'000'000'000'000},
                    .ctime = {1'700'000'000'000'000'000},
                    .btime = {1'700'000'000'000'000'000},
                    .symlink_target = {}};
      change.extents = {{0, 4096, Extent::Source::kSpool, id, 0}};
      batch.inodes.push_back(std::move(change));
      batch.entries.push_back(
          {InodeId{folder_id_}, "file-" + std::to_string(id) + ".txt", EntryTarget{InodeId{id}, id}});
    }
    batch.next_inode = batch.next_cookie = batch.next_staging = next_;
    return batch;
  }

 private:
  static InodeChange folder_row(uint64_t id) {
    InodeChange change;
    change.row.id = InodeId{id};
    change.row.mode = S_IFDIR | 0755;
    change.row.nlink = 2;
    return change;
  }
  void add_folder(Batch& batch) {
    folder_id_ = next_++;
    batch.inodes.push_back(folder_row(folder_id_));
    batch.entries.push_back(
        {kRootInode, "folder-" + std::to_string(folder_id_), EntryTarget{InodeId{folder_id_}, folder_id_}});
  }

  std::string folder_;
  std::unique_ptr<Index> index_;
  uint64_t next_ = 10;
  uint64_t files_ = 0;
  uint64_t folder_id_ = 0;
};

// Rows: an inode, a name and an extent per file.
void commit_new_files(benchmark::State& state) {
  Volume volume;
  const auto count = static_cast<uint64_t>(state.range(0));
  for (auto _ : state) {
    state.PauseTiming();
    const Batch batch = volume.new_files(count);
    state.ResumeTiming();
    must(volume.index().commit(batch));
  }
  state.counters["rows/s"] = benchmark::Counter(
      static_cast<double>(3 * count) * static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}
BENCHMARK(commit_new_files)->Arg(1)->Arg(1000)->Arg(50'000)->UseRealTime()->Unit(benchmark::kMillisecond);

Volume& tree() {
  static Volume volume;
  static const bool filled = [] {
    for (uint64_t done = 0; done < kTreeFiles; done += 20'000) must(volume.index().commit(volume.new_files(20'000)));
    return true;
  }();
  benchmark::DoNotOptimize(filled);
  return volume;
}

uint64_t random_file(SeededRng& rng) { return 12 + rng.below(kTreeFiles); }

void read_inode(benchmark::State& state) {
  Index& index = tree().index();
  SeededRng rng(static_cast<uint64_t>(state.thread_index()) + 1);
  for (auto _ : state) benchmark::DoNotOptimize(must(index.inode(InodeId{random_file(rng)})));
}
BENCHMARK(read_inode)->ThreadRange(1, 4)->UseRealTime()->Unit(benchmark::kMicrosecond);

void lookup_name(benchmark::State& state) {
  Index& index = tree().index();
  SeededRng rng(static_cast<uint64_t>(state.thread_index()) + 1);
  for (auto _ : state) {
    const uint64_t id = random_file(rng);
    const uint64_t parent = 10 + (id - 10) / (kFilesPerFolder + 1) * (kFilesPerFolder + 1);
    benchmark::DoNotOptimize(must(index.lookup(InodeId{parent}, "file-" + std::to_string(id) + ".txt")));
  }
}
BENCHMARK(lookup_name)->ThreadRange(1, 4)->UseRealTime()->Unit(benchmark::kMicrosecond);

void read_extents(benchmark::State& state) {
  Index& index = tree().index();
  SeededRng rng(7);
  for (auto _ : state) benchmark::DoNotOptimize(must(index.extents(InodeId{random_file(rng)})));
}
BENCHMARK(read_extents)->UseRealTime()->Unit(benchmark::kMicrosecond);

void list_a_thousand(benchmark::State& state) {
  Index& index = tree().index();
  for (auto _ : state) benchmark::DoNotOptimize(must(index.list(InodeId{10}, 0, kFilesPerFolder)));
}
BENCHMARK(list_a_thousand)->UseRealTime()->Unit(benchmark::kMicrosecond);

void totals(benchmark::State& state) {
  Index& index = tree().index();
  for (auto _ : state) benchmark::DoNotOptimize(must(index.totals()));
}
BENCHMARK(totals)->UseRealTime()->Unit(benchmark::kMicrosecond);

void staging_in_use(benchmark::State& state) {
  Index& index = tree().index();
  for (auto _ : state) benchmark::DoNotOptimize(must(index.staging_in_use()));
}
BENCHMARK(staging_in_use)->UseRealTime()->Unit(benchmark::kMillisecond);

// One pack of many small files: extents swapped in one transaction.
void certify_pack(benchmark::State& state) {
  Volume volume;
  const auto count = static_cast<uint64_t>(state.range(0));
  for (auto _ : state) {
    state.PauseTiming();
    const Batch batch = volume.new_files(count);
    must(volume.index().commit(batch));
    PackRow pack;
    pack.id = must(volume.index().next_pack_id());
    std::vector<PackedRange> packed;
    for (const InodeChange& change : batch.inodes)
      if (change.extents) packed.push_back({StagingId{raw(change.row.id)}, 0, 4096, packed.size() * 4608});
    if (!volume.index().add_built_pack(pack, {}, packed).ok()) std::exit(1);
    state.ResumeTiming();
    if (!volume.index().certify_pack(pack).ok()) std::exit(1);
  }
}
BENCHMARK(certify_pack)->Arg(20'000)->Iterations(3)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace walrusfs

BENCHMARK_MAIN();
