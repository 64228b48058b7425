#include "codec/engine.h"

#include <atomic>
#include <string>

#include "codec/engine_table.h"

namespace walrusfs {
std::vector<const CodecEngine*> usable_codec_engines() {
  std::vector<const CodecEngine*> usable{&codec::kScalarEngine};
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool gfni = __builtin_cpu_supports("gfni");
  if (__builtin_cpu_supports("ssse3")) usable.push_back(&codec::kSsse3Engine);
  if (__builtin_cpu_supports("avx2")) usable.push_back(&codec::kAvx2Engine);
  if (__builtin_cpu_supports("avx2") && gfni) usable.push_back(&codec::kAvx2GfniEngine);
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512vbmi2") && gfni) {
    usable.push_back(&codec::kAvx512Engine);
  }
#elif defined(__aarch64__)
  usable.push_back(&codec::kNeonEngine);
#endif
  return usable;
}

namespace {

std::atomic<const CodecEngine*>& default_engine() {
  static std::atomic<const CodecEngine*> engine = usable_codec_engines().back();
  return engine;
}

}  // namespace

const CodecEngine& default_codec_engine() { return *default_engine().load(std::memory_order_relaxed); }

Status set_default_codec_engine(std::string_view name) {
  std::string known;
  for (const CodecEngine* engine : usable_codec_engines()) {
    if (name == engine->name) {
      default_engine().store(engine, std::memory_order_relaxed);
      return {};
    }
    known += known.empty() ? engine->name : std::string(", ") + engine->name;
  }
  return Error(Code::kInvalidArgument, "no codec engine '" + std::string(name) + "' on this CPU; there are: " + known);
}

std::string_view codec_engine_name(const CodecEngine& engine) { return engine.name; }

}  // namespace walrusfs
