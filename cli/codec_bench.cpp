#include "cli/codec_bench.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>

#include "base/limits.h"
#include "base/rng.h"
#include "codec/decoder.h"

namespace walrusfs::cli {
namespace {

using Work = std::function<void()>;

constexpr uint64_t kBatchBytes = 128 * limits::kMiB;  // as `codec encode` has by default

// A blob with what follows from it; shared by the work that is measured.
struct Material {
  CodeShape shape;
  Bytes blob;
  BlobMetadata metadata;
};

Result<std::shared_ptr<Material>> make_material(const CodeShape& shape, uint64_t blob_bytes) {
  WFS_TRY(shape.symbol_bytes(blob_bytes));
  Bytes blob(blob_bytes);
  SeededRng(1).fill(blob);
  EncodeOptions options;  // the fastest engine: this is not measured
  WFS_ASSIGN(BlobMetadata metadata, compute_metadata(shape, blob, options));
  return std::make_shared<Material>(Material{shape, std::move(blob), std::move(metadata)});
}

EncodeOptions encode_options(const BenchCase& one) {
  EncodeOptions options{.threads = one.threads};
  options.engine = one.engine;
  return options;
}

void hash_blob(const Material& material, const BenchCase& one) {
  WFS_CHECK(compute_metadata(material.shape, material.blob, encode_options(one))->blob_id() ==
            material.metadata.blob_id());
}

// Slivers [first, n) of one axis, in batches.
template <typename Take>
void make_slivers(const Material& material, Axis axis, uint32_t first, const EncodeOptions& options, Take take) {
  const auto encoder = SliverEncoder::create(material.shape, material.blob);
  const uint64_t batch = std::max<uint64_t>(kBatchBytes / material.metadata.sliver_bytes(axis), 1);
  while (first < material.shape.n()) {
    std::vector<SliverIndex> wanted;
    for (; wanted.size() < batch && first < material.shape.n(); ++first) {
      wanted.push_back(SliverIndex{static_cast<uint16_t>(first)});
    }
    const auto slivers = encoder->slivers(axis, wanted, options);
    for (const Sliver& sliver : *slivers) take(sliver);
  }
}

// Every third systematic primary sliver, and as many others as decoding takes.
std::vector<SliverIndex> third_kept(const CodeShape& shape) {
  std::vector<SliverIndex> kept;
  for (uint16_t i = 0; i < shape.k1(); i = static_cast<uint16_t>(i + 3)) kept.push_back(SliverIndex{i});
  for (uint16_t i = shape.k1(); kept.size() < shape.k1(); ++i) kept.push_back(SliverIndex{i});
  return kept;
}

Result<Work> prepare_decode(std::shared_ptr<Material> material, const BenchCase& one) {
  WFS_ASSIGN(const SliverEncoder encoder, SliverEncoder::create(material->shape, material->blob));
  WFS_ASSIGN(auto slivers, encoder.slivers(Axis::kPrimary, third_kept(material->shape)));
  DecodeOptions options{.threads = one.threads};
  options.engine = one.engine;
  // Into a buffer that is used again, as one for many reads is.
  auto out = std::make_shared<Bytes>(material->blob.size());
  return Work([material, slivers = std::move(slivers), out, options] {
    const std::vector<SliverView> views(slivers.begin(), slivers.end());
    WFS_CHECK(decode_blob_into(material->metadata, Axis::kPrimary, views, *out, options).ok());
  });
}

Result<Work> prepare_verify(std::shared_ptr<Material> material, const BenchCase& one) {
  WFS_ASSIGN(const SliverEncoder encoder, SliverEncoder::create(material->shape, material->blob));
  const SliverIndex first[] = {SliverIndex{0}};
  WFS_ASSIGN(auto slivers, encoder.slivers(Axis::kPrimary, first));
  return Work([material, slivers = std::move(slivers), engine = one.engine] {
    WFS_CHECK(verify_sliver(slivers.front(), material->metadata, *engine).ok());
  });
}

// The first primary sliver, from a symbol of each of the last secondary ones, half of which are systematic.
Work prepare_recover(std::shared_ptr<Material> material, const BenchCase& one) {
  std::vector<DecodingSymbol> symbols;
  make_slivers(*material, Axis::kSecondary, material->shape.f(), EncodeOptions{}, [&](const Sliver& source) {
    symbols.push_back(decoding_symbol_for(material->shape, source, SliverIndex{0}));
  });
  const RecoverOptions options{.engine = one.engine, .threads = one.threads};
  return Work([material, symbols = std::move(symbols), options] {
    const auto sliver = recover_sliver(material->shape, Axis::kPrimary, SliverIndex{0},
                                       material->metadata.symbol_bytes(), symbols, options);
    WFS_CHECK(verify_sliver(*sliver, material->metadata, *options.engine).ok());
  });
}

double cpu_ms() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto ms = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_usec) / 1e3;
  };
  return ms(usage.ru_utime) + ms(usage.ru_stime);
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  return values.size() % 2 != 0 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

}  // namespace

const std::vector<std::string>& bench_operations() {
  static const std::vector<std::string> names = {"blob-id", "encode", "decode", "recover", "verify"};
  return names;
}

Result<std::function<void()>> prepare_bench(const CodeShape& shape, const BenchCase& one) {
  const auto& known = bench_operations();
  if (std::find(known.begin(), known.end(), one.operation) == known.end()) {
    return Error(Code::kInvalidArgument,
                 fmt::format("there is no operation '{}'; there are: {}", one.operation, fmt::join(known, ", ")));
  }
  WFS_ASSIGN(const auto material, make_material(shape, one.blob_bytes));
  if (one.operation == "decode") return prepare_decode(material, one);
  if (one.operation == "verify") return prepare_verify(material, one);
  if (one.operation == "recover") return prepare_recover(material, one);
  if (one.operation == "blob-id") return Work([material, one] { hash_blob(*material, one); });
  return Work([material, one] {
    hash_blob(*material, one);
    for (Axis axis : {Axis::kPrimary, Axis::kSecondary}) {
      make_slivers(*material, axis, 0, encode_options(one), [](const Sliver&) {});
    }
  });
}

BenchFigures measure(const std::function<void()>& work, unsigned runs, Clock& clock) {
  work();
  std::vector<double> wall, cpu;
  for (unsigned run = 0; run < runs; ++run) {
    const double cpu_before = cpu_ms();
    const auto before = clock.monotonic();
    work();
    wall.push_back(std::chrono::duration<double, std::milli>(clock.monotonic() - before).count());
    cpu.push_back(cpu_ms() - cpu_before);
  }
  return {median(wall), *std::min_element(wall.begin(), wall.end()), median(cpu)};
}

}  // namespace walrusfs::cli
