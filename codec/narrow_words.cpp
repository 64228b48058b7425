#include "codec/narrow_words.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/check.h"

namespace walrusfs::codec {
namespace {

// The leaf prefix is a zero byte, the message's first.
constexpr unsigned kPrefixBits = 8;

}  // namespace

TwoByteLeaves::TwoByteLeaves(const CodecEngine& engine) : hashes_(kSymbols) {
  constexpr size_t kGroups = 64;
  LaneWord messages[kGroups];
  std::vector<DigestLanes> digests(kGroups);
  for (size_t first = 0; first < kSymbols; first += kGroups * kLanes) {
    for (size_t i = 0; i < kGroups * kLanes; ++i) messages[i / kLanes].lane[i % kLanes] = (first + i) << kPrefixBits;
    engine.hash_words(messages, 1 + 2, digests.data(), kGroups);
    for (size_t i = 0; i < kGroups * kLanes; ++i) {
      for (size_t word = 0; word < 4; ++word) {
        hashes_[first + i].words[word] = digests[i / kLanes].word[word][i % kLanes];
      }
    }
  }
}

NarrowWords::NarrowWords(const CodecEngine& engine, const RsCode& code, size_t symbol_bytes, const TwoByteLeaves* table)
    : engine_(engine),
      code_(code),
      elements_(symbol_bytes / 2),
      table_(table),
      symbols_(groups_for(code.symbols()) * kLanes),
      scratch_(code.encode_scratch()),
      messages_(symbols_.size() / kLanes) {
  WFS_CHECK(symbol_bytes % 2 == 0 && symbol_bytes > 0 && symbol_bytes <= kMaxSymbolBytes);
  WFS_CHECK(table == nullptr || symbol_bytes == 2);
}

template <size_t kElements>
void NarrowWords::pack(const uint8_t* const* symbols, Strip& strip) {
  for (size_t word = 0; word < kWords; ++word) {
    std::memcpy(strip.low + word * kElements, symbols[word], kElements);
    std::memcpy(strip.high + word * kElements, symbols[word] + kElements, kElements);
  }
}

// The symbol's bytes as a little-endian number.
template <size_t kElements>
uint64_t NarrowWords::value(size_t symbol, size_t word) const {
  static_assert(kElements < sizeof(uint32_t));
  constexpr uint32_t kMask = (uint32_t{1} << (8 * kElements)) - 1;
  const Strip& strip = symbols_[symbol];
  static_assert((kWords - 1) * kMaxSymbolBytes / 2 + sizeof(uint32_t) <= kStripElements);
  const uint64_t low = load_le<uint32_t>(strip.low + word * kElements) & kMask;
  const uint64_t high = load_le<uint32_t>(strip.high + word * kElements) & kMask;
  return low | high << (8 * kElements);
}

template <size_t kElements>
void NarrowWords::expand_elements(const uint8_t* const* sources) {
  for (size_t i = 0; i < code_.sources(); ++i) pack<kElements>(sources + i * kWords, symbols_[i]);
}

void NarrowWords::expand(const uint8_t* const* sources) {
  switch (elements_) {
    case 1: expand_elements<1>(sources); break;
    case 2: expand_elements<2>(sources); break;
    default: expand_elements<3>(sources); break;
  }
  code_.encode(engine_, scratch_.data(), code_.all_recoveries(),
               each_loaded(engine_, [&](size_t i, Strip& strip) { strip = symbols_[i]; }),
               each_stored(engine_, [&](size_t r, const Strip& strip) { symbols_[code_.sources() + r] = strip; }));
}

void NarrowWords::copy_recovery(size_t r, size_t word, uint8_t* to) const {
  const Strip& strip = symbols_[code_.sources() + r];
  for (size_t e = 0; e < elements_; ++e) {
    to[e] = strip.low[word * elements_ + e];
    to[elements_ + e] = strip.high[word * elements_ + e];
  }
}

void NarrowWords::look_up(size_t word, GroupRange range, DigestLanes* leaves) const {
  for (size_t i = range.begin * kLanes; i < range.end * kLanes; ++i) {
    table_->look_up(static_cast<uint16_t>(value<1>(i, word)), leaves[i / kLanes], i % kLanes);
  }
}

template <size_t kElements>
void NarrowWords::hash_elements(size_t word, GroupRange range, DigestLanes* leaves) {
  for (size_t i = range.begin * kLanes; i < range.end * kLanes; ++i) {
    messages_[i / kLanes].lane[i % kLanes] = value<kElements>(i, word) << kPrefixBits;
  }
  engine_.hash_words(messages_.data() + range.begin, 1 + 2 * kElements, leaves + range.begin, range.end - range.begin);
}

void NarrowWords::hash_range(size_t word, GroupRange range, DigestLanes* leaves) {
  if (range.empty()) return;
  if (table_ != nullptr) return look_up(word, range, leaves);
  switch (elements_) {
    case 1: return hash_elements<1>(word, range, leaves);
    case 2: return hash_elements<2>(word, range, leaves);
    default: return hash_elements<3>(word, range, leaves);
  }
}

void NarrowWords::hash(size_t word, GroupRange skipped, DigestLanes* leaves) {
  const size_t groups = symbols_.size() / kLanes;
  if (skipped.empty()) return hash_range(word, {0, groups}, leaves);
  hash_range(word, {0, skipped.begin}, leaves);
  hash_range(word, {skipped.end, groups}, leaves);
}

}  // namespace walrusfs::codec
