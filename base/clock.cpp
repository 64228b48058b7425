#include "base/clock.h"

#include <ctime>
#include <thread>

namespace walrusfs {
namespace {

class SystemClock final : public Clock {
 public:
  Timestamp now() override {
    timespec spec{};
    clock_gettime(CLOCK_REALTIME, &spec);
    return Timestamp::from_parts(spec.tv_sec, spec.tv_nsec);
  }
  Deadline::TimePoint monotonic() override { return std::chrono::steady_clock::now(); }
  void sleep_for(Millis duration) override { std::this_thread::sleep_for(duration); }
};

}  // namespace

Clock& system_clock() {
  static SystemClock clock;
  return clock;
}

}  // namespace walrusfs
