// The bytes of one connected socket, in clear or through TLS (base/crypto_tls.h).
//
// Never blocks: a call does what can be done now and says what to wait for. For one thread at a time.
#pragma once

#include <memory>

#include "base/bytes.h"
#include "base/fd.h"

namespace walrusfs {

struct WireProgress {
  enum class State {
    kMoved,        // `bytes` went through, at least one
    kWaitsToRead,  // nothing until the socket is readable
    kWaitsToWrite,
    kClosed,  // by the other side, or broken
  } state = State::kClosed;
  size_t bytes = 0;
};

class Wire {
 public:
  virtual ~Wire() = default;
  // To wait on; the wire owns it.
  virtual int fd() const = 0;
  virtual WireProgress read(MutableByteView into) = 0;
  virtual WireProgress write(ByteView from) = 0;
  // Tells the other side that nothing more comes.
  virtual void finish() = 0;
};

// In clear. `socket` is non-blocking.
std::unique_ptr<Wire> make_plain_wire(Fd socket);

}  // namespace walrusfs
