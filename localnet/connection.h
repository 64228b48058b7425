// One accepted connection: its wire, and what came over it that nobody has read yet.
//
// For one thread at a time. While nothing is asked, it needs no thread and no memory for input: gather() never blocks.
// Once the head of a request is there, read() and write() wait, but within limits: whoever sends or takes a byte a
// second gets no thread for as long as that would take.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/wire.h"

namespace walrusfs::localnet {

// A request line and its headers; what is longer is handed on as it is and refused by the reader.
constexpr size_t kMaxHeadBytes = 64 * 1024;

// For how long the other side may be waited for in one request, each way: what the handler does in between does not
// count.
struct TransferLimits {
  Millis one_wait{60'000};
  Millis to_begin_with{60'000};         // of all waiting together; more as bytes arrive, or are taken …
  uint64_t bytes_per_second = 4096;     // … at this rate
  Millis whole_request{3'600'000};      // whatever arrived; answers may take longer: they may be films
};

class Connection {
 public:
  enum class Gathered { kRequest, kMoreToRead, kMoreToWrite, kGone };

  // `clock` must outlive it.
  Connection(std::unique_ptr<Wire> wire, Clock& clock, const TransferLimits& limits)
      : wire_(std::move(wire)), clock_(clock), limits_(limits) {}

  // Takes what has arrived, until the head of a request is complete (or too long), or the wire has no more.
  Gathered gather();

  // The next request: what the last one took does not count any more.
  void begin_request();
  // At least one byte; 0 at the end, and when it takes too long.
  size_t read(MutableByteView into);
  // The request did not arrive in the time that it had.
  bool too_slow() const { return too_slow_; }
  // False when the other side went away, or takes it too slowly.
  bool write(ByteView bytes);
  // Before closing with input unread: the answer gets across only if the rest is taken for a little while.
  void finish();

  int fd() const { return wire_->fd(); }

 private:
  bool head_is_complete();
  // One way of one request.
  struct Transfer {
    std::chrono::steady_clock::duration waited{};
    uint64_t bytes = 0;
  };

  size_t take(MutableByteView into);
  Millis left(const Transfer& transfer, Millis most) const;
  // False when that takes longer than `patience`.
  bool wait(WireProgress::State state, Millis patience, Transfer& transfer);

  const std::unique_ptr<Wire> wire_;
  Clock& clock_;
  const TransferLimits limits_;
  Transfer in_, out_;
  bool too_slow_ = false;
  std::string input_;
  size_t used_ = 0;     // of the input, by read()
  size_t scanned_ = 0;  // of the input, for the end of a head
};

}  // namespace walrusfs::localnet
