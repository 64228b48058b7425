// The point that a message is hashed to, remembered for the latest messages: a whole committee signs one message, and
// where several of its nodes, or its nodes and the chain, are in one process, it is hashed once for all of them.
//
// Safe to call from any thread. Messages and their points are public.
#pragma once

#include "codec/bls/point.h"

namespace walrusfs::bls {

constexpr size_t kMessagesRemembered = 64, kLongestRemembered = 1024;  // bytes

// hash_to_g2(message); nothing for infinity, which nobody can find a message for.
std::optional<AffineG2> message_point(ByteView message);

}  // namespace walrusfs::bls
