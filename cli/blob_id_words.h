// Blob IDs as words of a command line. One in 64 begins with '-', which the library that parses the line takes for an
// option, wherever it stands; people copy IDs and must not have to know. Such words are marked before the line is
// parsed, and the mark is taken off wherever the library hands words back.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace walrusfs::cli {

// The words of the line, those marked that begin with '-' and read as a blob ID. No option is as long as one.
std::vector<std::string> mark_blob_ids(int argc, char** argv);

// From now on the options of `app` and of its commands get their words without marks. Call once, when all are added.
void unmark_values(CLI::App& app);

// A message of the library's, in which marked words may stand.
std::string without_marks(std::string text);

}  // namespace walrusfs::cli
