#include "cli/blob_id_words.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <string_view>

#include "base/ids.h"

namespace walrusfs::cli {
namespace {

// Nothing that a person types or a shell completes.
constexpr char kMark = '\x01';

bool is_option_like_id(std::string_view word) { return word.starts_with('-') && BlobId::parse(word).ok(); }

// Only what was marked here: names of files may hold any byte.
std::string without_mark(std::string word) {
  if (word.starts_with(kMark) && is_option_like_id(std::string_view(word).substr(1))) word.erase(word.begin());
  return word;
}

}  // namespace

std::vector<std::string> mark_blob_ids(int argc, char** argv) {
  std::vector<std::string> words(argv, argv + argc);
  for (std::string& word : words) {
    if (is_option_like_id(word)) word.insert(word.begin(), kMark);
  }
  return words;
}

void unmark_values(CLI::App& app) {
  for (CLI::Option* option : app.get_options()) {
    const bool has_value = option->get_expected_max() > 0;
    if (has_value) option->transform(without_mark);
  }
  for (CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) unmark_values(*command);
}

std::string without_marks(std::string text) {
  std::erase(text, kMark);
  return text;
}

}  // namespace walrusfs::cli
