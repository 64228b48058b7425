// Words whose symbols are a few bytes, as small blobs have them. A strip has room for the elements of
// kLanes such symbols, so that kLanes words are expanded by one transform; a leaf with its prefix is a
// single message word; and leaves of 2-byte symbols come from a table of all there are.
//
// One object per thread; it owns its scratch.
#pragma once

#include <memory>
#include <vector>

#include "codec/lane_hash.h"
#include "codec/reed_solomon.h"

namespace walrusfs::codec {

// The leaf hashes of all symbols of 2 bytes. Constant after construction.
class TwoByteLeaves {
 public:
  explicit TwoByteLeaves(const CodecEngine& engine);
  // out's lane `lane` becomes the leaf hash of the symbol with this little-endian value.
  void look_up(uint16_t symbol, DigestLanes& out, size_t lane) const {
    for (size_t word = 0; word < 4; ++word) out.word[word][lane] = hashes_[symbol].words[word];
  }
  // Making the table costs as much as hashing this many leaves.
  static constexpr size_t kSymbols = 65536;

 private:
  struct alignas(32) Words {
    uint64_t words[4];
  };
  std::vector<Words> hashes_;
};

class NarrowWords {
 public:
  static constexpr size_t kWords = kLanes;
  static constexpr size_t kMaxSymbolBytes = 6;

  // `symbol_bytes` is even and at most kMaxSymbolBytes. `code`, `engine` and `table` must outlive this;
  // `table` may be null.
  NarrowWords(const CodecEngine& engine, const RsCode& code, size_t symbol_bytes, const TwoByteLeaves* table);

  // sources[i * kWords + w]: symbol i of word w, w < kWords.
  void expand(const uint8_t* const* sources);

  // Of the words expanded last. The recovery symbol r of word w:
  void copy_recovery(size_t r, size_t word, uint8_t* to) const;
  // Leaf hashes of word w, without those in the groups `skipped`.
  void hash(size_t word, GroupRange skipped, DigestLanes* leaves);

 private:
  template <size_t kElements>
  static void pack(const uint8_t* const* symbols, Strip& strip);
  template <size_t kElements>
  uint64_t value(size_t symbol, size_t word) const;
  template <size_t kElements>
  void expand_elements(const uint8_t* const* sources);
  template <size_t kElements>
  void hash_elements(size_t word, GroupRange range, DigestLanes* leaves);
  void look_up(size_t word, GroupRange range, DigestLanes* leaves) const;
  void hash_range(size_t word, GroupRange range, DigestLanes* leaves);

  const CodecEngine& engine_;
  const RsCode& code_;
  const size_t elements_;  // of a symbol
  const TwoByteLeaves* const table_;
  Strips symbols_;  // of the codeword, in whole groups
  Strips scratch_;
  std::vector<LaneWord> messages_;  // leaf preimages
};

}  // namespace walrusfs::codec
