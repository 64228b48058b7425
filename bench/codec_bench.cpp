// What the codec costs per byte of blob, for every engine that this CPU runs:
//
//   codec_bench --benchmark_filter='blob_id/avx512.*'
//
// Committees of 301 shards (the local network's default) and 1000 (mainnet); one thread.
#include <benchmark/benchmark.h>

#include <string>

#include "base/rng.h"
#include "codec/decoder.h"

namespace walrusfs {
namespace {

constexpr int64_t kMiB = 1 << 20;
constexpr size_t kPairsPerBatch = 32;

Bytes make_blob(size_t bytes) {
  Bytes blob(bytes);
  SeededRng(1).fill(blob);
  return blob;
}

CodeShape shape_of(const benchmark::State& state) {
  return CodeShape::create(static_cast<uint32_t>(state.range(0))).value();
}

void report(benchmark::State& state) { state.SetBytesProcessed(state.iterations() * state.range(1)); }

void blob_id(benchmark::State& state, const CodecEngine* engine) {
  const Bytes blob = make_blob(static_cast<size_t>(state.range(1)));
  EncodeOptions options;
  options.engine = engine;
  for (auto _ : state) benchmark::DoNotOptimize(compute_metadata(shape_of(state), blob, options)->blob_id());
  report(state);
}

// All slivers, in batches as an upload makes them; no hashing.
void all_slivers(benchmark::State& state, const CodecEngine* engine) {
  const CodeShape shape = shape_of(state);
  const Bytes blob = make_blob(static_cast<size_t>(state.range(1)));
  const SliverEncoder encoder = SliverEncoder::create(shape, blob).value();
  EncodeOptions options;
  options.engine = engine;
  for (auto _ : state) {
    for (size_t first = 0; first < shape.n(); first += kPairsPerBatch) {
      std::vector<PairIndex> batch;
      for (size_t p = first; p < std::min<size_t>(first + kPairsPerBatch, shape.n()); ++p) {
        batch.push_back(PairIndex{static_cast<uint16_t>(p)});
      }
      benchmark::DoNotOptimize(encoder.pairs(batch, options));
    }
  }
  report(state);
}

// From every third systematic primary sliver and as many others as it takes; checks as in a read.
void decode(benchmark::State& state, const CodecEngine* engine, ConsistencyCheck check) {
  const CodeShape shape = shape_of(state);
  const Bytes blob = make_blob(static_cast<size_t>(state.range(1)));
  const BlobMetadata metadata = compute_metadata(shape, blob).value();
  std::vector<SliverIndex> kept;
  for (uint16_t i = 0; i < shape.k1(); i += 3) kept.push_back(SliverIndex{i});
  for (uint16_t i = shape.k1(); kept.size() < shape.k1(); ++i) kept.push_back(SliverIndex{i});
  const auto slivers = SliverEncoder::create(shape, blob)->slivers(Axis::kPrimary, kept).value();
  DecodeOptions options;
  options.engine = engine;
  options.check = check;
  for (auto _ : state) benchmark::DoNotOptimize(decode_blob(metadata, Axis::kPrimary, slivers, options).ok());
  report(state);
}

// What a reader pays for each primary sliver that it fetches.
void verify_primary(benchmark::State& state, const CodecEngine* engine) {
  const CodeShape shape = shape_of(state);
  const Bytes blob = make_blob(static_cast<size_t>(state.range(1)));
  const BlobMetadata metadata = compute_metadata(shape, blob).value();
  const SliverIndex first[] = {SliverIndex{0}};
  const auto slivers = SliverEncoder::create(shape, blob)->slivers(Axis::kPrimary, first).value();
  for (auto _ : state) benchmark::DoNotOptimize(verify_sliver(slivers[0], metadata, *engine).ok());
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(slivers[0].data.size()));
}

void sizes(benchmark::internal::Benchmark* one) {
  for (int64_t n : {301, 1000}) {
    for (int64_t bytes : {kMiB, 32 * kMiB, 256 * kMiB}) one->Args({n, bytes});
  }
  one->Unit(benchmark::kMillisecond);
}
void medium_sizes(benchmark::internal::Benchmark* one) {
  for (int64_t n : {301, 1000}) one->Args({n, 32 * kMiB});
  one->Unit(benchmark::kMillisecond);
}

const bool kRegistered = [] {
  for (const CodecEngine* engine : usable_codec_engines()) {
    const std::string suffix = "/" + std::string(codec_engine_name(*engine));
    sizes(benchmark::RegisterBenchmark(("blob_id" + suffix).c_str(), blob_id, engine));
    medium_sizes(benchmark::RegisterBenchmark(("all_slivers" + suffix).c_str(), all_slivers, engine));
    medium_sizes(benchmark::RegisterBenchmark(("decode" + suffix).c_str(), decode, engine, ConsistencyCheck::kSkip));
    medium_sizes(
        benchmark::RegisterBenchmark(("decode_check" + suffix).c_str(), decode, engine, ConsistencyCheck::kDefault));
    medium_sizes(benchmark::RegisterBenchmark(("verify_primary" + suffix).c_str(), verify_primary, engine));
  }
  return true;
}();

}  // namespace
}  // namespace walrusfs
