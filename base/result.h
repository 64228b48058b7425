// Result<T>: a value, or the Error that explains why there is none. Expected failures (disk, network,
// user input) travel this way; we do not throw.
//
//   WFS_ASSIGN(Bytes data, file.read_all());   // on error: return it to our caller
//   WFS_TRY(file.sync());
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/check.h"

namespace walrusfs {

// What kind of failure, as far as a caller may act on it. errno and exit codes are derived from
// these in one place each (fs/fuse/errno_map.cpp, cli/exit_code.cpp).
enum class Code {
  kInvalidArgument,    // the request itself makes no sense
  kNotFound,
  kExists,
  kNotDirectory,
  kIsDirectory,
  kNotEmpty,
  kNameTooLong,
  kTooManyLinks,
  kTooManySymlinks,
  kCrossDevice,
  kPermission,         // permission denied by mode bits or ownership (EACCES)
  kNotPermitted,       // not allowed for anyone here, e.g. a reserved name (EPERM)
  kReadOnly,
  kNoSpace,
  kTooLarge,           // beyond a named limit (EFBIG, E2BIG, HTTP 413)
  kNoAttribute,        // no such xattr
  kRange,              // buffer too small for the answer
  kNotSupported,
  kBusy,               // locked by somebody else
  kCorrupt,            // stored bytes do not check out
  kNewerVersion,       // written by a newer program
  kIo,                 // the local disk failed
  kUnavailable,        // temporary: network or server; trying again may help
  kTimeout,            // temporary: took too long
  kCancelled,
  kStale,              // the thing meant does not exist any more (ESTALE)
  kWrongKey,           // key or passphrase does not open this
  kInternal,
};

// "corrupt", "no_space" … stable words for logs and --json.
std::string_view code_name(Code code);

// Only the temporary kinds; everything else is final.
constexpr bool is_retryable(Code code) { return code == Code::kUnavailable || code == Code::kTimeout; }

class [[nodiscard]] Error {
 public:
  Error(Code code, std::string message) : code_(code), message_(std::move(message)) {}

  Code code() const { return code_; }
  const std::string& message() const { return message_; }
  bool retryable() const { return is_retryable(code_); }

  // The same error, told from one layer further up: "pack 41: " + message.
  Error with_context(std::string_view context) const {
    return Error(code_, std::string(context) + ": " + message_);
  }

  // "<message> [code]".
  std::string to_string() const;

 private:
  Code code_;
  std::string message_;
};

// The Error for a failed system call: errno's kind, and "<what>: <strerror>".
Error error_from_errno(int errno_value, std::string_view what);

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT: implicit on purpose
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& value() & {
    WFS_CHECK(ok());
    return std::get<0>(state_);
  }
  const T& value() const& {
    WFS_CHECK(ok());
    return std::get<0>(state_);
  }
  T&& value() && {
    WFS_CHECK(ok());
    return std::get<0>(std::move(state_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const {
    WFS_CHECK(!ok());
    return std::get<1>(state_);
  }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT

  bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  const Error& error() const {
    WFS_CHECK(error_.has_value());
    return *error_;
  }

 private:
  std::optional<Error> error_;
};

using Status = Result<void>;
inline Status ok_status() { return {}; }

}  // namespace walrusfs

#define WFS_CONCAT_(a, b) a##b
#define WFS_CONCAT(a, b) WFS_CONCAT_(a, b)

#define WFS_TRY(expression)                                    \
  do {                                                         \
    if (auto wfs_try_ = (expression); !wfs_try_.ok()) [[unlikely]] \
      return wfs_try_.error();                                 \
  } while (false)

#define WFS_ASSIGN(declaration, expression) WFS_ASSIGN_(WFS_CONCAT(wfs_result_, __LINE__), declaration, expression)
#define WFS_ASSIGN_(name, declaration, expression) \
  auto name = (expression);                        \
  if (!name.ok()) [[unlikely]]                     \
    return name.error();                           \
  declaration = std::move(name).value()
