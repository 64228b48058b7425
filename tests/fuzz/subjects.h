// Small blobs with all that belongs to them, for fuzz targets to check hostile bytes against. They are
// blobs of the golden vectors, so that vectors make good seeds.
#pragma once

#include "codec/decoder.h"

namespace walrusfs::fuzz {

struct Subject {
  CodeShape shape;
  Bytes blob;
  EncodedBlob encoded;
  // The encoded blob's, or with one hash that is wrong.
  BlobMetadata metadata;

  bool honest() const { return metadata == encoded.metadata; }
  const Sliver& sliver(Axis axis, SliverIndex index) const {
    const SliverPair& pair = encoded.pairs[raw(shape.pair_of(axis, index))];
    return axis == Axis::kPrimary ? pair.primary : pair.secondary;
  }
};

const std::vector<Subject>& subjects();
inline const Subject& subject(uint8_t choice) { return subjects()[choice % subjects().size()]; }

// Takes numbers off the input's front; zeros when it has ended.
class Script {
 public:
  explicit Script(ByteView input) : input_(input) {}

  bool ended() const { return input_.empty(); }
  uint8_t byte() {
    if (ended()) return 0;
    const uint8_t first = input_[0];
    input_ = input_.subspan(1);
    return first;
  }
  size_t below(size_t bound) { return (byte() | static_cast<size_t>(byte()) << 8) % bound; }
  ByteView rest() const { return input_; }
  ByteView take(size_t bytes) {
    const ByteView taken = input_.first(std::min(bytes, input_.size()));
    input_ = input_.subspan(taken.size());
    return taken;
  }

 private:
  ByteView input_;
};

}  // namespace walrusfs::fuzz
