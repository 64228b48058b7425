#include "client/sui/rpc_message.h"

#include <google/protobuf/message_lite.h>
#include <google/protobuf/stubs/logging.h>

namespace walrusfs::sui {

bool parse_rpc_message(ByteView bytes, google::protobuf::MessageLite* message) {
  static const bool quiet = [] {
    google::protobuf::SetLogHandler(nullptr);
    return true;
  }();
  return quiet && bytes.size() <= INT32_MAX && message->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

}  // namespace walrusfs::sui
