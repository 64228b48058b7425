// One accepted connection: its wire, and what came over it that nobody has read yet.
//
// For one thread at a time. While nothing is asked, it needs no thread and no memory for input: gather() never blocks.
// Once the head of a request is there, read() and write() wait, with a limit of time for each wait.
#pragma once

#include <memory>
#include <string>

#include "base/wire.h"

namespace walrusfs::localnet {

// A request line and its headers; what is longer is handed on as it is and refused by the reader.
constexpr size_t kMaxHeadBytes = 64 * 1024;

class Connection {
 public:
  enum class Gathered { kRequest, kMoreToRead, kMoreToWrite, kGone };

  explicit Connection(std::unique_ptr<Wire> wire) : wire_(std::move(wire)) {}

  // Takes what has arrived, until the head of a request is complete (or too long), or the wire has no more.
  Gathered gather();

  // At least one byte; 0 at the end, and when nothing comes for too long.
  size_t read(MutableByteView into);
  // False when the other side went away, or takes nothing for too long.
  bool write(ByteView bytes);
  // Before closing with input unread: the answer gets across only if the rest is taken for a little while.
  void finish();

  int fd() const { return wire_->fd(); }

 private:
  bool head_is_complete();
  size_t take(MutableByteView into);
  bool wait(WireProgress::State state, int timeout_ms) const;

  const std::unique_ptr<Wire> wire_;
  std::string input_;
  size_t used_ = 0;     // of the input, by read()
  size_t scanned_ = 0;  // of the input, for the end of a head
};

}  // namespace walrusfs::localnet
