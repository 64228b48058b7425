#include "fs/io/frame_flights.h"

namespace walrusfs {

FrameFlights::Boarding FrameFlights::board(const FrameKey& key) {
  MutexLock lock(mutex_);
  auto [place, is_new] = flights_.try_emplace(key);
  if (is_new) place->second = std::make_shared<Flight>();
  return {place->second, is_new};
}

void FrameFlights::land(const FrameKey& key, const SharedFlight& flight, Result<SharedFrame> outcome) {
  MutexLock lock(mutex_);
  flight->outcome = std::move(outcome);
  flights_.erase(key);
  flight->landed.notify_all();
}

std::optional<Result<SharedFrame>> FrameFlights::wait(const SharedFlight& flight, Deadline deadline) {
  MutexLock lock(mutex_);
  while (!flight->outcome) {
    if (!flight->landed.wait_until(mutex_, deadline.at()) && !flight->outcome) return std::nullopt;
  }
  return flight->outcome;
}

}  // namespace walrusfs
