// The invariants of an index (docs/index-format.md), each as a question to SQLite.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "meta/sqlite.h"

namespace walrusfs {

// One sentence per violation, at most kSentencesPerRule of a kind; empty when all is well. The caller
// holds a read transaction. An error only when the questions could not be asked.
Result<std::vector<std::string>> check_index(sqlite::Connection& connection);

constexpr size_t kSentencesPerRule = 100;

}  // namespace walrusfs
