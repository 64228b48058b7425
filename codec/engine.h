// The choice of instruction set for the codec's inner loops. All engines give the same bytes; they
// differ in speed only.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"

namespace walrusfs {

// Opaque here; codec/engine_table.h has the loops themselves.
struct CodecEngine;

// The fastest engine that this CPU can run, unless another one was set.
const CodecEngine& default_codec_engine();

// For tests and benchmarks, before any work: "scalar", "ssse3", "avx2", "avx2_gfni", "avx512" (with GFNI) or
// "neon". kInvalidArgument names those that this CPU can run. The program takes the name from the environment variable
// WALRUSFS_CODEC.
Status set_default_codec_engine(std::string_view name);

// Every engine that this CPU can run, the reference ("scalar") first.
std::vector<const CodecEngine*> usable_codec_engines();

std::string_view codec_engine_name(const CodecEngine& engine);

}  // namespace walrusfs
