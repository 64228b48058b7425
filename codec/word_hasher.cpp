#include "codec/word_hasher.h"

#include <algorithm>

#include "codec/lane_tree.h"

namespace walrusfs::codec {
namespace {

// All rows of a slice together; about half of a second-level cache.
constexpr size_t kSliceTargetBytes = 512 * 1024;
constexpr size_t kMaxSliceBytes = 4096;

constexpr size_t round_up(size_t value, size_t to) { return (value + to - 1) / to * to; }

template <size_t kPiece>
void copy_from_both_ends(uint8_t* to, const uint8_t* from, size_t bytes) {
  size_t at = 0;
  for (; at + kPiece < bytes; at += kPiece) std::memcpy(to + at, from + at, kPiece);
  std::memcpy(to + bytes - kPiece, from + bytes - kPiece, kPiece);
}

// In pieces of constant size, which beats memcpy for the few dozen bytes of most symbols.
void copy_symbol(uint8_t* to, const uint8_t* from, size_t bytes) {
  if (bytes >= 64) return copy_from_both_ends<64>(to, from, bytes);
  if (bytes >= 16) return copy_from_both_ends<16>(to, from, bytes);
  if (bytes >= 4) return copy_from_both_ends<4>(to, from, bytes);
  std::memcpy(to, from, bytes);
}

// Up to the end of the hash block or less than a piece beyond it.
void clear_block_end(uint8_t* begin, const uint8_t* end) {
  constexpr size_t kPiece = 64;
  for (; begin < end; begin += kPiece) std::memset(begin, 0, kPiece);
}

size_t slice_bytes_for(size_t symbols, size_t symbol_bytes) {
  const size_t affordable = kSliceTargetBytes / symbols / kBlake2bBlockBytes * kBlake2bBlockBytes;
  return std::min(std::clamp(affordable, kBlake2bBlockBytes, kMaxSliceBytes),
                  round_up(symbol_bytes, kBlake2bBlockBytes));
}

}  // namespace

WordHasher::WordHasher(const CodecEngine& engine, const RsCode& code, size_t symbol_bytes, GroupRange skipped)
    : engine_(engine),
      code_(code),
      symbol_bytes_(symbol_bytes),
      skipped_(skipped),
      slice_bytes_(slice_bytes_for(code.symbols(), symbol_bytes)) {
  // The carried byte sits right before a slice; with it, the last block may end one block later. Strips that
  // are stored loosely and zeros that are cleared loosely end before the next row's carried byte.
  const size_t longest = std::min(slice_bytes_, symbol_bytes_);
  static_assert(kRowMargin % sizeof(Strip) == 0);
  stride_ = round_up(kRowMargin - 1 + round_up(1 + longest, kBlake2bBlockBytes), kRowMargin);
  slice_.resize((groups_for(code.symbols()) * kLanes * stride_ + kRowMargin) / sizeof(Strip));
  for (size_t i = 0; i < code.sources(); ++i) source_rows_.push_back(row(i));
  strips_.resize(code.encode_scratch());
}

void WordHasher::fill_slice(Word& word, const uint8_t* const* sources, size_t offset, size_t bytes) {
  for (size_t at = 0; at < bytes; at += kStripBytes) fill_strip(sources, offset, at, bytes - at);
  for (size_t i = 0; i < code_.symbols(); ++i) {
    row(i)[-1] = word.carry_[i];
    word.carry_[i] = row(i)[bytes - 1];
  }
}

// The strip at `at` of every row of a slice; the slice begins at `offset` of the sources, of which `left` bytes
// follow.
void WordHasher::fill_strip(const uint8_t* const* sources, size_t offset, size_t at, size_t left) {
  const bool whole = left >= kStripBytes;
  if (!whole) {
    for (size_t i = 0; i < code_.sources(); ++i) copy_symbol(row(i) + at, sources[i] + offset + at, left);
  }
  code_.encode(
      engine_, strips_.data(), code_.all_recoveries(),
      [&](size_t first, size_t count, Strip* to) {
        if (!whole) return engine_.load(to, &source_rows_[first], at, left, count);
        engine_.load_and_copy(to, sources + first, offset + at, row(first) + at, stride_, count);
      },
      [&](size_t first, size_t count, const Strip* from) {
        engine_.store(from, row(code_.sources() + first) + at, stride_, left, count);
      });
}

bool WordHasher::absorb(Word& word, const uint8_t* const* sources, size_t bytes, DigestLanes* leaves) {
  WFS_CHECK(word.absorbed_bytes_ + bytes <= symbol_bytes_);
  size_t offset = 0;
  while (offset < bytes) {
    const size_t part = std::min(slice_bytes_, bytes - offset);
    fill_slice(word, sources, offset, part);
    offset += part;
    word.absorbed_bytes_ += part;
    if (word.absorbed_bytes_ < symbol_bytes_) {
      word.hasher_.absorb(engine_, row(0) - 1, stride_, part);
      continue;
    }
    const size_t padded = round_up(1 + part, kBlake2bBlockBytes) - 1;
    for (size_t i = 0; i < code_.symbols(); ++i) clear_block_end(row(i) + part, row(i) + padded);
    word.hasher_.finish(engine_, row(0) - 1, stride_, 1 + part, leaves);
    return true;
  }
  return false;
}

void WordHasher::hash(const uint8_t* const* sources, DigestLanes* leaves) {
  Word word(code_, skipped_);
  const bool complete = absorb(word, sources, symbol_bytes_, leaves);
  WFS_CHECK(complete);
}

Digest WordHasher::root(const uint8_t* const* sources) {
  WFS_CHECK(skipped_.empty());
  std::vector<DigestLanes> leaves(tree_groups(code_.symbols()));
  hash(sources, leaves.data());
  return neighbours_root(engine_, leaves.data(), code_.symbols());
}

}  // namespace walrusfs::codec
