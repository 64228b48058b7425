#include "tests/vfs/semantics.h"

#include <gtest/gtest.h>

#include "base/files.h"

namespace walrusfs {
namespace {

std::string with_single_spaces(std::string_view text) {
  std::string out;
  for (char c : text) {
    const bool space = c == ' ' || c == '\n';
    if (!space) out.push_back(c);
    if (space && (out.empty() || out.back() != ' ')) out.push_back(' ');
  }
  return out;
}

}  // namespace

void promises(std::string_view sentence) {
  constexpr uint64_t kMostBytes = 1 << 20;
  static const std::string document = [] {
    auto bytes = read_file(system_files(), std::string(WALRUSFS_SOURCE_DIR) + "/docs/semantics.md", kMostBytes);
    return bytes.ok() ? with_single_spaces(as_text(*bytes)) : std::string();
  }();
  EXPECT_NE(document.find(with_single_spaces(sentence)), std::string::npos)
      << "docs/semantics.md does not say: " << sentence;
}

}  // namespace walrusfs
