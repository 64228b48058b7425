// The error locator of Reed-Solomon decoding: for a position p of the evaluation domain, the sum of
// log(p ^ u) over all unknown positions u other than p, modulo 65535 (specification 4.5).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace walrusfs::codec {

// Term by term: costs |positions| * |unknown|. `unknown` and `positions` are below 65536.
std::vector<uint16_t> locator_directly(std::span<const uint32_t> unknown, std::span<const uint32_t> positions);

// The same from the known positions, when `known` is the complement of the unknown ones in 0..65535:
// the logarithms of all nonzero elements add up to 0.
std::vector<uint16_t> locator_from_known(std::span<const uint32_t> known, std::span<const uint32_t> positions);

// The same by two Walsh-Hadamard transforms of 65,536 entries, at a cost that does not depend on how
// many positions there are.
std::vector<uint16_t> locator_by_walsh(std::span<const uint32_t> unknown, std::span<const uint32_t> positions);

// In place, modulo 65535 (entries may come out as 65535, which stands for 0). 65,536 entries.
void walsh_transform(std::span<uint16_t> entries);

}  // namespace walrusfs::codec
