// Golden vectors of the official encoder (tests/vectors), and the deterministic bytes that they use.
#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "codec/decoder.h"

namespace walrusfs::test {

// The parsed file tests/vectors/NAME.json.
nlohmann::json load_vectors(const std::string& name);

// The first `bytes` bytes of SHA-256(seed || LE64(0)) || SHA-256(seed || LE64(1)) || ...
Bytes stream(const std::string& seed, size_t bytes);

std::string sha256_hex(ByteView data);

CodeShape shape_of(uint32_t shards);
std::vector<SliverIndex> sliver_indices(uint16_t begin, uint16_t end);

// For engine-wise test suites: every engine this CPU runs, named by it.
inline auto all_engines() { return ::testing::ValuesIn(usable_codec_engines()); }
inline std::string engine_suffix(const ::testing::TestParamInfo<const CodecEngine*>& info) {
  return std::string(codec_engine_name(*info.param));
}

}  // namespace walrusfs::test
