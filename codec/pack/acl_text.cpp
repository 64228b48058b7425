#include "codec/pack/acl_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/limits.h"
#include "codec/pack/text_fields.h"

namespace walrusfs::pack {
namespace {

constexpr size_t kMostFields = 4;  // tag, who, permissions, number of who

Error no_list(std::string_view entry) {
  constexpr size_t kShown = 80;
  return Error(Code::kInvalidArgument,
               fmt::format("'{}' is no entry of an access control list", printable(entry.substr(0, kShown))));
}

std::string_view tag_name(AclTag tag) {
  switch (tag) {
    case AclTag::kUserObj:
    case AclTag::kUser: return "user";
    case AclTag::kGroupObj:
    case AclTag::kGroup: return "group";
    case AclTag::kMask: return "mask";
    case AclTag::kOther: return "other";
  }
  WFS_CHECK(false);
}

bool names_somebody(AclTag tag) { return tag == AclTag::kUser || tag == AclTag::kGroup; }

std::string print_entry(const AclEntry& entry) {
  const auto letter = [&](int bit, char c) { return (entry.permissions & bit) != 0 ? c : '-'; };
  return fmt::format("{}:{}:{}{}{}", tag_name(entry.tag), names_somebody(entry.tag) ? std::to_string(entry.id) : "",
                     letter(4, 'r'), letter(2, 'w'), letter(1, 'x'));
}

std::optional<AclTag> parse_tag(std::string_view text, bool somebody) {
  if (text == "user" || text == "u") return somebody ? AclTag::kUser : AclTag::kUserObj;
  if (text == "group" || text == "g") return somebody ? AclTag::kGroup : AclTag::kGroupObj;
  if (somebody) return std::nullopt;
  if (text == "mask" || text == "m") return AclTag::kMask;
  if (text == "other" || text == "o") return AclTag::kOther;
  return std::nullopt;
}

std::optional<uint16_t> parse_permissions(std::string_view text) {
  constexpr std::string_view kLetters = "rwx";
  if (text.size() != kLetters.size()) return std::nullopt;
  uint16_t bits = 0;
  for (size_t i = 0; i < kLetters.size(); ++i) {
    if (text[i] != kLetters[i] && text[i] != '-') return std::nullopt;
    bits = static_cast<uint16_t>(bits << 1 | (text[i] == kLetters[i]));
  }
  return bits;
}

std::optional<uint32_t> parse_id(std::string_view text) {
  uint32_t id = 0;
  auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (bad != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return id;
}

std::string_view trimmed(std::string_view text) {
  text = text.substr(0, text.find('#'));
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

// Up to the first of `ends`, which is taken away as well.
std::string_view take(std::string_view& text, std::string_view ends) {
  const size_t end = std::min(text.find_first_of(ends), text.size());
  const std::string_view taken = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return taken;
}

Result<AclEntry> parse_entry(std::string_view text) {
  std::string_view fields[kMostFields], rest = text;
  for (std::string_view& field : fields) field = take(rest, ":");
  const bool somebody = !fields[1].empty();
  const std::optional<AclTag> tag = parse_tag(fields[0], somebody);
  const std::optional<uint16_t> permissions = parse_permissions(fields[2]);
  if (!tag || !permissions || !rest.empty()) return no_list(text);
  AclEntry entry{.tag = *tag, .permissions = *permissions};
  if (!somebody) return fields[3].empty() ? Result<AclEntry>(entry) : no_list(text);
  const std::optional<uint32_t> id = parse_id(fields[3].empty() ? fields[1] : fields[3]);
  if (!id) return no_list(text);
  entry.id = *id;
  return entry;
}

}  // namespace

std::string print_acl(const Acl& acl) {
  std::string text;
  for (const AclEntry& entry : acl.entries()) text += (text.empty() ? "" : ",") + print_entry(entry);
  return text;
}

Result<Acl> parse_acl(std::string_view text) {
  std::vector<AclEntry> entries;
  while (!text.empty()) {
    const std::string_view one = trimmed(take(text, ",\n"));
    if (one.empty()) continue;
    if (entries.size() == limits::kAclEntries) return no_list(one);
    WFS_ASSIGN(const AclEntry entry, parse_entry(one));
    entries.push_back(entry);
  }
  std::stable_sort(entries.begin(), entries.end(), [](const AclEntry& a, const AclEntry& b) { return a.tag < b.tag; });
  return Acl::make(std::move(entries));
}

}  // namespace walrusfs::pack
