#include "localnet/aggregator_quilts.h"

#include <nlohmann/json.hpp>

#include "base/log.h"

namespace walrusfs::localnet {
namespace {

using nlohmann::ordered_json;

constexpr uint64_t kInMemoryBytes = 16 << 20;  // larger files are read while they are sent
constexpr uint64_t kPieceBytes = 1 << 20;

HttpAnswer bad_quilt_id() { return text_answer(400, "Invalid URL: failed to parse the quilt ID"); }

HttpAnswer patch_not_found() {
  return error_answer({404, "NOT_FOUND", "QUILT_PATCH_NOT_FOUND", kDaemonDomain,
                       "the requested file does not exist in the quilt"});
}

Attributes attributes_of(const quilt::Tags& tags) {
  Attributes out;
  for (auto& [key, value] : tags.to_map()) out.emplace_back(key, value);
  return out;
}

}  // namespace

// A reader with the columns that it reads; shared with a stream that goes on after the handler.
struct AggregatorQuilts::Opened {
  quilt::SliverColumns columns;
  std::optional<quilt::Reader> reader;

  Opened(BlobReader& blobs, const BlobId& blob, const MetadataPtr& metadata)
      : columns(metadata->shape(), metadata->symbol_bytes(),
                [&blobs, blob, metadata](SliverIndex index) { return blobs.column(blob, metadata, index); }) {}

  // Hands the file over piece by piece; kCancelled when the sink says stop.
  Status read(const quilt::QuiltFile& file, const ByteSink& sink) {
    for (uint64_t at = 0; at < file.bytes(); at += kPieceBytes) {
      WFS_ASSIGN(const Bytes piece, reader->read(file, {at, std::min(kPieceBytes, file.bytes() - at)}));
      if (!sink(piece)) return Error(Code::kCancelled, "the reader went away");
    }
    return {};
  }
};

Result<std::shared_ptr<AggregatorQuilts::Opened>> AggregatorQuilts::open(const BlobId& quilt) {
  WFS_ASSIGN(const MetadataPtr metadata, reader_.metadata(quilt));
  auto opened = std::make_shared<Opened>(reader_, quilt, metadata);
  WFS_ASSIGN(quilt::Reader reader,
             quilt::Reader::create(metadata->shape(), metadata->blob_bytes(), opened->columns));
  opened->reader.emplace(std::move(reader));
  return opened;
}

HttpAnswer AggregatorQuilts::by_patch_id(HttpCall& call, const std::string& patch_id) {
  const auto patch = quilt::PatchId::parse(patch_id);
  if (!patch) return text_answer(400, "Invalid URL: failed to parse the quilt patch ID");
  auto opened = open(patch->quilt);
  if (!opened) return read_failure(opened.error(), true);
  auto file = (*opened)->reader->open(patch->columns);
  if (file) return send(call, patch->quilt, std::move(*opened), std::move(*file));
  // No such columns, or no file begins there.
  if (file.error().code() == Code::kInvalidArgument || file.error().code() == Code::kCorrupt) return patch_not_found();
  return read_failure(file.error(), true);
}

HttpAnswer AggregatorQuilts::by_identifier(HttpCall& call, const std::string& quilt_id,
                                           const std::string& identifier) {
  const auto quilt = BlobId::parse(quilt_id);
  if (!quilt) return bad_quilt_id();
  auto opened = open(*quilt);
  if (!opened) return read_failure(opened.error(), true);
  const auto index = (*opened)->reader->read_index();
  if (!index) return read_failure(index.error(), true);
  const quilt::IndexEntry* entry = index->find(identifier);
  if (entry == nullptr) return patch_not_found();
  auto file = (*opened)->reader->open(*entry);
  if (!file) return read_failure(file.error(), true);
  return send(call, *quilt, std::move(*opened), std::move(*file));
}

HttpAnswer AggregatorQuilts::list(const std::string& quilt_id) {
  const auto quilt = BlobId::parse(quilt_id);
  if (!quilt) return bad_quilt_id();
  auto opened = open(*quilt);
  if (!opened) return read_failure(opened.error(), true);
  const auto index = (*opened)->reader->read_index();
  if (!index) return read_failure(index.error(), true);
  ordered_json out = ordered_json::array();
  for (const quilt::IndexEntry& entry : index->entries)
    out.push_back({{"identifier", entry.identifier},
                   {"patch_id", quilt::PatchId{*quilt, entry.columns}.to_string()},
                   {"tags", entry.tags.to_map()}});
  return json_answer(200, out.dump());
}

HttpAnswer AggregatorQuilts::send(HttpCall& call, const BlobId& quilt, std::shared_ptr<Opened> opened,
                                  quilt::QuiltFile file) {
  HttpAnswer answer = dressed(call, {}, quilt.to_string());
  if (is_header_text(file.header.identifier)) answer.with("X-Quilt-Patch-Identifier", file.header.identifier);
  add_attributes(attributes_of(file.header.tags), rule_.all_quilt_tags ? nullptr : &rule_.allowed, answer);
  if (file.bytes() <= kInMemoryBytes) {
    Status read = opened->read(file, [&](ByteView piece) {
      answer.body.append(as_text(piece));
      return true;
    });
    return read.ok() ? answer : read_failure(read.error(), true);
  }
  const uint64_t length = file.bytes();
  answer.stream = HttpStream{length, [opened, file = std::move(file), quilt](const ByteSink& sink) {
                               Status sent = opened->read(file, sink);
                               if (!sent && sent.error().code() != Code::kCancelled)
                                 log_warn("aggregator: quilt {} broke off: {}", quilt.to_string(),
                                          sent.error().to_string());
                               return sent.ok();
                             }};
  return answer;
}

}  // namespace walrusfs::localnet
