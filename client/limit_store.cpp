#include "client/limit_store.h"

#include <algorithm>

namespace walrusfs {
namespace {

// The clock may be a simulated one, so the deadline is looked at this often in any case.
constexpr Millis kLongestWait{50};

}  // namespace

Status LimitStore::Gate::enter(Clock& clock, Deadline deadline, const CancelToken& cancel) {
  MutexLock lock(mutex_);
  while (free_ == 0) {
    if (cancel.cancelled()) return Error(Code::kCancelled, "waiting for the network was cancelled");
    if (clock.passed(deadline)) {
      return Error(Code::kTimeout, "too many requests are under way: none of them ended in time");
    }
    freed_.wait_for(mutex_, std::clamp(clock.left(deadline), Millis(1), kLongestWait));
  }
  --free_;
  return ok_status();
}

void LimitStore::Gate::leave() {
  {
    MutexLock lock(mutex_);
    ++free_;
  }
  freed_.notify_one();
}

// Leaves the gate that was entered when it goes.
class LimitStore::Place {
 public:
  static Result<Place> take(Gate& gate, Clock& clock, Deadline deadline, const CancelToken& cancel) {
    WFS_TRY(gate.enter(clock, deadline, cancel));
    return Place(gate);
  }
  Place(Place&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
  Place& operator=(Place&&) = delete;
  ~Place() {
    if (gate_ != nullptr) gate_->leave();
  }

 private:
  explicit Place(Gate& gate) : gate_(&gate) {}
  Gate* gate_;
};

LimitStore::LimitStore(BlobStore& inner, Clock& clock, StoreLimits limits)
    : inner_(inner), clock_(clock), limits_(limits), reads_(limits.reads), stores_(limits.stores) {
  WFS_CHECK(limits.reads > 0 && limits.stores > 0);
}

Result<Bytes> LimitStore::read(const BlobId& blob, ByteRange range, const Verifier& verify, Deadline deadline) {
  WFS_ASSIGN(const Place place, Place::take(reads_, clock_, deadline, CancelToken(limits_.cancel, nullptr)));
  return inner_.read(blob, range, verify, deadline);
}

Result<StoreReceipt> LimitStore::store(const StoreRequest& request, Deadline deadline) {
  WFS_ASSIGN(const Place place, Place::take(stores_, clock_, deadline, CancelToken(limits_.cancel, request.cancel)));
  return inner_.store(request, deadline);
}

Result<BlobStatus> LimitStore::status(const BlobId& blob, Deadline deadline) {
  WFS_ASSIGN(const Place place, Place::take(reads_, clock_, deadline, CancelToken(limits_.cancel, nullptr)));
  return inner_.status(blob, deadline);
}

Status LimitStore::extend(const std::string& blob_object, uint32_t epochs, Deadline deadline) {
  WFS_ASSIGN(const Place place, Place::take(reads_, clock_, deadline, CancelToken(limits_.cancel, nullptr)));
  return inner_.extend(blob_object, epochs, deadline);
}

Status LimitStore::remove(const std::string& blob_object, Deadline deadline) {
  WFS_ASSIGN(const Place place, Place::take(reads_, clock_, deadline, CancelToken(limits_.cancel, nullptr)));
  return inner_.remove(blob_object, deadline);
}

}  // namespace walrusfs
