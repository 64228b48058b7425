#include "codec/reed_solomon.h"

#include <algorithm>
#include <bit>

#include "codec/error_locator.h"
#include "codec/gf16.h"

namespace walrusfs::codec {
namespace {

constexpr size_t kDomain = 65536;
// Above this many table look-ups, the Walsh transforms (2 * 16 * 65536 steps) are cheaper.
constexpr uint64_t kDirectLookups = 4'000'000;

bool is_high_rate(uint16_t k, uint16_t m) {
  const uint32_t k_size = std::bit_ceil(uint32_t{k});
  const uint32_t m_size = std::bit_ceil(uint32_t{m});
  return k_size != m_size ? k_size > m_size : k <= m;
}

// Where symbols sit on the evaluation domain.
class Domain {
 public:
  explicit Domain(const RsCode& code) : code_(code) {}

  uint32_t position(uint16_t symbol) const {
    const bool is_source = symbol < code_.sources();
    const auto chunk = static_cast<uint32_t>(code_.chunk());
    const uint32_t index = is_source ? symbol : symbol - code_.sources();
    return is_source == code_.high_rate() ? chunk + index : index;
  }
  // Positions from here on are zero (high rate) or not part of the word (low rate).
  uint32_t end() const {
    return static_cast<uint32_t>(code_.chunk()) + (code_.high_rate() ? code_.sources() : code_.recoveries());
  }

  // Size of the transforms for a word whose last given position is before `given_end`. A low rate's word is
  // known at `chunk` positions, and there is a polynomial of that many coefficients through them, so that no
  // positions are needed behind those. A high rate's is known to be zero from end() on.
  size_t size_for(uint32_t given_end) const {
    return std::bit_ceil(code_.high_rate() ? size_t{end()} : std::max(size_t{given_end}, code_.chunk()));
  }

  std::vector<uint16_t> locator(const std::vector<uint32_t>& given, const std::vector<uint32_t>& positions) const {
    std::vector<uint32_t> known = given;
    if (!code_.high_rate()) {
      for (auto p = static_cast<uint32_t>(code_.sources()); p < code_.chunk(); ++p) known.push_back(p);
      if (cheap(known, positions)) return locator_from_known(known, positions);
    }
    const std::vector<uint32_t> unknown = complement(known, code_.high_rate() ? end() : kDomain);
    return cheap(unknown, positions) ? locator_directly(unknown, positions) : locator_by_walsh(unknown, positions);
  }

 private:
  static bool cheap(const std::vector<uint32_t>& terms, const std::vector<uint32_t>& positions) {
    return uint64_t{terms.size()} * positions.size() <= kDirectLookups;
  }
  static std::vector<uint32_t> complement(const std::vector<uint32_t>& known, size_t end) {
    std::vector<bool> is_known(end, false);
    for (uint32_t p : known) is_known[p] = true;
    std::vector<uint32_t> unknown;
    for (uint32_t p = 0; p < end; ++p) {
      if (!is_known[p]) unknown.push_back(p);
    }
    return unknown;
  }

  const RsCode& code_;
};

}  // namespace

RsCode::RsCode(uint16_t sources, uint16_t recoveries)
    : k_(sources),
      m_(recoveries),
      high_rate_(is_high_rate(sources, recoveries)),
      chunk_(std::bit_ceil(size_t{high_rate_ ? recoveries : sources})) {
  WFS_CHECK(k_ > 0 && m_ > 0);
  WFS_CHECK(std::bit_ceil(size_t{std::min(k_, m_)}) + std::max(k_, m_) <= kDomain);
}

RsCode RsCode::for_slivers(const CodeShape& shape, Axis axis) {
  const uint16_t sources = shape.symbols_per_sliver(axis);
  return RsCode(sources, static_cast<uint16_t>(shape.n() - sources));
}

RsDecodePlan::RsDecodePlan(const RsCode& code, std::span<const uint16_t> given) {
  WFS_CHECK(given.size() == code.sources());
  const Domain domain(code);
  std::vector<bool> have(code.symbols(), false);
  std::vector<uint32_t> positions;
  for (uint16_t symbol : given) {
    WFS_CHECK(symbol < code.symbols() && !have[symbol]);
    have[symbol] = true;
    positions.push_back(domain.position(symbol));
  }
  const std::vector<uint32_t> given_positions = positions;
  given_end_ = *std::max_element(positions.begin(), positions.end()) + 1;
  size_ = domain.size_for(given_end_);
  for (uint16_t i = 0; i < code.sources(); ++i) {
    if (have[i]) continue;
    missing_.push_back(i);
    positions.push_back(domain.position(i));
  }
  if (missing_.empty()) return;

  const std::vector<uint16_t> locator = domain.locator(given_positions, positions);
  const uint16_t* exp = gf16::tables().exp;
  for (size_t g = 0; g < given.size(); ++g) given_.push_back({positions[g], exp[locator[g]]});
  for (size_t at = given.size(); at < positions.size(); ++at) {
    missing_at_.push_back({positions[at], exp[(gf16::kModulus - locator[at]) % gf16::kModulus]});
  }
  wanted_begin_ = missing_at_.front().position;
  wanted_end_ = missing_at_.back().position + 1;
}

void RsDecodePlan::solve(const CodecEngine& engine, Strip* work) const {
  engine.inverse_transform(work, size_, 0, given_end_);
  engine.derive(work, size_);
  engine.transform(work, work, size_, 0, wanted_begin_, wanted_end_);
}

}  // namespace walrusfs::codec
