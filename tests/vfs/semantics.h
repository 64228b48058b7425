// Ties a test to the sentence of docs/semantics.md that it checks.
#pragma once

#include <string_view>

namespace walrusfs {

// Fails the test when the document does not contain the sentence (line breaks count as spaces).
void promises(std::string_view sentence);

}  // namespace walrusfs
