#include "fs/io/pack_builder.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/log.h"
#include "base/mapped_file.h"
#include "codec/encoder.h"

namespace walrusfs {
namespace {

std::vector<FrameRow> to_frame_rows(const pack::PackSummary& summary) {
  std::vector<FrameRow> rows;
  rows.reserve(summary.frames.size());
  for (const pack::FrameInfo& frame : summary.frames) {
    rows.push_back({frame.t_offset, static_cast<uint32_t>(frame.t_length), frame.z_offset,
                    static_cast<uint32_t>(frame.z_length), frame.hash});
  }
  return rows;
}

FrameRow frames_member_row(const pack::PackSummary& summary) {
  FrameRow row;
  if (!summary.frames.empty()) row.t_offset = summary.frames.back().t_offset + summary.frames.back().t_length;
  row.t_length = static_cast<uint32_t>(summary.t_bytes - row.t_offset);
  row.z_offset = summary.frames_place.z_offset;
  row.z_length = static_cast<uint32_t>(summary.frames_place.z_length);
  row.hash = summary.frames_place.hash;
  return row;
}

std::string folder_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

}  // namespace

Result<BlobId> compute_blob_id(Files& files, const std::string& path, const CodeShape& shape, unsigned threads,
                               const CancelToken& cancel) {
  EncodeOptions options;
  options.threads = threads;
  options.progress = [&cancel](uint64_t, uint64_t) { return !cancel.cancelled(); };
  WFS_ASSIGN(auto file, files.open(path, Files::Open::kRead));
  if (file->descriptor() >= 0) {
    WFS_ASSIGN(MappedFile mapped, MappedFile::open(path));
    // Else the whole pack would count as our memory for the time that this takes.
    options.progress = [&](uint64_t, uint64_t) {
      mapped.let_go();
      return !cancel.cancelled();
    };
    WFS_ASSIGN(BlobMetadata metadata, compute_metadata(shape, mapped.bytes(), options));
    return metadata.blob_id();
  }
  WFS_ASSIGN(Bytes content, read_file(files, path, shape.max_blob_bytes()));
  WFS_ASSIGN(BlobMetadata metadata, compute_metadata(shape, content, options));
  return metadata.blob_id();
}

Result<PackRow> PackBuilder::build_next(CutPacker& cut, uint64_t limit_bytes,
                                        const std::optional<PackRow>& predecessor) {
  WFS_ASSIGN(PackId id, world_.index.next_pack_id());
  Result<PackRow> row = build(cut, {id, limit_bytes, predecessor});
  if (row.ok()) {
    world_.spool.pack_added(id, row->blob_bytes);
    return row;
  }
  cut.rewind();
  const std::string path = world_.spool.pack_path(id);
  if (Status removed = world_.files.remove(path); !removed.ok() && removed.error().code() != Code::kNotFound) {
    log_warn("The unfinished pack {} stays until the next mount: {}", path, removed.error().message());
  }
  return row.error().with_context(fmt::format("building pack {}", raw(id)));
}

Result<PackRow> PackBuilder::build(CutPacker& cut, const CutPacker::Target& target) {
  const std::string path = world_.spool.pack_path(target.id);
  WFS_ASSIGN(PackedContent content, write_file(cut, target, path));
  PackRow row;
  row.id = target.id;
  WFS_ASSIGN(row.blob, compute_blob_id(world_.files, path, shape_, encode_threads_, world_.cancel));
  row.blob_bytes = content.summary.blob_bytes;
  row.t_bytes = content.summary.t_bytes;
  row.age_header = content.summary.age_head;
  row.frames_member = frames_member_row(content.summary);
  row.cut = content.complete ? cut.sequence() : Sequence{0};
  row.previous_cut = cut.previous();
  row.built = world_.clock.now();
  Status added = world_.index.add_built_pack(row, to_frame_rows(content.summary), content.packed);
  if (added.ok()) return row;
  (void)world_.index.drop_built_pack(row.id);  // the transaction may have come through after all
  return added.error();
}

Result<PackedContent> PackBuilder::write_file(CutPacker& cut, const CutPacker::Target& target,
                                              const std::string& path) {
  WFS_ASSIGN(auto file, world_.files.open(path, Files::Open::kCreateNew));
  FileSink sink(*file);
  WFS_ASSIGN(PackedContent content, cut.pack_next(sink, target));
  WFS_TRY(file->sync_data());
  WFS_TRY(world_.files.sync_directory(folder_of(path)));
  return content;
}

}  // namespace walrusfs
