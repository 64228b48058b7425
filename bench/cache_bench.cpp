// What the spool and the frame cache add to the system calls below them.
//
//   cache_bench          on /tmp; set TMPDIR for another disk

#include <benchmark/benchmark.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/rng.h"
#include "base/testing/temp_folder.h"
#include "cache/frame_cache.h"
#include "cache/spool.h"

namespace walrusfs {
namespace {

constexpr size_t kTinyBytes = 4096;
constexpr size_t kFrameBytes = 1 << 20;

Bytes random_bytes(size_t size) {
  Bytes bytes(size);
  SeededRng(size).fill(bytes);
  return bytes;
}

std::unique_ptr<Spool> open_spool(const std::string& folder) {
  auto spool = Spool::open(system_files(), {.folder = folder, .bound_bytes = uint64_t{64} << 30});
  WFS_CHECK(spool.ok());
  WFS_CHECK((*spool)->reconcile({}, {}).ok());
  return std::move(*spool);
}

// The measure: make a file, write 4 KiB, close it 512 files later, as the spool does.
void tiny_files_raw(benchmark::State& state) {
  TempFolder folder;
  const Bytes data = random_bytes(kTinyBytes);
  std::vector<int> open_files(512, -1);
  size_t count = 0;
  for (auto _ : state) {
    if (count % 256 == 0) WFS_CHECK(mkdir((folder / std::to_string(count / 256)).c_str(), 0700) == 0);
    int& fd = open_files[count % open_files.size()];
    if (fd >= 0) close(fd);
    fd = open(fmt::format("{}/{}/{:x}", folder.path(), count / 256, count).c_str(),
              O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    WFS_CHECK(pwrite(fd, data.data(), data.size(), 0) == static_cast<ssize_t>(data.size()));
    ++count;
  }
  for (int fd : open_files) close(fd);
}
BENCHMARK(tiny_files_raw)->Iterations(20'000);

void tiny_files_spool(benchmark::State& state) {
  TempFolder folder;
  auto spool = open_spool(folder / "spool");
  const Bytes data = random_bytes(kTinyBytes);
  for (auto _ : state) WFS_CHECK(spool->write(spool->next_staging_id(), 0, data).ok());
}
BENCHMARK(tiny_files_spool)->Iterations(20'000);

// Overwriting one block again and again: the spool's own cost beside one pwrite.
void rewrite_raw(benchmark::State& state) {
  TempFolder folder;
  const Bytes data = random_bytes(kTinyBytes);
  const int fd = open((folder / "a").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  for (auto _ : state) WFS_CHECK(pwrite(fd, data.data(), data.size(), 0) == static_cast<ssize_t>(data.size()));
  close(fd);
}
BENCHMARK(rewrite_raw);

void rewrite_spool(benchmark::State& state) {
  static TempFolder folder;
  static auto spool = open_spool(folder / "spool");
  const Bytes data = random_bytes(kTinyBytes);
  const StagingId id{1 + static_cast<uint64_t>(state.thread_index())};
  for (auto _ : state) WFS_CHECK(spool->write(id, 0, data).ok());
}
BENCHMARK(rewrite_spool)->Threads(1)->Threads(2)->UseRealTime();

// An fsync storm: so many new files of 4 KiB in one sync.
void sync_new_files(benchmark::State& state) {
  TempFolder folder;
  auto spool = open_spool(folder / "spool");
  const Bytes data = random_bytes(kTinyBytes);
  std::vector<StagingId> ids(static_cast<size_t>(state.range(0)));
  for (auto _ : state) {
    for (StagingId& id : ids) {
      id = spool->next_staging_id();
      WFS_CHECK(spool->write(id, 0, data).ok());
    }
    WFS_CHECK(spool->sync(ids).ok());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(sync_new_files)->Arg(1)->Arg(4)->Arg(15)->Arg(16)->Arg(64)->Arg(1000)->Iterations(10)->UseRealTime();

FrameKey key_of(uint64_t number) {
  FrameKey key;
  SeededRng(number).fill(key.hash);
  return key;
}

void frame_put(benchmark::State& state) {
  TempFolder folder;
  auto cache = FrameCache::open(system_files(), {.folder = folder.path(), .bound_bytes = 256 << 20, .memory_bytes = 0});
  auto frame = std::make_shared<const Bytes>(random_bytes(kFrameBytes));
  uint64_t number = 0;
  for (auto _ : state) (*cache)->put(key_of(number++), frame);
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(kFrameBytes));
}
BENCHMARK(frame_put)->Iterations(1'000);

void frame_get(benchmark::State& state) {
  TempFolder folder;
  const uint64_t memory_bytes = state.range(0) != 0 ? 256 << 20 : 0;
  auto cache = FrameCache::open(system_files(),
                                {.folder = folder.path(), .bound_bytes = 256 << 20, .memory_bytes = memory_bytes});
  auto frame = std::make_shared<const Bytes>(random_bytes(kFrameBytes));
  for (uint64_t i = 0; i < 64; ++i) (*cache)->put(key_of(i), frame);
  uint64_t number = 0;
  for (auto _ : state) WFS_CHECK((*cache)->get(key_of(number++ % 64)) != nullptr);
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(kFrameBytes));
}
BENCHMARK(frame_get)->ArgName("memory")->Arg(0)->Arg(1);

}  // namespace
}  // namespace walrusfs

BENCHMARK_MAIN();
