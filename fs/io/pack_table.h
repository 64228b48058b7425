// What reading from a pack takes, kept ready: its blob, its key, its list of frames. A bounded cache
// over the index; opening a pack costs one X25519 and one query, a hit costs neither.
//
// Safe to call from any thread.
#pragma once

#include <list>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/mutex.h"
#include "codec/pack/age.h"
#include "codec/pack/frame_codec.h"
#include "meta/index.h"

namespace walrusfs {

// Immutable.
struct OpenPack {
  PackId id{};
  BlobId blob;
  pack::FrameCodec codec;
  std::vector<FrameRow> frames;  // in order of T, without gaps

  // The frames that hold T bytes of `range`, in order; fewer when the pack ends before.
  std::span<const FrameRow> frames_of(ByteRange t_range) const;
};
using SharedPack = std::shared_ptr<const OpenPack>;  // shared: readers keep it while it is evicted

pack::FrameInfo to_frame_info(const FrameRow& row);

class PackTable {
 public:
  // `index` must outlive the table. Without an identity only public packs open. `max_frames` bounds the
  // sum of the frames of all packs kept.
  PackTable(Index& index, std::optional<pack::AgeIdentity> identity, size_t max_frames);

  // kNotFound, kCorrupt when the pack is not certified or its rows contradict each other, kWrongKey.
  Result<SharedPack> get(PackId id);
  // The pack if it is at hand, else null; never waits.
  SharedPack peek(PackId id);

 private:
  struct Slot {
    SharedPack pack;
    std::list<uint64_t>::iterator age;
  };

  Result<SharedPack> load(PackId id);
  void keep(const SharedPack& pack);

  Index& index_;
  const std::optional<pack::AgeIdentity> identity_;
  const size_t max_frames_;

  Mutex mutex_;
  std::unordered_map<uint64_t, Slot> slots_ GUARDED_BY(mutex_);
  std::list<uint64_t> newest_first_ GUARDED_BY(mutex_);
  size_t frames_kept_ GUARDED_BY(mutex_) = 0;
};

}  // namespace walrusfs
