#include "localnet/aggregator_concat.h"

#include <nlohmann/json.hpp>

#include "base/crypto.h"
#include "localnet/committee.h"
#include "localnet/query.h"

namespace walrusfs::localnet {
namespace {

using nlohmann::json;

constexpr uint64_t kMaxBodyBytes = 2 << 20;

ConcatRequest refused(int status, std::string text) { return {std::nullopt, text_answer(status, std::move(text))}; }

ConcatRequest wrong_shape(const std::string& why) {
  return refused(422, "Failed to deserialize the JSON body into the target type: " + why);
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> pieces;
  for (size_t start = 0; start <= text.size();) {
    const size_t comma = std::min(text.find(',', start), text.size());
    pieces.push_back(text.substr(start, comma - start));
    start = comma + 1;
  }
  return pieces;
}

// False when it is there and no boolean.
bool read_flag(const json& root, const char* name, bool* flag) {
  if (!root.contains(name) || root[name].is_null()) return true;
  if (!root[name].is_boolean()) return false;
  *flag = root[name].get<bool>();
  return true;
}

std::string joined(const std::vector<std::string>& ids) {
  std::string out;
  for (const std::string& id : ids) out += (out.empty() ? "" : ",") + id;
  return out;
}

HttpAnswer bad_id(const std::string& id) {
  return error_answer({400, "INVALID_ARGUMENT", "INVALID_ID_FORMAT", kDaemonDomain,
                       "neither a blob ID nor an object ID: " + id});
}

}  // namespace

ConcatRequest concat_from_query(const std::string& text) {
  const auto query = Query::parse(text, {"ids"});
  if (!query) return refused(400, query.error().message());
  const auto ids = query->text("ids");
  if (!ids) return refused(400, "Failed to deserialize query string: missing field `ids`");
  ConcatWish wish;
  wish.ids = split(*ids);
  return {std::move(wish), {}};
}

ConcatRequest concat_from_body(HttpCall& call) {
  if (!call.header("Content-Type").value_or("").starts_with("application/json"))
    return refused(415, "Expected request with `Content-Type: application/json`");
  const auto body = read_whole_body(call, kMaxBodyBytes);
  if (!body && body.error().code() == Code::kTooLarge) return refused(413, "length limit exceeded");
  if (!body) return refused(400, body.error().message());
  const json root = json::parse(body->begin(), body->end(), nullptr, false);
  if (root.is_discarded()) return refused(400, "Failed to parse the request body as JSON");
  if (!root.is_object() || !root.contains("ids") || !root["ids"].is_array()) return wrong_shape("missing field `ids`");
  ConcatWish wish;
  for (const json& id : root["ids"]) {
    if (!id.is_string()) return wrong_shape("ids: expected strings");
    wish.ids.push_back(id.get<std::string>());
  }
  if (!read_flag(root, "strict_consistency_check", &wish.strict) ||
      !read_flag(root, "skip_consistency_check", &wish.skip))
    return wrong_shape("expected a boolean");
  return {std::move(wish), {}};
}

ConcatParts resolve_concat(const Ledger& ledger, const std::vector<std::string>& ids) {
  ConcatParts out;
  if (ids.empty()) out.refusal = bad_id("");
  for (const std::string& id : ids) {
    if (auto blob = BlobId::parse(id)) {
      out.parts.push_back({*blob, ""});
      continue;
    }
    const auto object_id = normalise_object_id(id);
    if (!object_id) return {{}, bad_id(id)};
    const auto object = ledger.object(*object_id);
    if (!object) return {{}, object_not_resolved()};
    out.parts.push_back({object->blob, object->id});
  }
  return out;
}

std::string concat_etag(const std::vector<std::string>& ids) {
  const Digest digest = sha256(as_bytes(joined(ids)));
  return to_base64url(digest);
}

}  // namespace walrusfs::localnet
