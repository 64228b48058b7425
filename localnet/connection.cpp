#include "localnet/connection.h"

#include <poll.h>

#include <algorithm>
#include <array>

namespace walrusfs::localnet {
namespace {

using State = WireProgress::State;

constexpr size_t kReadBytes = 16 * 1024;
constexpr int kWaitMs = 60'000;
constexpr int kFinishWaitMs = 200;
constexpr size_t kFinishBytes = 4 << 20;
constexpr std::string_view kHeadEnd = "\r\n\r\n";

}  // namespace

bool Connection::head_is_complete() {
  const size_t from = std::max(used_, scanned_ < kHeadEnd.size() ? 0 : scanned_ - kHeadEnd.size());
  scanned_ = input_.size();
  return input_.find(kHeadEnd, from) != std::string::npos;
}

Connection::Gathered Connection::gather() {
  if (used_ == input_.size()) std::string().swap(input_);
  input_.erase(0, used_);
  used_ = scanned_ = 0;
  std::array<uint8_t, kReadBytes> buffer;
  while (!head_is_complete() && input_.size() < kMaxHeadBytes) {
    const WireProgress progress = wire_->read(buffer);
    if (progress.state == State::kClosed) return Gathered::kGone;
    if (progress.state == State::kWaitsToRead) return Gathered::kMoreToRead;
    if (progress.state == State::kWaitsToWrite) return Gathered::kMoreToWrite;
    input_.append(as_text(ByteView(buffer).first(progress.bytes)));
  }
  return Gathered::kRequest;
}

size_t Connection::take(MutableByteView into) {
  const size_t count = std::min(into.size(), input_.size() - used_);
  std::copy_n(input_.begin() + static_cast<ptrdiff_t>(used_), count, into.begin());
  used_ += count;
  return count;
}

size_t Connection::read(MutableByteView into) {
  if (const size_t taken = take(into); taken > 0 || into.empty()) return taken;
  for (;;) {
    const WireProgress progress = wire_->read(into);
    if (progress.state == State::kMoved) return progress.bytes;
    if (progress.state == State::kClosed || !wait(progress.state, kWaitMs)) return 0;
  }
}

bool Connection::write(ByteView bytes) {
  while (!bytes.empty()) {
    const WireProgress progress = wire_->write(bytes);
    if (progress.state == State::kMoved) {
      bytes = bytes.subspan(progress.bytes);
    } else if (progress.state == State::kClosed || !wait(progress.state, kWaitMs)) {
      return false;
    }
  }
  return true;
}

void Connection::finish() {
  wire_->finish();
  std::array<uint8_t, kReadBytes> dropped;
  for (size_t bytes = 0; bytes < kFinishBytes;) {
    const WireProgress progress = wire_->read(dropped);
    if (progress.state == State::kClosed) return;
    if (progress.state != State::kMoved && !wait(progress.state, kFinishWaitMs)) return;
    bytes += progress.bytes;
  }
}

bool Connection::wait(State state, int timeout_ms) const {
  pollfd wanted{wire_->fd(), static_cast<short>(state == State::kWaitsToWrite ? POLLOUT : POLLIN), 0};
  return poll(&wanted, 1, timeout_ms) > 0;
}

}  // namespace walrusfs::localnet
