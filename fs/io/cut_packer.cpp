#include "fs/io/cut_packer.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/log.h"
#include "fs/io/change_rows.h"
#include "fs/io/pack_budget.h"

namespace walrusfs {
namespace {

constexpr uint64_t kCopyBytes = limits::kMiB;

pack::MemberType member_type(uint32_t mode) {
  switch (mode & S_IFMT) {
    case S_IFDIR: return pack::MemberType::kDirectory;
    case S_IFLNK: return pack::MemberType::kSymlink;
    case S_IFCHR: return pack::MemberType::kCharDevice;
    case S_IFBLK: return pack::MemberType::kBlockDevice;
    case S_IFIFO: return pack::MemberType::kFifo;
    default: return pack::MemberType::kFile;
  }
}

pack::Member attributes_member(const PlanItem& item, const Xattrs& xattrs) {
  pack::Member member;
  member.path = pack::inode_path(item.row.id);
  member.mode = item.row.mode & 07777;
  member.uid = item.row.uid;
  member.gid = item.row.gid;
  member.mtime = item.row.mtime;
  member.atime = item.row.atime;
  member.ctime = item.row.ctime;
  member.xattrs = to_pack_xattrs(xattrs);
  member.comment = "path=" + item.path;
  return member;
}

// The item under its own path; a file with its holes.
pack::Member whole_member(const PlanItem& item, const Xattrs& xattrs) {
  pack::Member member = attributes_member(item, xattrs);
  member.path = item.path;
  member.comment.clear();
  member.type = member_type(item.row.mode);
  if (S_ISCHR(item.row.mode) || S_ISBLK(item.row.mode)) {
    member.device_major = major(item.row.rdev);
    member.device_minor = minor(item.row.rdev);
  }
  member.link_target = item.row.symlink_target;
  if (member.type != pack::MemberType::kFile) return member;
  member.size = item.row.size;
  std::vector<ByteRange> data;
  for (SpoolRun run = next_spool_run(item.extents, 0, UINT64_MAX); run.length > 0;
       run = next_spool_run(item.extents, run.end(), UINT64_MAX)) {
    data.push_back({run.file_offset, run.length});
  }
  const bool no_holes = data.size() == 1 && data[0] == ByteRange{0, member.size};
  if (member.size > 0 && !no_holes) member.data_ranges = std::move(data);
  return member;
}

pack::Member link_member(const pack::Member& target, const std::string& path) {
  pack::Member member = target;
  member.path = path;
  member.type = pack::MemberType::kHardLink;
  member.link_target = target.path;
  member.size = 0;
  member.data_ranges.reset();
  member.xattrs.clear();
  member.device_major = member.device_minor = 0;
  return member;
}

// What stands at T offsets of one pack becomes rows; neighbours that continue each other are one row.
void add_extent_row(std::vector<pack::ExtentRow>& rows, const pack::ExtentRow& row) {
  if (!rows.empty()) {
    pack::ExtentRow& last = rows.back();
    if (last.pack == row.pack && last.file_offset + last.length == row.file_offset &&
        last.t_offset + last.length == row.t_offset) {
      last.length += row.length;
      return;
    }
  }
  rows.push_back(row);
}

// Sorted and apart: what two files share in a staging file is told once.
std::vector<PackedRange> in_order(std::vector<PackedRange> ranges) {
  std::sort(ranges.begin(), ranges.end(), [](const PackedRange& a, const PackedRange& b) {
    return std::pair(a.staging, a.staging_offset) < std::pair(b.staging, b.staging_offset);
  });
  std::vector<PackedRange> apart;
  for (PackedRange range : ranges) {
    if (!apart.empty() && apart.back().staging == range.staging) {
      const uint64_t end = apart.back().staging_offset + apart.back().length;
      const uint64_t told = end > range.staging_offset ? std::min(end - range.staging_offset, range.length) : 0;
      range.staging_offset += told;
      range.t_offset += told;
      range.length -= told;
    }
    if (range.length > 0) apart.push_back(range);
  }
  return apart;
}

}  // namespace

// One pack in the making.
class PackFill {
 public:
  PackFill(CutPacker& cut, const CutPacker::Target& target, std::unique_ptr<pack::PackWriter> writer)
      : cut_(cut), target_(target), cursor_(cut.cursor_), writer_(std::move(writer)), budget_(target.limit_bytes) {}

  Result<PackedContent> fill_and_finish() {
    if (target_.predecessor) {
      WFS_ASSIGN(pack::ChangesRow row, to_changes_row(*target_.predecessor));
      predecessor_row_ = std::move(row);
    }
    WFS_TRY(fill());
    PackedContent content;
    content.complete = cut_.done();
    WFS_ASSIGN(content.summary, writer_->finish(changes_text(content.complete), cut_.world_.clock.now()));
    content.packed = in_order(std::move(packed_));
    return content;
  }

 private:
  enum class Step { kAdded, kFull };

  Status fill() {
    const PackPlan& plan = cut_.plan_;
    while (cursor_.item < plan.items.size()) {
      WFS_ASSIGN(Step step, add_item(plan.items[cursor_.item]));
      if (step == Step::kFull) return ok_status();
      ++cursor_.item;
      cursor_.in_pieces = false;
      cursor_.next_offset = 0;
      cursor_.rewritten.clear();
    }
    for (; cursor_.loose_row < plan.loose_rows.size(); ++cursor_.loose_row) {
      const pack::ChangesRow& row = plan.loose_rows[cursor_.loose_row];
      if (!budget_.rows_fit(filled(), text_bound(row)) && !budget_.is_untouched()) return ok_status();
      add_row(row);
    }
    return ok_status();
  }

  Result<Step> add_item(const PlanItem& item) {
    if (is_cancelled(&cut_.world_.cancel)) return Error(Code::kCancelled, "packing was cancelled");
    WFS_ASSIGN(Xattrs xattrs, cut_.cut_->xattrs(item.row.id));
    if (cut_.damaged_.contains(cursor_.item)) return add_attributes(item, xattrs);
    if (cursor_.in_pieces || item.packing == Packing::kPieces) return add_pieces(item, xattrs);
    if (item.packing == Packing::kAttributes) return add_attributes(item, xattrs);
    return add_whole(item, xattrs);
  }

  Result<Step> add_whole(const PlanItem& item, const Xattrs& xattrs) {
    const pack::Member member = whole_member(item, xattrs);
    const uint64_t content = member.content_bytes();
    PackBudget::Wanted wanted{member_header_bound(member), rows_bound(item, xattrs)};
    for (const std::string& path : item.more_paths)
      wanted.header_bytes += member_header_bound(link_member(member, path));
    const std::optional<uint64_t> room = budget_.room(filled(), wanted);
    const bool fits = room && content <= *room;
    if (!fits && content > 0 && (content > budget_.whole_file_bytes() || budget_.is_untouched())) {
      cursor_.in_pieces = true;
      return add_pieces(item, xattrs);
    }
    if (!fits && !budget_.is_untouched()) return Step::kFull;
    WFS_ASSIGN([[maybe_unused]] uint64_t t_offset, begin(member, content));
    for (SpoolRun run = next_spool_run(item.extents, 0, UINT64_MAX); run.length > 0;
         run = next_spool_run(item.extents, run.end(), UINT64_MAX)) {
      // Zeros may stand between the ranges of a sparse file; the writer knows.
      WFS_TRY(copy_run(item, run, writer_->t_bytes_so_far()));
    }
    WFS_TRY(writer_->end_member());
    WFS_TRY(add_links(item, member));
    add_rows(item, xattrs);
    return Step::kAdded;
  }

  Status add_links(const PlanItem& item, const pack::Member& target) {
    for (const std::string& path : item.more_paths) {
      if (!path_fits_tar(path)) continue;  // the name is in the changes
      WFS_ASSIGN([[maybe_unused]] uint64_t t_offset, begin(link_member(target, path), 0));
      WFS_TRY(writer_->end_member());
    }
    return ok_status();
  }

  Result<Step> add_pieces(const PlanItem& item, const Xattrs& xattrs) {
    cursor_.in_pieces = true;
    for (;;) {
      const SpoolRun whole_run = next_spool_run(item.extents, cursor_.next_offset, UINT64_MAX);
      if (whole_run.length == 0) return add_attributes(item, xattrs);
      pack::Member member = piece_member(item, whole_run);
      const uint64_t length = piece_length(member, whole_run.length);
      if (length == 0) return Step::kFull;
      const SpoolRun run = next_spool_run(item.extents, cursor_.next_offset, length);
      member.size = run.length;
      WFS_ASSIGN(uint64_t t_offset, begin(member, run.length));
      WFS_TRY(copy_run(item, run, t_offset));
      WFS_TRY(writer_->end_member());
      cursor_.next_offset = run.end();
    }
  }

  static pack::Member piece_member(const PlanItem& item, const SpoolRun& run) {
    pack::Member member = attributes_member(item, {});
    member.path = pack::extent_path(item.row.id, run.file_offset);
    return member;
  }

  // All of it, or whole units; 0 when the pack is full. A pack with nothing in it takes one unit anyway.
  uint64_t piece_length(const pack::Member& member, uint64_t available) const {
    const uint64_t unit = budget_.piece_unit();
    const uint64_t room = budget_.room(filled(), {member_header_bound(member), 0}).value_or(0);
    if (room >= available) return available;
    const uint64_t whole_units = room / unit * unit;
    if (whole_units > 0) return whole_units;
    return budget_.is_untouched() ? std::min(unit, available) : 0;
  }

  Result<Step> add_attributes(const PlanItem& item, const Xattrs& xattrs) {
    const pack::Member member = attributes_member(item, xattrs);
    const PackBudget::Wanted wanted{member_header_bound(member), rows_bound(item, xattrs)};
    if (!budget_.room(filled(), wanted) && !budget_.is_untouched()) return Step::kFull;
    WFS_ASSIGN([[maybe_unused]] uint64_t t_offset, begin(member, 0));
    WFS_TRY(writer_->end_member());
    add_rows(item, xattrs);
    return Step::kAdded;
  }

  Result<uint64_t> begin(const pack::Member& member, uint64_t content) {
    const bool own_frames = content >= limits::kOwnFramesBytes;
    Result<uint64_t> t_offset =
        own_frames ? writer_->begin_member_in_own_frames(member) : writer_->begin_member(member);
    if (!t_offset.ok()) return t_offset.error().with_context(member.path);
    budget_.add_member(own_frames);
    return t_offset;
  }

  // The run's bytes, which begin at `t_offset` of this pack.
  Status copy_run(const PlanItem& item, const SpoolRun& run, uint64_t t_offset) {
    for (const Extent& part : run.parts) {
      const StagingId staging{part.source_id};
      for (uint64_t done = 0; done < part.length;) {
        if (is_cancelled(&cut_.world_.cancel)) return Error(Code::kCancelled, "packing was cancelled");
        buffer_.resize(std::min(kCopyBytes, part.length - done));
        Status got = cut_.world_.spool.read(staging, part.source_offset + done, buffer_);
        if (!got.ok()) return staging_failed(item, got.error());
        WFS_TRY(writer_->write(buffer_));
        done += buffer_.size();
        cut_.filled_bytes_ += buffer_.size();
        cut_.world_.meter.add_packed(buffer_.size());
      }
      const uint64_t at = t_offset + (part.file_offset - run.file_offset);
      packed_.push_back({staging, part.source_offset, part.length, at});
      add_extent_row(cursor_.rewritten, {part.file_offset, part.length, target_.id, at});
    }
    return ok_status();
  }

  // Bytes that are lost here must not keep all others from being published.
  Error staging_failed(const PlanItem& item, const Error& error) {
    if (error.code() == Code::kCorrupt || error.code() == Code::kNotFound) {
      cut_.damaged_.insert(cursor_.item);
      log_error("'{}' is damaged and goes without its newest bytes into the next pack: {}", item.path, error.message());
    }
    return error.with_context(item.path);
  }

  // ---- rows of the changes ----

  void add_row(const pack::ChangesRow& row) {
    budget_.add_rows(text_bound(row));
    rows_.push_back(row);
  }

  uint64_t rows_bound(const PlanItem& item, const Xattrs& xattrs) const {
    uint64_t bytes = text_bound(to_changes_row(item.row)) + text_bound(to_changes_row(item.row.id, xattrs));
    for (const EntryRow& entry : item.entries) bytes += text_bound(to_changes_row(entry));
    pack::ExtentRows extents{item.row.id, {}};
    extents.extents.resize(item.extents.size() + cursor_.rewritten.size());
    return bytes + text_bound(extents);
  }

  void add_rows(const PlanItem& item, const Xattrs& xattrs) {
    add_row(to_changes_row(item.row));
    add_row(to_changes_row(item.row.id, xattrs));
    if (S_ISREG(item.row.mode)) add_row(extent_rows(item));
    for (const EntryRow& entry : item.entries) add_row(to_changes_row(entry));
  }

  pack::ChangesRow extent_rows(const PlanItem& item) const {
    std::vector<pack::ExtentRow> all = cursor_.rewritten;
    for (const Extent& extent : item.extents) {
      if (extent.source != Extent::Source::kPack) continue;
      all.push_back({extent.file_offset, extent.length, PackId{extent.source_id}, extent.source_offset});
    }
    std::sort(all.begin(), all.end(),
              [](const pack::ExtentRow& a, const pack::ExtentRow& b) { return a.file_offset < b.file_offset; });
    pack::ExtentRows rows{item.row.id, {}};
    for (const pack::ExtentRow& row : all) add_extent_row(rows.extents, row);
    for (pack::ExtentRow& row : rows.extents) {
      if (row.pack == target_.id) row.pack = PackId{0};
    }
    return rows;
  }

  std::string changes_text(bool complete) {
    pack::ChangesHeader header;
    header.volume = cut_.options_.volume_id;
    header.pack = target_.id;
    header.sequence = complete ? cut_.sequence() : cut_.previous();
    header.time = cut_.world_.clock.now();
    header.complete = complete;
    if (target_.predecessor) header.predecessor = predecessor_of(*target_.predecessor);
    pack::ChangesWriter text(header);
    if (predecessor_row_) text.add(*predecessor_row_);
    for (const pack::ChangesRow& row : rows_) text.add(row);
    return text.finish();
  }

  PackBudget::Filled filled() const { return {writer_->blob_bytes_so_far(), writer_->t_bytes_so_far()}; }

  CutPacker& cut_;
  const CutPacker::Target& target_;
  CutPacker::Cursor& cursor_;
  const std::unique_ptr<pack::PackWriter> writer_;
  PackBudget budget_;
  std::vector<pack::ChangesRow> rows_;
  std::optional<pack::ChangesRow> predecessor_row_;
  std::vector<PackedRange> packed_;
  Bytes buffer_;
};

CutPacker::CutPacker(const World& world, const Options& options, std::unique_ptr<IndexSnapshot> cut, PackPlan plan,
                     Sequence previous)
    : world_(world), options_(options), cut_(std::move(cut)), plan_(std::move(plan)), previous_(previous) {}

Result<PackedContent> CutPacker::pack_next(ByteSink& out, const Target& target) {
  pack_start_ = cursor_;
  filled_bytes_ = 0;
  world_.meter.begin_pack();
  WFS_ASSIGN(auto writer, pack::PackWriter::create(out, options_.pack, world_.rng));
  return PackFill(*this, target, std::move(writer)).fill_and_finish();
}

void CutPacker::accept() { accepted_bytes_ += std::exchange(filled_bytes_, 0); }

void CutPacker::let_go() {
  for (; items_let_go_ < cursor_.item; ++items_let_go_) {
    std::set<StagingId> stagings;
    for (const Extent& extent : plan_.items[items_let_go_].extents) {
      if (extent.source != Extent::Source::kSpool) continue;
      stagings.insert(StagingId{extent.source_id});
      let_go_bytes_ += extent.length;
    }
    for (StagingId staging : stagings) {
      if (--plan_.staging_uses[staging] == 0) world_.spool.let_go(staging);
    }
  }
}

}  // namespace walrusfs
