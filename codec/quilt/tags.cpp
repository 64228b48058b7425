#include "codec/quilt/tags.h"

#include "base/utf8.h"
#include "codec/quilt/identifier.h"

namespace walrusfs::quilt {
namespace {

Bytes serialized(std::string_view text) {
  BcsWriter out;
  write_string(out, text);
  return out.take();
}

Error too_large(size_t bytes) {
  return Error(Code::kTooLarge, "the tags of a file in a quilt take " + std::to_string(bytes) + " bytes, " +
                                    std::to_string(kMaxTagsBcsBytes) + " are the most");
}

}  // namespace

Result<Tags> Tags::create(const Map& tags) {
  std::map<Bytes, std::string_view> ordered;
  size_t bytes = 3;  // the most that the count takes
  for (const auto& [key, value] : tags) {
    if (!is_utf8(key) || !is_utf8(value)) {
      return Error(Code::kInvalidArgument, "the tags of a file in a quilt must be UTF-8");
    }
    bytes += bcs_string_bytes(key) + bcs_string_bytes(value);
    if (bytes > kMaxTagsBcsBytes + 3) return too_large(bytes - 3);
    ordered.emplace(serialized(key), value);
  }
  BcsWriter out;
  out.uleb(static_cast<uint32_t>(ordered.size()));
  for (const auto& [key, value] : ordered) {
    out.raw(key);
    write_string(out, value);
  }
  Bytes bcs = out.take();
  if (bcs.size() > kMaxTagsBcsBytes) return too_large(bcs.size());
  return Tags(std::move(bcs));
}

Result<Tags> Tags::read(BcsReader& in) {
  WFS_ASSIGN(const uint32_t count, in.uleb(kMaxTagsBcsBytes));
  // BCS has one form only, so writing what was read gives the bytes that were there.
  BcsWriter again;
  again.uleb(count);
  size_t bytes = 1;
  Bytes last_key;
  for (uint32_t i = 0; i < count; ++i) {
    WFS_ASSIGN(const std::string key_text, read_string(in, kMaxTagsBcsBytes));
    WFS_ASSIGN(const std::string value, read_string(in, kMaxTagsBcsBytes));
    bytes += bcs_string_bytes(key_text) + bcs_string_bytes(value);
    if (bytes > kMaxTagsBcsBytes) return in.fail("its tags are too long");
    Bytes key = serialized(key_text);
    if (i > 0 && key <= last_key) return in.fail("its tags are not in order");
    again.raw(key);
    write_string(again, value);
    last_key = std::move(key);
  }
  Bytes bcs = again.take();
  if (bcs.size() > kMaxTagsBcsBytes) return in.fail("its tags are too long");
  return Tags(std::move(bcs));
}

Tags::Map Tags::to_map() const {
  BcsReader in(bcs_, "tags");
  Map out;
  const uint32_t count = in.uleb(kMaxTagsBcsBytes).value();
  for (uint32_t i = 0; i < count; ++i) {
    std::string key = read_string(in, kMaxTagsBcsBytes).value();
    out.emplace(std::move(key), read_string(in, kMaxTagsBcsBytes).value());
  }
  return out;
}

}  // namespace walrusfs::quilt
