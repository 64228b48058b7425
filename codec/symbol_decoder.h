// Missing source symbols out of k given ones: by transforms, or, when only few are missing, each as a sum
// of multiples of the given ones, which costs a fraction of the transforms.
//
// Constant after construction; may be shared by threads. Scratch belongs to one call at a time.
#pragma once

#include "codec/reed_solomon.h"

namespace walrusfs::codec {

class SymbolDecoder {
 public:
  enum class Way { kCheaper, kTransforms, kSums };

  // `given`: exactly code.sources() distinct symbol numbers. `engine` must outlive the decoder. `strips`: how many
  // it will decode, for sums take something to prepare. The way changes nothing but the speed; tests choose it.
  SymbolDecoder(const RsCode& code, std::span<const uint16_t> given, const CodecEngine& engine, uint64_t strips,
                Way way = Way::kCheaper);

  const std::vector<uint16_t>& missing_sources() const { return plan_.missing_sources(); }
  // Strips.
  size_t scratch() const { return plan_.scratch(); }

  // As RsDecodePlan::decode().
  template <typename Load, typename Store>
  void decode(Strip* scratch, Load load, Store store) const {
    if (coefficients_.empty()) return plan_.decode(engine_, scratch, load, store);
    // There is room for both: transforms have more strips than there are symbols.
    Strip* sums = scratch + given_;
    load(size_t{0}, given_, scratch);
    for (size_t m = 0; m < missing_sources().size(); ++m) {
      engine_.sum_multiples(&sums[m], scratch, coefficients_.data() + m * given_, given_);
    }
    store(size_t{0}, missing_sources().size(), sums);
  }

 private:
  bool sums_are_cheaper(uint64_t strips) const;
  std::vector<uint16_t> find_coefficients() const;

  const CodecEngine& engine_;
  const size_t given_;
  const RsDecodePlan plan_;
  std::vector<uint16_t> coefficients_;  // [missing][given]; empty when transforms are used
};

}  // namespace walrusfs::codec
