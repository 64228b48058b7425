// The byte forms of keys and signatures on hostile bytes. What is taken must write itself back byte for byte, lie on
// its curve, and be judged by verify() without ado.
#include "base/check.h"
#include "codec/bls/bls.h"

namespace walrusfs::bls {
namespace {

void public_key_parser(ByteView input) {
  const auto key = PublicKey::parse(input);
  if (!key.ok()) return;
  const auto compressed = key->to_bytes();
  const auto plain = key->to_uncompressed_bytes();
  WFS_CHECK(equal(input, input.size() == kPublicKeyBytes ? ByteView(compressed) : ByteView(plain)));
  WFS_CHECK(key->point().is_infinity() || is_on_curve(*key->point().affine()));
  (void)key->is_valid();
}

void signature_parser(ByteView input) {
  const auto signature = Signature::parse(input);
  if (!signature.ok()) return;
  WFS_CHECK(equal(input, signature->to_bytes()));
  WFS_CHECK(signature->point().is_infinity() || is_on_curve(*signature->point().affine()));
  WFS_CHECK(!verify(PublicKey(G1::from(g1_generator())), input, *signature));
}

void secret_key_parser(ByteView input) {
  const auto key = SecretKey::parse(input);
  if (key.ok()) WFS_CHECK(equal(input, key->to_bytes()));
}

}  // namespace
}  // namespace walrusfs::bls

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const walrusfs::ByteView input(data + 1, size - 1);
  switch (data[0] % 3) {
    case 0: walrusfs::bls::public_key_parser(input); break;
    case 1: walrusfs::bls::signature_parser(input); break;
    default: walrusfs::bls::secret_key_parser(input); break;
  }
  return 0;
}
