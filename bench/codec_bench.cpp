// What the codec costs per byte of blob, for every engine that this CPU runs:
//
//   codec_bench --benchmark_filter='blob_id/avx512/1000.*'
//
// Committees of 301 shards (the local network's default) and 1000 (mainnet). At the end: what two threads
// and each engine gain, as ratios of the wall times of this run.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <map>
#include <string>

#include "base/rng.h"
#include "codec/decoder.h"

namespace walrusfs {
namespace {

constexpr int64_t kMB = 1'000'000;
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

void blob_id(benchmark::State& state, const CodecEngine* engine, unsigned threads) {
  const Bytes blob = make_blob(static_cast<size_t>(state.range(1)));
  WorkerPool pool(threads - 1);
  EncodeOptions options;
  options.engine = engine;
  options.threads = threads;
  options.pool = &pool;
  for (auto _ : state) benchmark::DoNotOptimize(compute_metadata(shape_of(state), blob, options)->blob_id());
  report(state);
}

// All slivers, in batches as an upload makes them; no hashing.
void all_slivers(benchmark::State& state, const CodecEngine* engine, unsigned threads) {
  const CodeShape shape = shape_of(state);
  const Bytes blob = make_blob(static_cast<size_t>(state.range(1)));
  const SliverEncoder encoder = SliverEncoder::create(shape, blob).value();
  WorkerPool pool(threads - 1);
  EncodeOptions options;
  options.engine = engine;
  options.threads = threads;
  options.pool = &pool;
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
void decode(benchmark::State& state, const CodecEngine* engine, unsigned threads, ConsistencyCheck check) {
  const CodeShape shape = shape_of(state);
  const Bytes blob = make_blob(static_cast<size_t>(state.range(1)));
  const BlobMetadata metadata = compute_metadata(shape, blob).value();
  std::vector<SliverIndex> kept;
  for (uint16_t i = 0; i < shape.k1(); i += 3) kept.push_back(SliverIndex{i});
  for (uint16_t i = shape.k1(); kept.size() < shape.k1(); ++i) kept.push_back(SliverIndex{i});
  const auto slivers = SliverEncoder::create(shape, blob)->slivers(Axis::kPrimary, kept).value();
  WorkerPool pool(threads - 1);
  DecodeOptions options;
  options.engine = engine;
  options.threads = threads;
  options.pool = &pool;
  options.check = check;
  const std::vector<SliverView> views(slivers.begin(), slivers.end());
  Bytes out(blob.size());  // used again, as a buffer for many reads is
  for (auto _ : state) {
    benchmark::DoNotOptimize(decode_blob_into(metadata, Axis::kPrimary, views, out, options).ok());
  }
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

// One primary sliver from the symbols that k2 secondary slivers hold for it.
void recover_one(benchmark::State& state, const CodecEngine* engine, unsigned threads) {
  const CodeShape shape = shape_of(state);
  const Bytes blob = make_blob(static_cast<size_t>(state.range(1)));
  const SliverEncoder encoder = SliverEncoder::create(shape, blob).value();
  const SliverIndex target{static_cast<uint16_t>(shape.n() - 1)};
  std::vector<DecodingSymbol> symbols;
  const SliverIndex wanted[] = {target};
  const Sliver whole = encoder.slivers(Axis::kPrimary, wanted).value()[0];
  const Bytes word = expand_sliver(shape, whole);
  const size_t symbol_bytes = encoder.symbol_bytes();
  for (size_t i = shape.n() - shape.k2(); i < shape.n(); ++i) {
    const auto begin = word.begin() + static_cast<ptrdiff_t>(i * symbol_bytes);
    symbols.push_back({Axis::kPrimary, SliverIndex{static_cast<uint16_t>(i)},
                       Bytes(begin, begin + static_cast<ptrdiff_t>(symbol_bytes))});
  }
  WorkerPool pool(threads - 1);
  const RecoverOptions options{.engine = engine, .threads = threads, .pool = &pool};
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        recover_sliver(shape, Axis::kPrimary, target, encoder.symbol_bytes(), symbols, options).ok());
  }
  state.counters["bytes_needed"] = static_cast<double>(symbols.size() * symbol_bytes);
  report(state);
}

void sizes(benchmark::internal::Benchmark* one) {
  for (int64_t n : {301, 1000}) {
    for (int64_t bytes : {kMB, 32 * kMiB, 256 * kMiB}) one->Args({n, bytes});
  }
  one->Unit(benchmark::kMillisecond)->UseRealTime()->MeasureProcessCPUTime();
}
void medium_sizes(benchmark::internal::Benchmark* one) {
  for (int64_t n : {301, 1000}) one->Args({n, 32 * kMiB});
  one->Unit(benchmark::kMillisecond)->UseRealTime()->MeasureProcessCPUTime();
}
void large_sizes(benchmark::internal::Benchmark* one) {
  one->Args({1000, 256 * kMiB})->Unit(benchmark::kMillisecond)->UseRealTime()->MeasureProcessCPUTime();
}

void register_engine(const CodecEngine* engine, unsigned threads) {
  const std::string suffix = "/" + std::string(codec_engine_name(*engine)) + (threads == 1 ? "" : "_two_threads");
  const auto add = [&](const char* name, auto function, auto... more) {
    return benchmark::RegisterBenchmark((name + suffix).c_str(), function, engine, threads, more...);
  };
  sizes(add("blob_id", blob_id));
  medium_sizes(add("all_slivers", all_slivers));
  medium_sizes(add("decode", decode, ConsistencyCheck::kSkip));
  medium_sizes(add("decode_check", decode, ConsistencyCheck::kDefault));
  large_sizes(add("decode", decode, ConsistencyCheck::kSkip));
  large_sizes(add("recover_one", recover_one));
  if (threads > 1) return;
  medium_sizes(benchmark::RegisterBenchmark(("verify_primary" + suffix).c_str(), verify_primary, engine));
}

// Prints as usual, and keeps the times for the ratios at the end.
class RatioReporter : public benchmark::ConsoleReporter {
 public:
  void ReportRuns(const std::vector<Run>& runs) override {
    ConsoleReporter::ReportRuns(runs);
    for (const Run& run : runs) {
      if (run.run_type == Run::RT_Iteration) times_[run.benchmark_name()] = run.GetAdjustedRealTime();
    }
  }
  void Finalize() override {
    ConsoleReporter::Finalize();
    for (const auto& [name, time] : times_) {
      ratio("two threads over one", name, time, "_two_threads", "");
      for (const CodecEngine* engine : usable_codec_engines()) {
        const std::string own = "/" + std::string(codec_engine_name(*engine)) + "/";
        if (own != "/scalar/") ratio("over scalar", name, time, own, "/scalar/");
      }
    }
  }

 private:
  // How much faster this is than the benchmark whose name has `other` in the place of `own`.
  void ratio(const char* what, std::string name, double time, const std::string& own, const std::string& other) const {
    const std::string shown = name;
    const size_t at = name.find(own);
    if (at == std::string::npos) return;
    const auto found = times_.find(name.replace(at, own.size(), other));
    if (found != times_.end()) std::printf("%-70s %s: %.2f\n", shown.c_str(), what, found->second / time);
  }

  std::map<std::string, double> times_;
};

}  // namespace
}  // namespace walrusfs

int main(int argc, char** argv) {
  for (const walrusfs::CodecEngine* engine : walrusfs::usable_codec_engines()) {
    for (unsigned threads : {1u, 2u}) walrusfs::register_engine(engine, threads);
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  walrusfs::RatioReporter reporter;
  benchmark::RunSpecifiedBenchmarks(&reporter);
}
