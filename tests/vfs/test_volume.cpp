#include "tests/vfs/test_volume.h"

#include <algorithm>
#include <cstring>

namespace walrusfs {

Status TestContent::read(const std::vector<Extent>& extents, uint64_t offset, MutableByteView out, Deadline) {
  std::fill(out.begin(), out.end(), uint8_t{0});
  for (const Extent& extent : extents) {
    const uint64_t from = std::max(extent.file_offset, offset);
    const uint64_t to = std::min(extent.end(), offset + out.size());
    if (from >= to) continue;
    const uint64_t source = extent.source_offset + (from - extent.file_offset);
    MutableByteView piece = out.subspan(from - offset, to - from);
    if (extent.source == Extent::Source::kSpool) {
      Status got = spool_.read(StagingId{extent.source_id}, source, piece);
      if (!got.ok()) return Error(Code::kStale, got.error().message());
      continue;
    }
    MutexLock lock(mutex_);
    auto pack = packs_.find(extent.source_id);
    if (pack == packs_.end() || source + piece.size() > pack->second.size())
      return Error(Code::kCorrupt, "an extent names bytes that no pack has");
    std::memcpy(piece.data(), pack->second.data() + source, piece.size());
  }
  return {};
}

void TestContent::prefetch(const std::vector<Extent>& ahead) {
  MutexLock lock(mutex_);
  for (const Extent& extent : ahead) prefetched_bytes_ += extent.length;
}

void TestContent::add_pack(PackId id, Bytes t_stream) {
  MutexLock lock(mutex_);
  packs_[raw(id)] = std::move(t_stream);
}

uint64_t TestContent::prefetched_bytes() const {
  MutexLock lock(mutex_);
  return prefetched_bytes_;
}

TestVolume::TestVolume(const Options& options, const std::string& folder)
    : options_(options), folder_(folder.empty() ? own_folder_.path() : folder) {
  if (options_.files == nullptr) options_.files = &system_files();
  if (options_.clock == nullptr) options_.clock = &system_clock();
  open(!must(system_files().exists(folder_ + "/index")));
}

void TestVolume::open(bool create) {
  index_ = std::make_unique<FailingIndex>(must(Index::open({.path = folder_ + "/index", .create = create})));
  const Counters counters = must(index_->counters());
  SpoolOptions spool{.folder = folder_ + "/spool", .bound_bytes = options_.spool_bytes};
  spool.first_staging_id = counters.next_staging;
  spool_ = must(Spool::open(*options_.files, spool));
  std::vector<PackId> built;
  for (const PackRow& pack : must(index_->packs(PackState::kBuilt))) built.push_back(pack.id);
  const SpoolReport report = must(spool_->reconcile(must(index_->staging_in_use()), built));
  options_.vfs.damaged_staging = report.missing;
  options_.vfs.damaged_staging.insert(options_.vfs.damaged_staging.end(), report.too_short.begin(),
                                      report.too_short.end());
  held_ = std::make_unique<HeldSpool>(*spool_);
  content_ = std::make_unique<TestContent>(*held_);
  for (const auto& [id, bytes] : packs_) content_->add_pack(PackId{id}, bytes);
  vfs_ = must(Vfs::open({*index_, *held_, *content_, *options_.clock}, options_.vfs));
}

void TestVolume::crash_and_reopen() {
  vfs_.reset();
  content_.reset();
  held_.reset();
  spool_.reset();
  index_.reset();
  open(false);
}

void TestVolume::journal_and_reopen() {
  must(fs().journal_now());
  crash_and_reopen();
}

TestVolume::Packed TestVolume::build_pack() {
  held_->hold_all();
  auto snapshot = must(fs().cut());
  Packed packed;
  packed.pack.id = must(index_->next_pack_id());
  packed.pack.previous_cut = must(index_->published());
  if (snapshot->sequence() > packed.pack.previous_cut) packed.pack.cut = snapshot->sequence();
  Bytes t_stream;
  std::map<std::pair<uint64_t, uint64_t>, PackedRange> ranges;
  for (const InodeRow& row : must(snapshot->changed_since(packed.pack.previous_cut)).inodes) {
    for (const Extent& extent : must(snapshot->extents(row.id))) {
      if (extent.source != Extent::Source::kSpool) continue;
      Bytes bytes(extent.length);
      must(spool_->read(StagingId{extent.source_id}, extent.source_offset, bytes));
      ranges[{extent.source_id, extent.source_offset}] = {StagingId{extent.source_id}, extent.source_offset,
                                                         extent.length, t_stream.size()};
      append(t_stream, bytes);
    }
  }
  constexpr uint32_t kListBytes = 1;  // where the list of frames would stand
  packed.pack.frames_member = {.t_offset = t_stream.size(), .t_length = kListBytes, .z_offset = t_stream.size(),
                               .z_length = kListBytes};
  packed.pack.t_bytes = packed.pack.blob_bytes = t_stream.size() + kListBytes;
  for (const auto& [place, range] : ranges) packed.ranges.push_back(range);
  snapshot.reset();
  held_->let_go_all();
  packs_[raw(packed.pack.id)] = t_stream;
  content_->add_pack(packed.pack.id, t_stream);
  std::vector<FrameRow> frames;
  constexpr uint32_t kFrame = 1 << 20;
  for (uint64_t at = 0; at < t_stream.size(); at += kFrame) {
    const auto length = static_cast<uint32_t>(std::min<uint64_t>(kFrame, t_stream.size() - at));
    frames.push_back({.t_offset = at, .t_length = length, .z_offset = at, .z_length = length});
  }
  must(index_->add_built_pack(packed.pack, frames, packed.ranges));
  packed.pack.state = PackState::kCertified;
  return packed;
}

void TestVolume::publish() { adopt(build_pack()); }

InodeId TestVolume::find(const std::string& path) { return must(stat(path)).id; }

Result<Attr> TestVolume::stat(const std::string& path) {
  if (path.empty()) return fs().getattr(kRootInode);
  InodeId at = kRootInode;
  for (size_t from = 0;;) {
    const size_t slash = path.find('/', from);
    WFS_ASSIGN(const Attr attr, fs().lookup(at, path.substr(from, slash - from)));
    if (slash == std::string::npos) return fs().getattr(attr.id);
    at = attr.id;
    from = slash + 1;
  }
}

std::pair<InodeId, std::string> TestVolume::place(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return {kRootInode, path};
  return {find(path.substr(0, slash)), path.substr(slash + 1)};
}

InodeId TestVolume::make_file(const std::string& path, std::string_view content, uint32_t mode) {
  auto [folder, name] = place(path);
  const InodeId id = must(fs().create(folder, name, mode, {})).id;
  must(fs().write(id, 0, as_bytes(content)));
  fs().release(id);
  return id;
}

InodeId TestVolume::make_folder(const std::string& path, uint32_t mode) {
  auto [folder, name] = place(path);
  return must(fs().mkdir(folder, name, mode, {})).id;
}

void TestVolume::write(const std::string& path, uint64_t offset, std::string_view bytes) {
  must(fs().write(find(path), offset, as_bytes(bytes)));
}

std::string TestVolume::read(const std::string& path) { return read(find(path)); }

std::string TestVolume::read(InodeId id) {
  Bytes buffer(must(fs().getattr(id)).size + 10);
  const size_t got = must(fs().read(id, 0, buffer));
  return std::string(as_text(ByteView(buffer).first(got)));
}

Status TestVolume::unlink(const std::string& path) {
  auto [folder, name] = place(path);
  return fs().unlink(folder, name);
}

Status TestVolume::rmdir(const std::string& path) {
  auto [folder, name] = place(path);
  return fs().rmdir(folder, name);
}

Status TestVolume::rename(const std::string& from, const std::string& to, RenameMode mode) {
  auto [folder, name] = place(from);
  auto [new_folder, new_name] = place(to);
  return fs().rename(folder, name, new_folder, new_name, mode);
}

std::vector<std::string> TestVolume::names(const std::string& path, size_t chunk) {
  std::vector<std::string> out;
  const InodeId folder = find(path);
  for (uint64_t after = 0;;) {
    const auto entries = must(fs().list(folder, after, chunk, true));
    if (entries.empty()) return out;
    for (const DirectoryEntry& entry : entries) {
      EXPECT_GT(entry.cookie, after);
      after = entry.cookie;
      if (entry.name != "." && entry.name != "..") out.push_back(entry.name);
    }
  }
}

void TestVolume::expect_sound() {
  for (const std::string& sentence : must(index_->check())) ADD_FAILURE() << sentence;
}

}  // namespace walrusfs
