#include "tests/fuzz/subjects.h"

#include <string>

#include "base/crypto.h"

namespace walrusfs::fuzz {
namespace {

// As tests/vectors makes blobs.
Bytes stream(const std::string& seed, size_t bytes) {
  Bytes out;
  for (uint64_t counter = 0; out.size() < bytes; ++counter) {
    Bytes preimage = to_bytes(as_bytes(seed));
    append_le(preimage, counter);
    append(out, sha256(preimage));
  }
  out.resize(bytes);
  return out;
}

Subject make(uint32_t shards, const std::string& seed, size_t bytes) {
  const CodeShape shape = CodeShape::create(shards).value();
  Bytes blob = stream(seed, bytes);
  EncodedBlob encoded = encode_blob(shape, blob).value();
  BlobMetadata metadata = encoded.metadata;
  return Subject{shape, std::move(blob), std::move(encoded), std::move(metadata)};
}

// As inconsistency.json damages hashes.
Subject damaged(Subject subject, size_t pair, Axis axis) {
  std::vector<PairHashes> hashes(subject.metadata.pairs().begin(), subject.metadata.pairs().end());
  (axis == Axis::kPrimary ? hashes[pair].primary : hashes[pair].secondary).digest[0] ^= 1;
  subject.metadata = BlobMetadata::create(subject.shape, subject.blob.size(), std::move(hashes)).value();
  return subject;
}

}  // namespace

const std::vector<Subject>& subjects() {
  static const std::vector<Subject> made{
      make(4, "walrusfs/rec/4/40", 40),
      make(7, "walrusfs/rec/7/31", 31),
      make(10, "walrusfs/rec/10/33", 33),
      make(4, "walrusfs/blob/4/33", 33),
      make(7, "walrusfs/blob/7/33", 33),
      damaged(make(4, "walrusfs/incons/4/40", 40), 0, Axis::kPrimary),
      damaged(make(4, "walrusfs/incons/4/40", 40), 0, Axis::kSecondary),
      make(7, "walrusfs/blob/7/0", 0),
      make(10, "walrusfs/fuzz/10/3000", 3000),
  };
  return made;
}

}  // namespace walrusfs::fuzz
