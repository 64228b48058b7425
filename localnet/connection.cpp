#include "localnet/connection.h"

#include <poll.h>

#include <algorithm>
#include <array>

namespace walrusfs::localnet {
namespace {

using State = WireProgress::State;

constexpr size_t kReadBytes = 16 * 1024;
constexpr Millis kFinishWait{200}, kWholeFinish{2'000};
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

void Connection::begin_request() {
  in_ = out_ = Transfer();
  too_slow_ = false;
}

size_t Connection::read(MutableByteView into) {
  if (const size_t taken = take(into); taken > 0 || into.empty()) return taken;
  for (;;) {
    const WireProgress progress = wire_->read(into);
    if (progress.state == State::kMoved) {
      in_.bytes += progress.bytes;
      return progress.bytes;
    }
    if (progress.state == State::kClosed) return 0;
    too_slow_ = !wait(progress.state, left(in_, limits_.whole_request), in_);
    if (too_slow_) return 0;
  }
}

bool Connection::write(ByteView bytes) {
  while (!bytes.empty()) {
    const WireProgress progress = wire_->write(bytes);
    if (progress.state == State::kMoved) {
      out_.bytes += progress.bytes;
      bytes = bytes.subspan(progress.bytes);
    } else if (progress.state == State::kClosed || !wait(progress.state, left(out_, Millis::max()), out_)) {
      return false;
    }
  }
  return true;
}

void Connection::finish() {
  wire_->finish();
  std::array<uint8_t, kReadBytes> dropped;
  Transfer rest;
  while (rest.bytes < kFinishBytes && rest.waited < kWholeFinish) {
    const WireProgress progress = wire_->read(dropped);
    if (progress.state == State::kClosed) return;
    if (progress.state != State::kMoved && !wait(progress.state, kFinishWait, rest)) return;
    rest.bytes += progress.bytes;
  }
}

Millis Connection::left(const Transfer& transfer, Millis most) const {
  const Millis earned(transfer.bytes * 1000 / std::max<uint64_t>(limits_.bytes_per_second, 1));
  const Millis allowed = std::min(limits_.to_begin_with + earned, most);
  return std::min(limits_.one_wait, allowed - std::chrono::duration_cast<Millis>(transfer.waited));
}

bool Connection::wait(State state, Millis patience, Transfer& transfer) {
  if (patience <= Millis(0)) return false;
  pollfd wanted{wire_->fd(), static_cast<short>(state == State::kWaitsToWrite ? POLLOUT : POLLIN), 0};
  const auto since = clock_.monotonic();
  const bool ready = poll(&wanted, 1, static_cast<int>(patience.count())) > 0;
  transfer.waited += clock_.monotonic() - since;
  return ready;
}

}  // namespace walrusfs::localnet
