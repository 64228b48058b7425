#include "fs/fuse/errno_map.h"

#include <cerrno>

namespace walrusfs {

// No default: a new code does not compile until somebody has thought about it.
int to_errno(Code code) {
  switch (code) {
    case Code::kInvalidArgument: return EINVAL;
    case Code::kNotFound: return ENOENT;
    case Code::kExists: return EEXIST;
    case Code::kNotDirectory: return ENOTDIR;
    case Code::kIsDirectory: return EISDIR;
    case Code::kNotEmpty: return ENOTEMPTY;
    case Code::kNameTooLong: return ENAMETOOLONG;
    case Code::kTooManyLinks: return EMLINK;
    case Code::kTooManySymlinks: return ELOOP;
    case Code::kCrossDevice: return EXDEV;
    case Code::kPermission: return EACCES;
    case Code::kNotPermitted: return EPERM;
    case Code::kReadOnly: return EROFS;
    case Code::kNoSpace: return ENOSPC;
    case Code::kTooLarge: return EFBIG;
    case Code::kNoAttribute: return ENODATA;
    case Code::kRange: return ERANGE;
    case Code::kNotSupported: return EOPNOTSUPP;
    case Code::kBusy: return EBUSY;
    case Code::kStale: return ESTALE;
    case Code::kCancelled: return EINTR;
    case Code::kWrongKey: return EACCES;
    // A program that reads a file can do nothing about these but report them. EAGAIN or ETIMEDOUT from
    // read(2) on a regular file surprises most programs, EIO none.
    case Code::kCorrupt:
    case Code::kNewerVersion:
    case Code::kIo:
    case Code::kUnavailable:
    case Code::kTimeout:
    case Code::kInternal: return EIO;
  }
  return EIO;
}

}  // namespace walrusfs
