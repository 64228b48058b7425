#include "cli/exit_code.h"

namespace walrusfs::cli {
namespace {

Exit exit_for(Code code) {
  switch (code) {
    case Code::kInvalidArgument:
    case Code::kNameTooLong: return Exit::kUsage;
    case Code::kNotFound:
    case Code::kNoAttribute: return Exit::kNotFound;
    case Code::kBusy:
    case Code::kExists:
    case Code::kNotEmpty: return Exit::kBusy;
    case Code::kCorrupt: return Exit::kCorrupt;
    case Code::kUnavailable:
    case Code::kTimeout: return Exit::kUnavailable;
    case Code::kWrongKey: return Exit::kWrongKey;
    case Code::kNoSpace: return Exit::kNoSpace;
    case Code::kNewerVersion: return Exit::kNewerVersion;
    case Code::kNotDirectory:
    case Code::kIsDirectory:
    case Code::kTooManyLinks:
    case Code::kTooManySymlinks:
    case Code::kCrossDevice:
    case Code::kPermission:
    case Code::kNotPermitted:
    case Code::kReadOnly:
    case Code::kTooLarge:
    case Code::kRange:
    case Code::kNotSupported:
    case Code::kIo:
    case Code::kCancelled:
    case Code::kStale:
    case Code::kInternal: return Exit::kFailed;
  }
  return Exit::kFailed;
}

}  // namespace

int to_exit(Code code) { return static_cast<int>(exit_for(code)); }

}  // namespace walrusfs::cli
