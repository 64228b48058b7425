// The choice of instruction set for the codec's inner loops. All engines give the same bytes; they
// differ in speed only.
#pragma once

#include <string_view>
#include <vector>

namespace walrusfs {

// Opaque here; codec/engine_table.h has the loops themselves.
struct CodecEngine;

// The fastest engine that this CPU can run, or the one named by the environment variable
// WALRUSFS_CODEC ("scalar", "avx2", "avx512") when this CPU can run that. Chosen once per process.
const CodecEngine& default_codec_engine();

// Every engine that this CPU can run, the reference ("scalar") first.
std::vector<const CodecEngine*> usable_codec_engines();

std::string_view codec_engine_name(const CodecEngine& engine);

}  // namespace walrusfs
