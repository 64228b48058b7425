#include "client/sui/types.h"

#include <algorithm>
#include <array>

#include "base/base58.h"
#include "base/crypto.h"

namespace walrusfs::sui {
namespace {

constexpr size_t kAddressDigits = 64;
constexpr uint8_t kDynamicFieldSalt = 0xf0, kCreatedObjectSalt = 0xf1;

// By TypeTag::Kind; empty where the text has parameters.
constexpr std::array<std::string_view, 11> kSimpleNames = {"bool", "u8", "u64", "u128", "address", "signer",
                                                           "",     "",   "u16", "u32",  "u256"};

Error malformed(std::string_view what, std::string_view text) {
  return Error(Code::kInvalidArgument, "this is no " + std::string(what) + ": " + std::string(text.substr(0, 200)));
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

// "a, b<c, d>" at its outermost commas; nothing when the brackets do not match.
std::vector<std::string_view> split_arguments(std::string_view text) {
  std::vector<std::string_view> parts;
  int depth = 0;
  size_t begin = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '<') ++depth;
    if (text[i] == '>' && --depth < 0) return {};
    if (text[i] != ',' || depth != 0) continue;
    parts.push_back(text.substr(begin, i - begin));
    begin = i + 1;
  }
  if (depth != 0) return {};
  parts.push_back(text.substr(begin));
  return parts;
}

Result<TypeTag> parse_type(std::string_view text, int depth);

Result<std::vector<TypeTag>> parse_arguments(std::string_view text, int depth) {
  std::vector<TypeTag> out;
  const auto parts = split_arguments(text);
  if (parts.empty()) return malformed("list of types", text);
  for (std::string_view part : parts) {
    WFS_ASSIGN(TypeTag tag, parse_type(part, depth));
    out.push_back(std::move(tag));
  }
  return out;
}

Result<TypeTag> parse_struct(std::string_view head, std::vector<TypeTag> params) {
  const size_t first = head.find("::");
  const size_t second = first == std::string_view::npos ? first : head.find("::", first + 2);
  if (second == std::string_view::npos) return malformed("Move type", head);
  const std::string_view module = head.substr(first + 2, second - first - 2);
  const std::string_view name = head.substr(second + 2);
  if (!is_identifier(module) || !is_identifier(name)) return malformed("Move type", head);
  WFS_ASSIGN(const Address address, Address::parse(head.substr(0, first)));
  return TypeTag::structure(address, std::string(module), std::string(name), std::move(params));
}

Result<TypeTag> parse_type(std::string_view text, int depth) {
  text = trimmed(text);
  if (depth > kMaxTypeDepth || text.empty()) return malformed("Move type", text);
  const auto simple = std::find(kSimpleNames.begin(), kSimpleNames.end(), text);
  if (simple != kSimpleNames.end()) return TypeTag::simple(static_cast<TypeTag::Kind>(simple - kSimpleNames.begin()));
  const size_t open = text.find('<');
  if (open == std::string_view::npos) return parse_struct(text, {});
  if (!text.ends_with('>')) return malformed("Move type", text);
  WFS_ASSIGN(auto params, parse_arguments(text.substr(open + 1, text.size() - open - 2), depth + 1));
  if (text.substr(0, open) != "vector") return parse_struct(text.substr(0, open), std::move(params));
  if (params.size() != 1) return malformed("Move type", text);
  return TypeTag::vector_of(std::move(params[0]));
}

Status read_identifier(BcsReader& in, std::string& out) {
  WFS_ASSIGN(const ByteView text, in.bytes(kMaxIdentifierBytes));
  if (!is_identifier(as_text(text))) return in.fail("a name has characters that names do not have");
  out = as_text(text);
  return ok_status();
}

Status read_type(BcsReader& in, TypeTag& tag, int depth);

Status read_params(BcsReader& in, TypeTag& tag, int depth) {
  WFS_ASSIGN(const uint32_t count, in.uleb(static_cast<uint32_t>(in.left())));
  for (uint32_t i = 0; i < count; ++i) WFS_TRY(read_type(in, tag.params.emplace_back(), depth + 1));
  return ok_status();
}

Status read_type(BcsReader& in, TypeTag& tag, int depth) {
  if (depth > kMaxTypeDepth) return in.fail("its types are nested too deeply");
  WFS_ASSIGN(const uint32_t kind, in.uleb(static_cast<uint32_t>(kSimpleNames.size() - 1)));
  tag.kind = static_cast<TypeTag::Kind>(kind);
  if (tag.kind == TypeTag::Kind::kVector) return read_type(in, tag.params.emplace_back(), depth + 1);
  if (tag.kind != TypeTag::Kind::kStruct) return ok_status();
  WFS_TRY(bcs_read(in, tag.address));
  WFS_TRY(read_identifier(in, tag.module));
  WFS_TRY(read_identifier(in, tag.name));
  return read_params(in, tag, depth);
}

std::string joined(const std::vector<TypeTag>& params) {
  std::string out;
  for (const TypeTag& param : params) out += (out.empty() ? "" : ", ") + param.to_string();
  return out;
}

}  // namespace

Result<Address> Address::parse(std::string_view text) {
  if (!text.starts_with("0x")) return malformed("Sui address", text);
  const std::string_view digits = text.substr(2);
  if (digits.empty() || digits.size() > kAddressDigits) return malformed("Sui address", text);
  const auto bytes = from_hex(std::string(kAddressDigits - digits.size(), '0') + std::string(digits));
  if (!bytes) return malformed("Sui address", text);
  Address out;
  std::copy(bytes->begin(), bytes->end(), out.bytes.begin());
  return out;
}

Address Address::of(uint8_t number) {
  Address out;
  out.bytes.back() = number;
  return out;
}

std::string Address::to_string() const { return "0x" + to_hex(bytes); }

Result<SuiDigest> SuiDigest::parse(std::string_view text) {
  SuiDigest out;
  WFS_ASSIGN(const Bytes bytes, from_base58(text, out.bytes.size()));
  std::copy(bytes.begin(), bytes.end(), out.bytes.begin());
  return out;
}

std::string SuiDigest::to_string() const { return to_base58(bytes); }

Status SuiDigest::bcs_read(BcsReader& in) {
  WFS_ASSIGN(const ByteView raw, in.bytes(static_cast<uint32_t>(bytes.size())));
  if (raw.size() != bytes.size()) return in.fail("a digest is too short");
  std::copy(raw.begin(), raw.end(), bytes.begin());
  return ok_status();
}

bool is_identifier(std::string_view text) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  if (text.empty() || text.size() > kMaxIdentifierBytes || !letter(text[0])) return false;
  return std::all_of(text.begin(), text.end(), [&](char c) { return letter(c) || digit(c); });
}

TypeTag TypeTag::structure(Address address, std::string module, std::string name, std::vector<TypeTag> params) {
  return {Kind::kStruct, address, std::move(module), std::move(name), std::move(params)};
}

Result<TypeTag> TypeTag::parse(std::string_view text) { return parse_type(text, 1); }

std::string TypeTag::to_string() const {
  if (kind == Kind::kVector) return "vector<" + joined(params) + ">";
  if (kind != Kind::kStruct) return std::string(kSimpleNames[static_cast<size_t>(kind)]);
  const std::string head = address.to_string() + "::" + module + "::" + name;
  return params.empty() ? head : head + "<" + joined(params) + ">";
}

bool TypeTag::is_struct(const Address& package, std::string_view module_name, std::string_view type_name) const {
  return kind == Kind::kStruct && address == package && module == module_name && name == type_name;
}

bool operator==(const TypeTag& a, const TypeTag& b) {
  return a.kind == b.kind && a.address == b.address && a.module == b.module && a.name == b.name && a.params == b.params;
}

void TypeTag::bcs_write_struct(BcsWriter& out) const {
  walrusfs::bcs_write(out, address);
  walrusfs::bcs_write(out, module);
  walrusfs::bcs_write(out, name);
  walrusfs::bcs_write(out, params);
}

void TypeTag::bcs_write(BcsWriter& out) const {
  out.uleb(static_cast<uint32_t>(kind));
  if (kind == Kind::kVector) params[0].bcs_write(out);
  if (kind == Kind::kStruct) bcs_write_struct(out);
}

Status TypeTag::bcs_read(BcsReader& in) {
  *this = {};
  return read_type(in, *this, 1);
}

TypeTag sui_coin_type() { return TypeTag::structure(kSuiFramework, "sui", "SUI"); }
TypeTag coin_of(TypeTag coin_type) { return TypeTag::structure(kSuiFramework, "coin", "Coin", {std::move(coin_type)}); }
TypeTag field_of(TypeTag key, TypeTag value) {
  return TypeTag::structure(kSuiFramework, "dynamic_field", "Field", {std::move(key), std::move(value)});
}
TypeTag object_key(TypeTag key) {
  return TypeTag::structure(kSuiFramework, "dynamic_object_field", "Wrapper", {std::move(key)});
}

ObjectId dynamic_field_id(const Address& parent, const TypeTag& key_type, ByteView key_bcs) {
  Blake2b256 hash;
  uint8_t length[8];
  store_le(length, uint64_t{key_bcs.size()});
  hash.update({&kDynamicFieldSalt, 1});
  hash.update(parent.bytes);
  hash.update(length);
  hash.update(key_bcs);
  hash.update(bcs_encode(key_type));
  return {hash.finish()};
}

ObjectId created_object_id(const SuiDigest& transaction, uint64_t index) {
  Blake2b256 hash;
  uint8_t number[8];
  store_le(number, index);
  hash.update({&kCreatedObjectSalt, 1});
  hash.update(transaction.bytes);
  hash.update(number);
  return {hash.finish()};
}

}  // namespace walrusfs::sui
