#include "base/result.h"

#include <cerrno>
#include <cstring>

namespace walrusfs {

std::string_view code_name(Code code) {
  switch (code) {
    case Code::kInvalidArgument: return "invalid_argument";
    case Code::kNotFound: return "not_found";
    case Code::kExists: return "exists";
    case Code::kNotDirectory: return "not_directory";
    case Code::kIsDirectory: return "is_directory";
    case Code::kNotEmpty: return "not_empty";
    case Code::kNameTooLong: return "name_too_long";
    case Code::kTooManyLinks: return "too_many_links";
    case Code::kTooManySymlinks: return "too_many_symlinks";
    case Code::kCrossDevice: return "cross_device";
    case Code::kPermission: return "permission";
    case Code::kNotPermitted: return "not_permitted";
    case Code::kReadOnly: return "read_only";
    case Code::kNoSpace: return "no_space";
    case Code::kTooLarge: return "too_large";
    case Code::kNoAttribute: return "no_attribute";
    case Code::kRange: return "range";
    case Code::kNotSupported: return "not_supported";
    case Code::kBusy: return "busy";
    case Code::kCorrupt: return "corrupt";
    case Code::kNewerVersion: return "newer_version";
    case Code::kIo: return "io";
    case Code::kUnavailable: return "unavailable";
    case Code::kTimeout: return "timeout";
    case Code::kCancelled: return "cancelled";
    case Code::kStale: return "stale";
    case Code::kWrongKey: return "wrong_key";
    case Code::kInternal: return "internal";
  }
  return "unknown";
}

std::string Error::to_string() const { return message_ + " [" + std::string(code_name(code_)) + "]"; }

static Code code_from_errno(int errno_value) {
  switch (errno_value) {
    case ENOENT: return Code::kNotFound;
    case EEXIST: return Code::kExists;
    case ENOTDIR: return Code::kNotDirectory;
    case EISDIR: return Code::kIsDirectory;
    case ENOTEMPTY: return Code::kNotEmpty;
    case ENAMETOOLONG: return Code::kNameTooLong;
    case EMLINK: return Code::kTooManyLinks;
    case ELOOP: return Code::kTooManySymlinks;
    case EXDEV: return Code::kCrossDevice;
    case EACCES: return Code::kPermission;
    case EPERM: return Code::kNotPermitted;
    case EROFS: return Code::kReadOnly;
    case ENOSPC:
    case EDQUOT: return Code::kNoSpace;
    case EFBIG: return Code::kTooLarge;
    case ENODATA: return Code::kNoAttribute;
    case ERANGE: return Code::kRange;
    case EOPNOTSUPP:
    case ENOSYS: return Code::kNotSupported;
    case EBUSY:
    case ETXTBSY: return Code::kBusy;
    case EINVAL: return Code::kInvalidArgument;
    case ETIMEDOUT: return Code::kTimeout;
    case EAGAIN:
    case ECONNREFUSED:
    case ECONNRESET: return Code::kUnavailable;
    case ESTALE: return Code::kStale;
    default: return Code::kIo;
  }
}

Error error_from_errno(int errno_value, std::string_view what) {
  return Error(code_from_errno(errno_value), std::string(what) + ": " + std::strerror(errno_value));
}

}  // namespace walrusfs
