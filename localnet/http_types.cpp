#include "localnet/http_types.h"

#include "localnet/query.h"

namespace walrusfs::localnet {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

Result<Bytes> read_whole_body(HttpCall& call, uint64_t max_bytes) {
  Bytes body;
  auto announced = parse_decimal(call.header("Content-Length").value_or(""));
  if (announced && *announced <= max_bytes) body.reserve(*announced);
  bool too_large = false;
  bool complete = call.read_body([&](ByteView piece) {
    too_large = body.size() + piece.size() > max_bytes;
    if (!too_large) append(body, piece);
    return !too_large;
  });
  if (too_large) return Error(Code::kTooLarge, "the body is larger than " + std::to_string(max_bytes) + " bytes");
  if (!complete) return Error(Code::kInvalidArgument, "the body ended early");
  return body;
}

HttpAnswer text_answer(int status, std::string text) {
  HttpAnswer answer;
  answer.status = status;
  answer.content_type = "text/plain; charset=utf-8";
  answer.body = std::move(text);
  return answer;
}

HttpAnswer bytes_answer(Bytes body) {
  HttpAnswer answer;
  answer.content_type = "application/octet-stream";
  answer.body.assign(body.begin(), body.end());
  return answer;
}

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      out.push_back(' ');
    } else if (text[i] != '%') {
      out.push_back(text[i]);
    } else {
      if (i + 2 >= text.size()) return std::nullopt;
      int high = hex_digit(text[i + 1]), low = hex_digit(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      out.push_back(static_cast<char>(high * 16 + low));
      i += 2;
    }
  }
  return out;
}

std::optional<std::vector<std::string>> split_path(std::string_view path) {
  std::vector<std::string> pieces;
  if (path.empty() || path.front() != '/') return std::nullopt;
  while (!path.empty()) {
    path.remove_prefix(1);
    std::string_view piece = path.substr(0, path.find('/'));
    auto decoded = percent_decode(piece, false);
    if (!decoded) return std::nullopt;
    pieces.push_back(std::move(*decoded));
    path.remove_prefix(piece.size());
  }
  return pieces;
}

}  // namespace walrusfs::localnet
