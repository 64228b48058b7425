// Measures the codec inside this process: what `walrusfs codec bench` runs.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "codec/engine.h"
#include "codec/shape.h"

namespace walrusfs::cli {

// "blob-id", "encode", "decode", "recover", "verify".
const std::vector<std::string>& bench_operations();

struct BenchCase {
  std::string operation;
  const CodecEngine* engine = nullptr;
  uint64_t blob_bytes = 0;
  unsigned threads = 1;
};

// Everything that `one` needs, made ready, so that calling the answer does the operation once and nothing else. The
// blob is noise, which no shortcut for padding or small symbols fits. kInvalidArgument for an unknown operation.
Result<std::function<void()>> prepare_bench(const CodeShape& shape, const BenchCase& one);

struct BenchFigures {
  double median_ms = 0;
  double fastest_ms = 0;
  double cpu_median_ms = 0;  // of all threads together, user and system
};

// One call that does not count (it touches memory and fills tables), then `runs` that do.
BenchFigures measure(const std::function<void()>& work, unsigned runs, Clock& clock);

}  // namespace walrusfs::cli
