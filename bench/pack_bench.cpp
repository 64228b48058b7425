// How fast packs are built and frames are opened, on one core. Bytes per second are of content.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "base/rng.h"
#include "codec/pack/frame_codec.h"
#include "codec/pack/pack_writer.h"

namespace walrusfs::pack {
namespace {

constexpr size_t kBigBytes = 32 << 20;
constexpr int kSmallFiles = 5000;
constexpr size_t kSmallBytes = 4096;

template <typename T>
T must(Result<T> result) {
  if (!result.ok()) {
    std::fprintf(stderr, "%s\n", result.error().to_string().c_str());
    std::exit(1);
  }
  return std::move(result).value();
}
void must(Status status) {
  if (!status.ok()) std::exit(1);
}

Bytes random_content(size_t count) {
  Bytes bytes(count);
  SeededRng(1).fill(bytes);
  return bytes;
}

// Words in random order, which zstd brings to about a third.
Bytes text_content(size_t count) {
  constexpr const char* kWords[] = {"walrus ", "carpenter ", "oyster ", "bread ", "sand ", "sealing-wax ", "king\n"};
  SeededRng rng(2);
  std::string text;
  while (text.size() < count) text += kWords[rng.below(std::size(kWords))] + std::to_string(rng.below(1000));
  text.resize(count);
  return to_bytes(as_bytes(text));
}

PackOptions options_for(bool encrypted) {
  PackOptions options;
  SeededRng rng(3);
  if (encrypted) options.recipient = AgeIdentity::generate(rng).recipient();
  return options;
}

struct Pack {
  Bytes blob;
  PackSummary summary;
};

Pack pack_of(const Bytes& content, size_t file_bytes, bool encrypted) {
  MemorySink sink;
  SeededRng rng(4);
  auto writer = must(PackWriter::create(sink, options_for(encrypted), rng));
  for (size_t at = 0; at < content.size(); at += file_bytes) {
    Member member;
    member.path = "folder/file " + std::to_string(at);
    member.mode = 0644;
    member.mtime = Timestamp{1'700'000'000'123'456'789};
    member.atime = member.ctime = member.mtime;
    member.size = std::min(file_bytes, content.size() - at);
    (void)must(writer->begin_member(member));
    must(writer->write(ByteView(content).subspan(at, member.size)));
    must(writer->end_member());
  }
  Pack pack;
  pack.summary = must(writer->finish("", {}));
  pack.blob = sink.take();
  return pack;
}

void run_writes(benchmark::State& state, const Bytes& content, size_t file_bytes) {
  for (auto step : state) {
    Pack pack = pack_of(content, file_bytes, state.range(0) != 0);
    state.counters["blob_ratio"] = static_cast<double>(pack.blob.size()) / static_cast<double>(content.size());
  }
  state.SetBytesProcessed(static_cast<int64_t>(content.size() * state.iterations()));
}

void write_random(benchmark::State& state) { run_writes(state, random_content(kBigBytes), kBigBytes); }
void write_text(benchmark::State& state) { run_writes(state, text_content(kBigBytes), kBigBytes); }
void write_small_files(benchmark::State& state) {
  run_writes(state, text_content(kSmallFiles * kSmallBytes), kSmallBytes);
}

void decode(benchmark::State& state, const Bytes& content) {
  const Pack pack = pack_of(content, kBigBytes, state.range(0) != 0);
  SeededRng rng(3);
  const AgeIdentity identity = AgeIdentity::generate(rng);
  const FrameCodec codec = must(FrameCodec::open_any(pack.summary.age_head, pack.summary.z_bytes, &identity));
  for (auto step : state) {
    for (const FrameInfo& frame : pack.summary.frames) {
      ByteRange range = must(codec.blob_range(frame));
      benchmark::DoNotOptimize(must(codec.decode(frame, ByteView(pack.blob).subspan(range.offset, range.length))));
    }
  }
  state.SetBytesProcessed(static_cast<int64_t>(content.size() * state.iterations()));
}

void decode_random(benchmark::State& state) { decode(state, random_content(kBigBytes)); }
void decode_text(benchmark::State& state) { decode(state, text_content(kBigBytes)); }

BENCHMARK(write_random)->ArgName("encrypted")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);
BENCHMARK(write_text)->ArgName("encrypted")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);
BENCHMARK(write_small_files)->ArgName("encrypted")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);
BENCHMARK(decode_random)->ArgName("encrypted")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);
BENCHMARK(decode_text)->ArgName("encrypted")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace walrusfs::pack
