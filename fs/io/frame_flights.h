// One fetch per frame at a time: the first who asks fetches, the others wait for its outcome.
//
// Safe to call from any thread.
#pragma once

#include <map>
#include <memory>
#include <optional>

#include "base/clock.h"
#include "base/mutex.h"
#include "cache/frame_cache.h"

namespace walrusfs {

class FrameFlights {
 public:
  struct Flight {
    CondVar landed;
    std::optional<Result<SharedFrame>> outcome;  // guarded by the mutex of FrameFlights
  };
  using SharedFlight = std::shared_ptr<Flight>;  // shared: the last of leader and waiters ends it

  struct Boarding {
    SharedFlight flight;
    bool leads = false;  // must call land(), whatever happens
  };

  Boarding board(const FrameKey& key);
  void land(const FrameKey& key, const SharedFlight& flight, Result<SharedFrame> outcome);
  // The leader's outcome; nothing when the deadline came first.
  std::optional<Result<SharedFrame>> wait(const SharedFlight& flight, Deadline deadline);

 private:
  struct Less {
    bool operator()(const FrameKey& a, const FrameKey& b) const {
      return a.hash != b.hash ? a.hash < b.hash : a.t_offset < b.t_offset;
    }
  };

  Mutex mutex_;
  std::map<FrameKey, SharedFlight, Less> flights_ GUARDED_BY(mutex_);
};

}  // namespace walrusfs
