#include "base/crypto.h"

#include <gtest/gtest.h>

#include "base/rng.h"

namespace walrusfs {
namespace {

// The official BLAKE2b test of Python's hashlib: blake2b(b"abc", digest_size=32).
TEST(Blake2b256, KnownAnswers) {
  EXPECT_EQ(to_hex(blake2b256(as_bytes("abc"))), "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
  EXPECT_EQ(to_hex(blake2b256({})), "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
}

TEST(Sha256, KnownAnswers) {
  EXPECT_EQ(to_hex(sha256(as_bytes("abc"))), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Blake2b256, PiecesAreTheWhole) {
  Bytes bytes(1000);
  SeededRng(1).fill(bytes);
  for (size_t cut : {0u, 1u, 127u, 128u, 129u, 999u, 1000u}) {
    Blake2b256 hash;
    hash.update(ByteView(bytes).first(cut));
    hash.update(ByteView(bytes).subspan(cut));
    EXPECT_EQ(hash.finish(), blake2b256(bytes));
  }
}

TEST(Wipe, LeavesZeros) {
  Bytes secret = {1, 2, 3};
  wipe(secret);
  EXPECT_EQ(secret, Bytes(3));
}

}  // namespace
}  // namespace walrusfs
