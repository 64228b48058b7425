// Errors of the command line in our own words: one line, and where to read on.
#pragma once

#include "base/result.h"

namespace CLI {
class App;
class ParseError;
}  // namespace CLI

namespace walrusfs::cli {

// What is wrong, and which --help says how it is right. `app` is the whole program, after it failed to parse.
Error usage_error(const CLI::App& app, const CLI::ParseError& failure);

// Whether --json stands anywhere before a "--": for errors that come before flags are understood.
bool asks_for_json(int argc, char** argv);

}  // namespace walrusfs::cli
