#include "localnet/publisher_quilt.h"

#include <list>
#include <nlohmann/json.hpp>

#include "localnet/multipart.h"

namespace walrusfs::localnet {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr const char* kMetadataPart = "_metadata";
constexpr size_t kMaxMetadataBytes = 16 << 20;
constexpr int kMaxNesting = 32;

using TagsByIdentifier = std::map<std::string, quilt::Tags>;

Error malformed(std::string why) { return Error(Code::kInvalidArgument, std::move(why)); }

// A part of the form, read in place.
class PartSource final : public ByteSource {
 public:
  explicit PartSource(ByteView bytes) : bytes_(bytes) {}
  Result<uint64_t> size() override { return bytes_.size(); }
  Result<Bytes> read(ByteRange range) override { return to_bytes(bytes_.subspan(range.offset, range.length)); }

 private:
  const ByteView bytes_;
};

class SpoolSink final : public walrusfs::ByteSink {
 public:
  explicit SpoolSink(ByteSpool& spool) : spool_(spool) {}
  Status write(ByteView bytes) override { return spool_.append(bytes); }

 private:
  ByteSpool& spool_;
};

Result<quilt::Tags> read_tags(const json& item) {
  quilt::Tags::Map tags;
  if (item.contains("tags")) {
    if (!item["tags"].is_object()) return malformed("_metadata: tags must be an object");
    for (const auto& [key, value] : item["tags"].items())
      tags[key] = value.is_string() ? value.get<std::string>() : value.dump();
  }
  auto made = quilt::Tags::create(tags);
  if (!made) return malformed("_metadata: " + made.error().message());
  return made;
}

Result<TagsByIdentifier> read_metadata(ByteView text) {
  if (text.size() > kMaxMetadataBytes) return malformed("_metadata is too long");
  bool too_deep = false;
  const auto watch = [&too_deep](int depth, json::parse_event_t, json&) {
    too_deep = too_deep || depth > kMaxNesting;
    return !too_deep;
  };
  const json root = json::parse(text.begin(), text.end(), watch, false);
  if (too_deep || !root.is_array()) return malformed("_metadata must be a JSON array");
  TagsByIdentifier out;
  for (const json& item : root) {
    if (!item.is_object() || !item.contains("identifier") || !item["identifier"].is_string())
      return malformed("_metadata: every entry needs an identifier");
    const std::string identifier = item["identifier"].get<std::string>();
    WFS_ASSIGN(quilt::Tags tags, read_tags(item));
    if (!out.emplace(identifier, std::move(tags)).second)
      return malformed("_metadata names " + identifier + " more than once");
  }
  return out;
}

Result<TagsByIdentifier> tags_of_form(const std::vector<FormPart>& parts) {
  for (const FormPart& part : parts)
    if (part.name == kMetadataPart) return read_metadata(part.content);
  return TagsByIdentifier();
}

}  // namespace

Result<quilt::Plan> build_quilt_of_form(const CodeShape& shape, const std::string& content_type, ByteView form,
                                        ByteSpool& out) {
  const auto boundary = multipart_boundary(content_type);
  if (!boundary) return malformed("the Content-Type must be multipart/form-data with a boundary");
  WFS_ASSIGN(const std::vector<FormPart> parts, parse_multipart(*boundary, form));
  WFS_ASSIGN(const TagsByIdentifier tags, tags_of_form(parts));
  quilt::Builder builder(shape);
  std::list<PartSource> contents;
  for (const FormPart& part : parts) {
    if (part.name == kMetadataPart) continue;
    contents.emplace_back(part.content);
    const auto known = tags.find(part.name);
    Status added = builder.add(part.name, known == tags.end() ? quilt::Tags() : known->second, contents.back());
    if (!added) return malformed(added.error().message());
  }
  if (contents.empty()) return malformed("the form has no files");
  auto planned = builder.plan();
  if (!planned) return malformed(planned.error().message());
  SpoolSink sink(out);
  return builder.write(sink);
}

std::string quilt_stored_json(const std::string& blob_store_result, const BlobId& blob, const quilt::Plan& plan) {
  ordered_json files = ordered_json::array();
  for (const quilt::IndexEntry& entry : plan.index.entries)
    files.push_back({{"identifier", entry.identifier},
                     {"quiltPatchId", quilt::PatchId{blob, entry.columns}.to_string()},
                     {"range", {entry.columns.begin, entry.columns.end}}});
  return "{\"blobStoreResult\":" + blob_store_result + ",\"storedQuiltBlobs\":" + files.dump() + "}";
}

}  // namespace walrusfs::localnet
