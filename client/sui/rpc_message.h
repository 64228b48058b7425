// Bytes from a peer as a message of rpc.proto.
#pragma once

#include "base/bytes.h"

namespace google::protobuf {
class MessageLite;
}

namespace walrusfs::sui {

// False for what is no such message. Nothing is printed: protobuf's own complaints to standard error are off, since
// whoever sends nonsense should not be able to fill a log.
bool parse_rpc_message(ByteView bytes, google::protobuf::MessageLite* message);

}  // namespace walrusfs::sui
