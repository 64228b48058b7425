#include "fs/io/frame_reader.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/log.h"

namespace walrusfs {
namespace {

std::string describe(const OpenPack& pack, const FrameRow& row) {
  return fmt::format("pack {} (blob {}), frame at {}", raw(pack.id), pack.blob.to_string(), row.t_offset);
}

// Keeps what the last accepted answer decoded to, so that a frame is decrypted and decompressed once.
// A verifier may be asked from several threads when sources are raced.
class DecodingVerifier {
 public:
  DecodingVerifier(const OpenPack& pack, const FrameRow& row) : pack_(pack), info_(to_frame_info(row)) {}

  Status check(ByteView blob_bytes) {
    WFS_ASSIGN(Bytes decoded, pack_.codec.decode(info_, blob_bytes));
    auto frame = std::make_shared<const Bytes>(std::move(decoded));
    MutexLock lock(mutex_);
    frame_ = std::move(frame);
    return ok_status();
  }

  SharedFrame frame() {
    MutexLock lock(mutex_);
    return frame_;
  }

 private:
  const OpenPack& pack_;
  const pack::FrameInfo info_;
  Mutex mutex_;
  SharedFrame frame_ GUARDED_BY(mutex_);
};

}  // namespace

FrameReader::FrameReader(const World& world, std::optional<pack::AgeIdentity> identity)
    : cache_(world.cache), store_(world.store), packs_(world.index, std::move(identity), limits::kFramesInMemory) {}

Status FrameReader::read(PackId id, uint64_t t_offset, MutableByteView out, Deadline deadline) {
  WFS_ASSIGN(SharedPack pack, packs_.get(id));
  uint64_t done = 0;
  for (const FrameRow& row : pack->frames_of({t_offset, out.size()})) {
    uint64_t skip = t_offset + done - row.t_offset;
    if (skip >= row.t_length) break;
    WFS_ASSIGN(SharedFrame bytes, frame(*pack, row, deadline));
    uint64_t take = std::min<uint64_t>(row.t_length - skip, out.size() - done);
    std::memcpy(out.data() + done, bytes->data() + skip, take);
    done += take;
  }
  if (done == out.size()) return ok_status();
  return Error(Code::kCorrupt, fmt::format("pack {}: a file names its bytes {}+{}, but its frames end before; "
                                           "run `walrusfs check`",
                                           raw(id), t_offset, out.size()));
}

SharedFrame FrameReader::cached(const FrameKey& key, const FrameRow& row) {
  SharedFrame hit = cache_.get(key);
  if (hit && hit->size() != row.t_length) {
    log_warn("A cached frame has {} bytes instead of {}; it is fetched again.", hit->size(), row.t_length);
    return nullptr;
  }
  return hit;
}

Result<SharedFrame> FrameReader::frame(const OpenPack& pack, const FrameRow& row, Deadline deadline) {
  const FrameKey key{row.hash, row.t_offset};
  if (SharedFrame hit = cached(key, row)) return hit;
  FrameFlights::Boarding boarding = flights_.board(key);
  if (!boarding.leads) {
    if (auto outcome = flights_.wait(boarding.flight, deadline)) return *outcome;
    return Error(Code::kTimeout, describe(pack, row) + ": another reader fetches it, and it did not come in time");
  }
  // Somebody may have landed between our look into the cache and our boarding.
  SharedFrame late_hit = cached(key, row);
  Result<SharedFrame> outcome = late_hit ? Result<SharedFrame>(late_hit) : fetch(pack, row, deadline);
  flights_.land(key, boarding.flight, outcome);
  return outcome;
}

Result<SharedFrame> FrameReader::fetch(const OpenPack& pack, const FrameRow& row, Deadline deadline) {
  auto blob_range = pack.codec.blob_range(to_frame_info(row));
  if (!blob_range.ok()) return blob_range.error().with_context(describe(pack, row));
  DecodingVerifier verifier(pack, row);
  auto verify = [&verifier](ByteView bytes) { return verifier.check(bytes); };
  Result<Bytes> answer = store_.read(pack.blob, *blob_range, verify, deadline);
  if (!answer.ok()) return answer.error().with_context(describe(pack, row));
  SharedFrame frame = verifier.frame();
  if (!frame) {  // a store that forgot to ask: its bytes are believed no more than any other's
    Status checked = verifier.check(*answer);
    if (!checked.ok()) return checked.error().with_context(describe(pack, row));
    frame = verifier.frame();
  }
  cache_.put({row.hash, row.t_offset}, frame);
  return frame;
}

}  // namespace walrusfs
