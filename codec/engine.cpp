#include "codec/engine.h"

#include <cstdlib>

#include "codec/engine_table.h"

namespace walrusfs {
namespace {

constexpr const char* kOverrideVariable = "WALRUSFS_CODEC";

// The one place in the codec that reads the environment: the choice of loops changes speed, never bytes.
const CodecEngine& choose() {
  const auto usable = usable_codec_engines();
  const char* wanted = std::getenv(kOverrideVariable);
  if (wanted != nullptr) {
    for (const CodecEngine* engine : usable) {
      if (std::string_view(wanted) == engine->name) return *engine;
    }
  }
  return *usable.back();
}

}  // namespace

std::vector<const CodecEngine*> usable_codec_engines() {
  std::vector<const CodecEngine*> usable{&codec::kScalarEngine};
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2")) usable.push_back(&codec::kAvx2Engine);
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("gfni")) {
    usable.push_back(&codec::kAvx512Engine);
  }
#endif
  return usable;
}

const CodecEngine& default_codec_engine() {
  static const CodecEngine& chosen = choose();
  return chosen;
}

std::string_view codec_engine_name(const CodecEngine& engine) { return engine.name; }

}  // namespace walrusfs
