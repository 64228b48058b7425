#include "codec/bls/point_bytes.h"

#include <algorithm>

namespace walrusfs::bls {
namespace {

constexpr uint8_t kCompressed = 0x80, kInfinity = 0x40, kLargerY = 0x20, kFlags = 0xe0;

Error bad_point(const char* why) { return Error(Code::kCorrupt, std::string("not a point of BLS12-381: ") + why); }

std::optional<Fp> read_coordinate(ByteView bytes, const Fp&) { return Fp::parse(bytes.first<kFpBytes>()); }
std::optional<Fp2> read_coordinate(ByteView bytes, const Fp2&) {
  const auto c1 = Fp::parse(bytes.first<kFpBytes>());
  const auto c0 = Fp::parse(bytes.subspan<kFpBytes, kFpBytes>());
  if (!c0 || !c1) return std::nullopt;
  return Fp2{*c0, *c1};
}

void write_coordinate(const Fp& value, uint8_t* out) { value.write(std::span<uint8_t, kFpBytes>(out, kFpBytes)); }
void write_coordinate(const Fp2& value, uint8_t* out) {
  write_coordinate(value.c1, out);
  write_coordinate(value.c0, out + kFpBytes);
}

template <typename Field>
Result<std::optional<Affine<Field>>> parse_compressed(ByteView bytes) {
  const uint8_t flags = bytes[0] & kFlags;
  if (!(flags & kCompressed)) return bad_point("the flag of the compressed form is missing");
  if (flags & kInfinity) {
    const bool clean = bytes[0] == (kCompressed | kInfinity) &&
                       std::all_of(bytes.begin() + 1, bytes.end(), [](uint8_t byte) { return byte == 0; });
    if (!clean) return bad_point("infinity with other bits set");
    return std::optional<Affine<Field>>();
  }
  Bytes plain = to_bytes(bytes);
  plain[0] &= static_cast<uint8_t>(~kFlags);
  const auto x = read_coordinate(plain, Field());
  if (!x) return bad_point("a coordinate is not below the modulus");
  auto y = (*x * *x * *x + curve_constant(*x)).sqrt();
  if (!y) return bad_point("no point of the curve has this x");
  if (y->is_larger_half() != ((flags & kLargerY) != 0)) y = -*y;
  return std::optional(Affine<Field>{*x, *y});
}

Result<std::optional<AffineG1>> parse_uncompressed(ByteView bytes) {
  if (bytes[0] & kFlags) return bad_point("the uncompressed form has no flags");
  const auto x = read_coordinate(bytes.first(kFpBytes), Fp()), y = read_coordinate(bytes.subspan(kFpBytes), Fp());
  if (!x || !y) return bad_point("a coordinate is not below the modulus");
  const AffineG1 point{*x, *y};
  if (!is_on_curve(point)) return bad_point("it is not on the curve");
  return std::optional(point);
}

template <typename Field, size_t kBytes>
std::array<uint8_t, kBytes> to_compressed(const std::optional<Affine<Field>>& point) {
  std::array<uint8_t, kBytes> out{};
  if (point) write_coordinate(point->x, out.data());
  out[0] |= kCompressed;
  if (!point) out[0] |= kInfinity;
  if (point && point->y.is_larger_half()) out[0] |= kLargerY;
  return out;
}

}  // namespace

Result<std::optional<AffineG1>> parse_g1(ByteView bytes) {
  if (bytes.size() == kG1Bytes) return parse_compressed<Fp>(bytes);
  if (bytes.size() == kG1UncompressedBytes) return parse_uncompressed(bytes);
  return bad_point("a point of G1 has 48 bytes, or 96 uncompressed");
}

Result<std::optional<AffineG2>> parse_g2(ByteView bytes) {
  if (bytes.size() != kG2Bytes) return bad_point("a compressed point of G2 has 96 bytes");
  return parse_compressed<Fp2>(bytes);
}

std::array<uint8_t, kG1Bytes> g1_to_bytes(const std::optional<AffineG1>& point) {
  return to_compressed<Fp, kG1Bytes>(point);
}

std::array<uint8_t, kG2Bytes> g2_to_bytes(const std::optional<AffineG2>& point) {
  return to_compressed<Fp2, kG2Bytes>(point);
}

std::array<uint8_t, kG1UncompressedBytes> g1_to_uncompressed_bytes(const std::optional<AffineG1>& point) {
  std::array<uint8_t, kG1UncompressedBytes> out{};
  if (!point) return out;
  write_coordinate(point->x, out.data());
  write_coordinate(point->y, out.data() + kFpBytes);
  return out;
}

}  // namespace walrusfs::bls
