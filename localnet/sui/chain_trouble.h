// What ends a look at the chain when its file cannot be read: the disk fails, or what it gives back is damaged.
//
// Move functions read objects in many places, and none of them has an answer then, so this one is thrown. It is caught
// where somebody can be told: by the calls of FullNode that return a Result, by the RPC, by servers (500), by threads
// in the background (they try again later), and at the start.
#pragma once

#include <stdexcept>

#include "base/result.h"

namespace walrusfs::localnet::sui {

class ChainTrouble : public std::runtime_error {
 public:
  explicit ChainTrouble(Error cause)
      : std::runtime_error("the chain cannot be read: " + cause.message()), cause_(std::move(cause)) {}

  const Error& cause() const { return cause_; }
  // As it is told to whoever asked: trying again may help unless the file is damaged.
  Error told() const { return Error(cause_.code() == Code::kCorrupt ? Code::kInternal : Code::kUnavailable, what()); }

 private:
  const Error cause_;
};

// What `work` returns, or the trouble that it met.
template <typename Work>
auto or_trouble(Work work) -> decltype(work()) {
  try {
    return work();
  } catch (const ChainTrouble& trouble) {
    return trouble.told();
  }
}

}  // namespace walrusfs::localnet::sui
