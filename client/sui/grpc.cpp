#include "client/sui/grpc.h"

#include <algorithm>
#include <charconv>
#include <vector>

namespace walrusfs::sui {
namespace {

constexpr size_t kPrefixBytes = 5;
constexpr uint8_t kCompressedFlag = 0x01, kTrailersFlag = 0x80;
constexpr uint32_t kHighestCode = 16;

Error malformed(std::string_view why) {
  return Error(Code::kCorrupt, "the gRPC message is malformed: " + std::string(why));
}

struct Frame {
  uint8_t flags = 0;
  ByteView payload;
};

Result<std::vector<Frame>> split_frames(ByteView body) {
  std::vector<Frame> frames;
  while (!body.empty()) {
    if (body.size() < kPrefixBytes) return malformed("a frame is cut off");
    const uint64_t length = uint64_t{body[1]} << 24 | body[2] << 16 | body[3] << 8 | body[4];
    if (length > body.size() - kPrefixBytes) return malformed("a frame is cut off");
    if (body[0] & kCompressedFlag) return malformed("it is compressed, though nobody asked for that");
    if (body[0] & ~kTrailersFlag) return malformed("a frame has unknown flags");
    frames.push_back({body[0], body.subspan(kPrefixBytes, length)});
    body = body.subspan(kPrefixBytes + length);
  }
  return frames;
}

void append_frame(Bytes& out, uint8_t flags, ByteView payload) {
  const auto length = static_cast<uint32_t>(payload.size());
  for (const uint32_t byte : {uint32_t{flags}, length >> 24, length >> 16, length >> 8, length})
    out.push_back(static_cast<uint8_t>(byte));
  append(out, payload);
}

// Base64 that may end and begin anew after any padding.
Result<Bytes> from_base64_pieces(std::string_view text) {
  Bytes out;
  while (!text.empty()) {
    const size_t padding = std::min(text.find('='), text.size());
    size_t end = padding;
    while (end < text.size() && text[end] == '=' && end % 4 != 0) ++end;
    const auto piece = from_base64(text.substr(0, end));
    if (!piece || end == 0) return malformed("its base64 is broken");
    append(out, *piece);
    text.remove_prefix(end);
  }
  return out;
}

Result<Bytes> unwrapped(GrpcWire wire, ByteView body) {
  if (wire == GrpcWire::kWebText) return from_base64_pieces(as_text(body));
  return to_bytes(body);
}

// ---- status as text

// All but letters, digits and the marks that web browsers leave alone.
bool needs_escape(char c) {
  const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  return !plain && std::string_view("-_.!~*'()").find(c) == std::string_view::npos;
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<uint8_t>(c);
    if (needs_escape(c)) {
      out += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    } else {
      out += c;
    }
  }
  return out;
}

// What is no escape stays as it is: a message is for people.
std::string percent_decoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto escape =
        text[i] == '%' && i + 2 < text.size() ? from_hex(text.substr(i + 1, 2)) : Result<Bytes>(malformed(""));
    if (!escape) {
      out += text[i];
      continue;
    }
    out += static_cast<char>((*escape)[0]);
    i += 2;
  }
  return out;
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

// The value of "name:value" among lines that end in CR LF.
std::string_view trailer(std::string_view lines, std::string_view name) {
  while (!lines.empty()) {
    const size_t end = std::min(lines.find("\r\n"), lines.size());
    const std::string_view line = lines.substr(0, end);
    if (line.starts_with(name) && line.substr(name.size()).starts_with(':'))
      return trimmed(line.substr(name.size() + 1));
    lines.remove_prefix(std::min(end + 2, lines.size()));
  }
  return {};
}

Result<GrpcStatus> read_status(const HeaderLookup& field) {
  const std::string_view text = field("grpc-status");
  uint32_t code = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), code);
  if (text.empty() || parsed.ptr != text.data() + text.size() || parsed.ec != std::errc() || code > kHighestCode)
    return malformed("it ends without a status");
  GrpcStatus status{static_cast<GrpcCode>(code), percent_decoded(field("grpc-message")), {}};
  const std::string_view details = field("grpc-status-details-bin");
  if (auto bytes = from_base64(details, details.ends_with('=')); bytes.ok()) status.details = std::move(*bytes);
  return status;
}

GrpcStatus status_of_http(int http_status) {
  const std::string message = "HTTP status " + std::to_string(http_status);
  switch (http_status) {
    case 401: return {GrpcCode::kUnauthenticated, message, {}};
    case 403: return {GrpcCode::kPermissionDenied, message, {}};
    case 404: return {GrpcCode::kUnimplemented, message, {}};
    case 429:
    case 502:
    case 503:
    case 504: return {GrpcCode::kUnavailable, message, {}};
    default: return {GrpcCode::kUnknown, message, {}};
  }
}

Code code_of(GrpcCode code) {
  switch (code) {
    case GrpcCode::kInvalidArgument: return Code::kInvalidArgument;
    case GrpcCode::kDeadlineExceeded: return Code::kTimeout;
    case GrpcCode::kNotFound: return Code::kNotFound;
    case GrpcCode::kPermissionDenied:
    case GrpcCode::kUnauthenticated: return Code::kPermission;
    case GrpcCode::kFailedPrecondition: return Code::kBusy;
    case GrpcCode::kAborted: return Code::kExists;
    case GrpcCode::kUnimplemented: return Code::kNotSupported;
    case GrpcCode::kResourceExhausted:
    case GrpcCode::kInternal:
    case GrpcCode::kUnavailable: return Code::kUnavailable;
    default: return Code::kInternal;
  }
}

struct Pieces {
  std::vector<ByteView> messages;
  std::optional<ByteView> trailers;
};

Result<Pieces> sort_frames(ByteView body) {
  WFS_ASSIGN(const std::vector<Frame> frames, split_frames(body));
  Pieces pieces;
  for (const Frame& frame : frames) {
    if (pieces.trailers) return malformed("something follows its trailers");
    if (frame.flags & kTrailersFlag) {
      pieces.trailers = frame.payload;
    } else {
      pieces.messages.push_back(frame.payload);
    }
  }
  return pieces;
}

}  // namespace

std::optional<GrpcWire> grpc_wire_of(std::string_view content_type) {
  const std::string_view type = trimmed(content_type.substr(0, content_type.find(';')));
  const auto is = [type](std::string_view name) { return type == name || type == std::string(name) + "+proto"; };
  if (is("application/grpc-web-text")) return GrpcWire::kWebText;
  if (is("application/grpc-web")) return GrpcWire::kWeb;
  if (is("application/grpc")) return GrpcWire::kNative;
  return std::nullopt;
}

std::string_view grpc_content_type(GrpcWire wire) {
  switch (wire) {
    case GrpcWire::kNative: return "application/grpc+proto";
    case GrpcWire::kWeb: return "application/grpc-web+proto";
    case GrpcWire::kWebText: return "application/grpc-web-text+proto";
  }
  return {};
}

Error error_of(const GrpcStatus& status, std::string_view who) {
  const std::string number = std::to_string(static_cast<int>(status.code));
  return Error(code_of(status.code), std::string(who) + ": " + status.message + " (gRPC status " + number + ")");
}

GrpcCode grpc_code_of(Code code) {
  switch (code) {
    case Code::kInvalidArgument:
    case Code::kCorrupt:
    case Code::kTooLarge: return GrpcCode::kInvalidArgument;
    case Code::kNotFound: return GrpcCode::kNotFound;
    case Code::kBusy: return GrpcCode::kFailedPrecondition;
    case Code::kNotSupported: return GrpcCode::kUnimplemented;
    case Code::kUnavailable: return GrpcCode::kUnavailable;
    case Code::kTimeout: return GrpcCode::kDeadlineExceeded;
    default: return GrpcCode::kInternal;
  }
}

Bytes grpc_frame(ByteView message) {
  Bytes out;
  append_frame(out, 0, message);
  return out;
}

Result<Bytes> grpc_request_message(GrpcWire wire, ByteView body, size_t max_bytes) {
  WFS_ASSIGN(const Bytes plain, unwrapped(wire, body));
  WFS_ASSIGN(const Pieces pieces, sort_frames(plain));
  if (pieces.messages.size() != 1 || pieces.trailers) return malformed("there is not exactly one message");
  if (pieces.messages[0].size() > max_bytes) return malformed("it is too long");
  return to_bytes(pieces.messages[0]);
}

Result<GrpcReply> parse_grpc_reply(GrpcWire wire, int http_status, const HeaderLookup& header, ByteView body) {
  if (http_status != 200) return GrpcReply{status_of_http(http_status), {}};
  WFS_ASSIGN(const Bytes plain, unwrapped(wire, body));
  WFS_ASSIGN(const Pieces pieces, sort_frames(plain));
  GrpcReply reply;
  const HeaderLookup in_body = [&](std::string_view name) { return trailer(as_text(*pieces.trailers), name); };
  WFS_ASSIGN(reply.status, read_status(pieces.trailers ? in_body : header));
  if (!reply.status.ok()) return reply;
  if (pieces.messages.size() != 1) return malformed("there is not exactly one message");
  reply.message = to_bytes(pieces.messages[0]);
  return reply;
}

std::string grpc_web_body(GrpcWire wire, const GrpcReply& reply) {
  Bytes out;
  if (reply.status.ok()) append_frame(out, 0, reply.message);
  std::string trailers = "grpc-status:" + std::to_string(static_cast<int>(reply.status.code)) + "\r\n";
  if (!reply.status.message.empty()) trailers += "grpc-message:" + percent_encoded(reply.status.message) + "\r\n";
  if (!reply.status.details.empty())
    trailers += "grpc-status-details-bin:" + to_base64(reply.status.details, false) + "\r\n";
  append_frame(out, kTrailersFlag, as_bytes(trailers));
  return wire == GrpcWire::kWebText ? to_base64(out) : std::string(as_text(out));
}

}  // namespace walrusfs::sui
