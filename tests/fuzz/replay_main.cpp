// Runs a fuzz target without libFuzzer, so that every build keeps it honest for some seconds: first each
// file of the corpus, then inputs made from those by simple changes, the same ones each time.
//
//   NAME_fuzz CORPUS_DIR ROUNDS
//
// A target without a corpus begins with the empty input.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/rng.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace walrusfs {
namespace {

std::vector<Bytes> read_corpus(const char* folder) {
  std::vector<std::filesystem::path> paths;
  std::error_code no_folder;
  for (const auto& item : std::filesystem::directory_iterator(folder, no_folder)) paths.push_back(item.path());
  std::sort(paths.begin(), paths.end());
  std::vector<Bytes> corpus{{}};
  for (const auto& path : paths) {
    std::ifstream file(path, std::ios::binary);
    corpus.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return corpus;
}

class Mutator {
 public:
  explicit Mutator(std::vector<Bytes> corpus) : corpus_(std::move(corpus)) {}

  Bytes next() {
    Bytes input = corpus_[rng_.below(corpus_.size())];
    for (uint64_t changes = 1 + rng_.below(4); changes-- > 0;) change(input);
    return input;
  }

 private:
  void change(Bytes& input) {
    constexpr uint8_t kEdges[] = {0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff};
    const size_t at = input.empty() ? 0 : rng_.below(input.size());
    const auto place = input.begin() + static_cast<ptrdiff_t>(at);
    switch (input.empty() ? 3 : rng_.below(6)) {
      case 0: input[at] ^= static_cast<uint8_t>(1u << rng_.below(8)); break;
      case 1: input[at] = kEdges[rng_.below(std::size(kEdges))]; break;
      case 2: input.resize(at); break;
      case 3: input.insert(place, static_cast<uint8_t>(rng_.below(256))); break;
      case 4:
        input.erase(place, place + static_cast<ptrdiff_t>(1 + rng_.below(std::min<size_t>(8, input.size() - at))));
        break;
      default: cross(input, at); break;
    }
  }
  // Goes on like another input.
  void cross(Bytes& input, size_t at) {
    const Bytes& another = corpus_[rng_.below(corpus_.size())];
    input.resize(at);
    if (at < another.size()) append(input, ByteView(another).subspan(at));
  }

  const std::vector<Bytes> corpus_;
  SeededRng rng_{1};
};

int run(const char* folder, unsigned long rounds) {
  const std::vector<Bytes> corpus = read_corpus(folder);
  for (const Bytes& input : corpus) LLVMFuzzerTestOneInput(input.data(), input.size());
  Mutator mutator(corpus);
  for (unsigned long round = 0; round < rounds; ++round) {
    const Bytes input = mutator.next();
    LLVMFuzzerTestOneInput(input.data(), input.size());
  }
  std::printf("%zu inputs of the corpus and %lu made from them\n", corpus.size(), rounds);
  return 0;
}

}  // namespace
}  // namespace walrusfs

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: %s CORPUS_DIR ROUNDS\n", argv[0]);
    return 2;
  }
  return walrusfs::run(argv[1], std::strtoul(argv[2], nullptr, 10));
}
