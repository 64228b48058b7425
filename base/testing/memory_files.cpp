#include "base/testing/memory_files.h"

#include <algorithm>

namespace walrusfs {
namespace {

constexpr uint64_t kPageBytes = 4096;

Error missing(const std::string& path) { return Error(Code::kNotFound, path + ": no such file"); }

size_t copy_at(ByteView content, uint64_t offset, MutableByteView out) {
  if (offset >= content.size()) return 0;
  const ByteView wanted = content.subspan(offset, std::min<uint64_t>(out.size(), content.size() - offset));
  std::copy(wanted.begin(), wanted.end(), out.begin());
  return wanted.size();
}

void write_into(Bytes& content, uint64_t offset, ByteView data) {
  if (content.size() < offset + data.size()) content.resize(offset + data.size());
  std::copy(data.begin(), data.end(), content.begin() + static_cast<ptrdiff_t>(offset));
}

}  // namespace

class MemoryFile final : public File {
 public:
  MemoryFile(std::shared_ptr<MemoryFiles::Content> content, bool writable)
      : content_(std::move(content)), writable_(writable) {}

  Result<size_t> read_at(uint64_t offset, MutableByteView out) override {
    MutexLock lock(content_->mutex);
    return copy_at(content_->bytes, offset, out);
  }

  Status write_at(uint64_t offset, ByteView data) override {
    if (!writable_) return Error(Code::kPermission, "opened for reading only");
    MutexLock lock(content_->mutex);
    write_into(content_->bytes, offset, data);
    return {};
  }

  Result<uint64_t> size() override {
    MutexLock lock(content_->mutex);
    return uint64_t{content_->bytes.size()};
  }
  // Pages with something in them, as a filesystem with holes has it.
  Result<uint64_t> allocated_bytes() override {
    MutexLock lock(content_->mutex);
    uint64_t filled = 0;
    for (uint64_t at = 0; at < content_->bytes.size(); at += kPageBytes) {
      ByteView page = ByteView(content_->bytes).subspan(at);
      page = page.first(std::min<uint64_t>(page.size(), kPageBytes));
      if (std::any_of(page.begin(), page.end(), [](uint8_t byte) { return byte != 0; })) filled += kPageBytes;
    }
    return std::max(filled, content_->reserved_bytes);
  }

  Status truncate(uint64_t size) override {
    MutexLock lock(content_->mutex);
    content_->bytes.resize(size);
    return {};
  }

  Status punch_hole(ByteRange range) override {
    MutexLock lock(content_->mutex);
    const uint64_t end = std::min<uint64_t>(content_->bytes.size(), range.offset + range.length);
    for (uint64_t at = range.offset; at < end; ++at) content_->bytes[at] = 0;
    return {};
  }

  Status reserve(ByteRange range) override {
    MutexLock lock(content_->mutex);
    content_->reserved_bytes = std::max(content_->reserved_bytes, range.offset + range.length);
    return {};
  }
  Status sync_data() override { return {}; }
  Status sync_filesystem() override { return {}; }

 private:
  const std::shared_ptr<MemoryFiles::Content> content_;
  const bool writable_;
};

Status MemoryFiles::check_parent(const std::string& path) const {
  const std::string parent = path.substr(0, path.rfind('/'));
  return parent.empty() || folders_.contains(parent) ? ok_status() : Status(missing(parent));
}

Result<std::unique_ptr<File>> MemoryFiles::open(const std::string& path, Open how) {
  MutexLock lock(mutex_);
  if (folders_.contains(path)) return Error(Code::kIsDirectory, path + " is a folder");
  auto found = files_.find(path);
  if (found != files_.end() && how == Open::kCreateNew) return Error(Code::kExists, path + " exists");
  if (found == files_.end() && (how == Open::kRead || how == Open::kReadWrite)) return missing(path);
  if (found == files_.end()) WFS_TRY(check_parent(path));
  if (found == files_.end()) found = files_.emplace(path, std::make_shared<Content>()).first;
  return std::unique_ptr<File>(std::make_unique<MemoryFile>(found->second, how != Open::kRead));
}

Status MemoryFiles::rename(const std::string& from, const std::string& to) {
  MutexLock lock(mutex_);
  auto found = files_.find(from);
  if (found == files_.end()) return missing(from);
  auto content = found->second;
  files_.erase(found);
  files_[to] = std::move(content);
  return {};
}

Status MemoryFiles::remove(const std::string& path) {
  MutexLock lock(mutex_);
  return files_.erase(path) == 1 ? ok_status() : Status(missing(path));
}

Status MemoryFiles::make_directories(const std::string& path) {
  MutexLock lock(mutex_);
  for (size_t slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
    const std::string part = path.substr(0, slash);
    if (files_.contains(part)) return Error(Code::kNotDirectory, part + " is a file");
    folders_.insert(part);
    if (slash == std::string::npos) return {};
  }
}

bool MemoryFiles::has_children(const std::string& folder) const {
  const std::string inside = folder + "/";
  auto file = files_.lower_bound(inside);
  auto sub = folders_.lower_bound(inside);
  return (file != files_.end() && file->first.starts_with(inside)) ||
         (sub != folders_.end() && sub->starts_with(inside));
}

Status MemoryFiles::remove_directory(const std::string& path) {
  MutexLock lock(mutex_);
  if (!folders_.contains(path)) return missing(path);
  if (has_children(path)) return Error(Code::kNotEmpty, path + " is not empty");
  folders_.erase(path);
  return {};
}

Result<std::vector<DirectoryItem>> MemoryFiles::list(const std::string& path) {
  MutexLock lock(mutex_);
  const std::string inside = path + "/";
  if (!folders_.contains(path)) return missing(path);
  std::map<std::string, bool> names;  // whether it is a folder
  auto note = [&](const std::string& full, bool folder) {
    const std::string rest = full.substr(inside.size());
    const size_t slash = rest.find('/');
    auto& is_folder = names[rest.substr(0, slash)];
    is_folder = is_folder || folder || slash != std::string::npos;
  };
  for (auto at = files_.lower_bound(inside); at != files_.end() && at->first.starts_with(inside); ++at)
    note(at->first, false);
  for (auto at = folders_.lower_bound(inside); at != folders_.end() && at->starts_with(inside); ++at) note(*at, true);
  std::vector<DirectoryItem> items;
  for (const auto& [name, folder] : names) items.push_back({name, folder});
  return items;
}

Status MemoryFiles::sync_directory(const std::string& path) {
  MutexLock lock(mutex_);
  return folders_.contains(path) ? ok_status() : Status(missing(path));
}

Status MemoryFiles::sync_filesystem(const std::string&) { return {}; }

Result<bool> MemoryFiles::exists(const std::string& path) {
  MutexLock lock(mutex_);
  return files_.contains(path) || folders_.contains(path);
}

Result<DiskSpace> MemoryFiles::space(const std::string&) {
  constexpr uint64_t kEnough = uint64_t{1} << 40;
  return DiskSpace{kEnough, kEnough};
}

void MemoryFiles::wipe(const std::string& folder) {
  MutexLock lock(mutex_);
  const std::string inside = folder + "/";
  std::erase_if(files_, [&](const auto& item) { return item.first.starts_with(inside); });
  std::erase_if(folders_, [&](const std::string& path) { return path.starts_with(inside); });
}

}  // namespace walrusfs
