// Unary gRPC over any HTTP: frames, trailers, status. Both wire forms, and both ends of them:
//
//   native     HTTP/2; the status is in HTTP trailers, which a transport appends to the headers
//   web        HTTP/1.1 or 2; the status is in the body's last frame, or in the headers when the body is empty
//   web-text   web in base64, possibly in separately padded pieces
//
// Formats and status mapping: spec "Walrus control plane on Sui" section 3.3. Everything here is for hostile input.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace walrusfs::sui {

enum class GrpcWire { kNative, kWeb, kWebText };

// "application/grpc-web-text+proto" and the like; nothing for other content types.
std::optional<GrpcWire> grpc_wire_of(std::string_view content_type);
std::string_view grpc_content_type(GrpcWire wire);

// The codes of gRPC that a Sui node uses (section 3.5).
enum class GrpcCode {
  kOk = 0,
  kUnknown = 2,
  kInvalidArgument = 3,
  kDeadlineExceeded = 4,
  kNotFound = 5,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kFailedPrecondition = 9,
  kAborted = 10,
  kUnimplemented = 12,
  kInternal = 13,
  kUnavailable = 14,
  kUnauthenticated = 16,
};

struct GrpcStatus {
  GrpcCode code = GrpcCode::kOk;
  std::string message;
  Bytes details;  // an encoded google.rpc.Status, or nothing

  bool ok() const { return code == GrpcCode::kOk; }
};

// As our own kind of error, with `who` (a server) in front.
Error error_of(const GrpcStatus& status, std::string_view who);
// What a server tells for an error of ours.
GrpcCode grpc_code_of(Code code);

// ---- either end

// One uncompressed message frame.
Bytes grpc_frame(ByteView message);

// The only message of a request or of an answer of status 0. kCorrupt when there is none, more than one, a cut or
// compressed frame, or one that is longer than `max_bytes`.
Result<Bytes> grpc_request_message(GrpcWire wire, ByteView body, size_t max_bytes);

// ---- the client's end

struct GrpcReply {
  GrpcStatus status;
  Bytes message;  // when the status is ok
};

using HeaderLookup = std::function<std::string_view(std::string_view name)>;

// kCorrupt for what is no gRPC answer. An HTTP status other than 200 becomes the gRPC status that it means.
Result<GrpcReply> parse_grpc_reply(GrpcWire wire, int http_status, const HeaderLookup& header, ByteView body);

// ---- the server's end (web and web-text)

// Message frame, if the status is ok, and trailers.
std::string grpc_web_body(GrpcWire wire, const GrpcReply& reply);

}  // namespace walrusfs::sui
