#include "base/wire.h"

#include <sys/socket.h>

#include <cerrno>

namespace walrusfs {
namespace {

using State = WireProgress::State;

class PlainWire final : public Wire {
 public:
  explicit PlainWire(Fd socket) : socket_(std::move(socket)) {}

  int fd() const override { return socket_.get(); }
  WireProgress read(MutableByteView into) override {
    return outcome(recv(socket_.get(), into.data(), into.size(), 0), State::kWaitsToRead);
  }
  WireProgress write(ByteView from) override {
    return outcome(send(socket_.get(), from.data(), from.size(), MSG_NOSIGNAL), State::kWaitsToWrite);
  }
  void finish() override { shutdown(socket_.get(), SHUT_WR); }

 private:
  static WireProgress outcome(ssize_t moved, State otherwise) {
    if (moved > 0) return {State::kMoved, static_cast<size_t>(moved)};
    if (moved < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return {otherwise, 0};
    return {State::kClosed, 0};
  }

  const Fd socket_;
};

}  // namespace

std::unique_ptr<Wire> make_plain_wire(Fd socket) { return std::make_unique<PlainWire>(std::move(socket)); }

}  // namespace walrusfs
