// Expands the k source symbols of a sliver to the n of its codeword and hashes each, slice by slice, so
// that symbols of any size need little memory and stay in the CPU's cache between the two.
//
// One object per thread; it owns its scratch.
#pragma once

#include <vector>

#include "codec/lane_hash.h"
#include "codec/reed_solomon.h"

namespace walrusfs::codec {

class WordHasher {
 public:
  // `code` and `engine` must outlive the hasher. `symbol_bytes` is even. Leaves of the symbols in the groups
  // `skipped` are not computed.
  WordHasher(const CodecEngine& engine, const RsCode& code, size_t symbol_bytes, GroupRange skipped = {});

  // A word of which a part has been absorbed.
  class Word {
   public:
    explicit Word(const RsCode& code, GroupRange skipped = {})
        : hasher_(groups_for(code.symbols()), skipped), carry_(code.symbols(), 0) {}

   private:
    friend class WordHasher;
    LeafHasher hasher_;
    // The last byte of each symbol's part so far waits here: leaves are hashed behind a prefix byte, so
    // that hash blocks end one byte before slices do. At first it is that prefix.
    std::vector<uint8_t> carry_;
    size_t absorbed_bytes_ = 0;
  };

  // The next `bytes` bytes of every symbol of the word: a multiple of 128 unless they are the last.
  // sources[i] points to those of source symbol i. Answers true when the word is complete; then `leaves`
  // has received its n leaf hashes.
  bool absorb(Word& word, const uint8_t* const* sources, size_t bytes, DigestLanes* leaves);

  // A whole word at once.
  void hash(const uint8_t* const* sources, DigestLanes* leaves);
  // The root of the tree over its leaves: the sliver's hash. Only without skipped groups.
  Digest root(const uint8_t* const* sources);

 private:
  void fill_slice(Word& word, const uint8_t* const* sources, size_t offset, size_t bytes);
  void fill_strip(const uint8_t* const* sources, size_t offset, size_t at, size_t left);
  uint8_t* row(size_t symbol) { return reinterpret_cast<uint8_t*>(slice_.data()) + symbol * stride_ + kRowMargin; }

  static constexpr size_t kRowMargin = 64;  // keeps rows aligned and has room for the carried byte

  const CodecEngine& engine_;
  const RsCode& code_;
  const size_t symbol_bytes_;
  const GroupRange skipped_;
  size_t slice_bytes_;  // a multiple of 128
  size_t stride_;
  Strips slice_;  // bytes in lines of the CPU's cache: n rows, in whole groups: margin, slice, zeros
  std::vector<const uint8_t*> source_rows_;
  Strips strips_;
};

}  // namespace walrusfs::codec
