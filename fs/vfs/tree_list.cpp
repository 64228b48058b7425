// Listing: from memory alone where it knows every name and inode; else the index's rows and the changed names of
// memory, merged in the order of their cookies.
//
// Cookies 1 and 2 are "." and ".."; a name's cookie is its own plus 2.
#include <algorithm>

#include "fs/vfs/tree_vfs.h"

namespace walrusfs {
namespace {

constexpr uint64_t kDotCookie = 1;
constexpr uint64_t kDotDotCookie = 2;
constexpr uint64_t kCookieShift = 2;

}  // namespace

// Rows of the index behind a cookie, and the generation that they belong to.
struct TreeVfs::ListChunk {
  std::vector<ListedEntry> rows;
  std::vector<uint64_t> mapped;  // per row
  uint64_t generation = 0;
  bool is_last = false;
};

Status TreeVfs::list_dots(InodeId directory, uint64_t after, size_t limit, std::vector<DirectoryEntry>& out) {
  return run([&](Wants& wants) REQUIRES(mutex_) -> Status {
    WFS_ASSIGN(Inode * self, need_directory(directory, wants));
    if (after >= kDotDotCookie) return {};
    WFS_ASSIGN(const InodeId parent_id, need_parent(*self, wants));
    WFS_ASSIGN(Inode * parent, need_inode(parent_id, wants));
    if (after < kDotCookie && out.size() < limit) out.push_back({".", kDotCookie, to_attr(*self)});
    if (out.size() < limit) out.push_back({"..", kDotDotCookie, to_attr(*parent)});
    return {};
  });
}

DirectoryEntry TreeVfs::listed_entry(InodeId directory, Inode& inode, const std::string& name, uint64_t cookie) {
  if (inode.is_directory()) inode.parent = directory;
  inode.forgotten = false;
  return {name, cookie + kCookieShift, to_attr(inode)};
}

// Adds what comes behind `after`; adds nothing and says no when a part of it would have to be loaded.
bool TreeVfs::list_from_memory(InodeId directory, uint64_t after, size_t limit, std::vector<DirectoryEntry>& out) {
  MutexLock lock(mutex_);
  if (!names_.complete(directory)) return false;
  const size_t before = out.size();
  const auto names = names_.names_after(directory, after, limit - before);
  out.reserve(before + names.size());
  for (const auto& [name, target] : names) {
    Inode* inode = table_.find(target.child);
    if (inode == nullptr) {
      out.resize(before);
      return false;
    }
    out.push_back(listed_entry(directory, *inode, *name, target.cookie));
  }
  return true;
}

Result<TreeVfs::ListChunk> TreeVfs::list_chunk(InodeId directory, uint64_t after, size_t limit) {
  ListChunk chunk;
  bool all_in_memory = false;
  {
    MutexLock lock(mutex_);
    chunk.generation = generation_;
    const Inode* self = table_.find(directory);
    all_in_memory = self != nullptr && !self->in_index;
  }
  if (!all_in_memory) {
    WFS_ASSIGN(chunk.rows, index_.list(directory, after, limit));
  }
  chunk.is_last = chunk.rows.size() < limit;
  std::vector<bool> known(chunk.rows.size());
  {
    MutexLock lock(mutex_);
    for (size_t i = 0; i < known.size(); ++i) known[i] = table_.find(chunk.rows[i].inode.id) != nullptr;
  }
  chunk.mapped.resize(chunk.rows.size());
  for (size_t i = 0; i < known.size(); ++i)
    if (!known[i]) {
      WFS_ASSIGN(chunk.mapped[i], mapped_bytes_in_index(chunk.rows[i].inode));
    }
  return chunk;
}

// Adds what comes behind `after`, as far as the chunk reaches.
Status TreeVfs::merge_chunk(InodeId directory, uint64_t after, size_t limit, const ListChunk& chunk,
                            std::vector<DirectoryEntry>& out, Wants& wants) {
  struct Merged {
    uint64_t cookie;
    InodeId child;
    const std::string* name;
    size_t row;  // chunk.rows.size(): a changed name
  };
  const uint64_t reach = chunk.is_last ? UINT64_MAX : chunk.rows.back().target.cookie;
  std::vector<Merged> merged;
  for (const auto& [name, target] : names_.changed_between(directory, after, reach, limit - out.size()))
    merged.push_back({target.cookie, target.child, name, chunk.rows.size()});
  for (size_t i = 0; i < chunk.rows.size(); ++i) {
    const ListedEntry& row = chunk.rows[i];
    if (!names_.governs(directory, row.name)) merged.push_back({row.target.cookie, row.target.child, &row.name, i});
  }
  std::sort(merged.begin(), merged.end(), [](const Merged& a, const Merged& b) { return a.cookie < b.cookie; });
  std::vector<DirectoryEntry> entries;
  for (const Merged& one : merged) {
    if (out.size() + entries.size() == limit) break;
    Inode* inode = table_.find(one.child);
    if (inode == nullptr && one.row < chunk.rows.size()) {
      inode = &install(chunk.rows[one.row].inode, chunk.mapped[one.row]);
    } else if (inode == nullptr) {
      WFS_ASSIGN(inode, need_inode(one.child, wants));
    }
    entries.push_back(listed_entry(directory, *inode, *one.name, one.cookie));
  }
  std::move(entries.begin(), entries.end(), std::back_inserter(out));
  return {};
}

Result<std::vector<DirectoryEntry>> TreeVfs::list(InodeId directory, uint64_t after, size_t limit, bool) {
  std::vector<DirectoryEntry> out;
  WFS_TRY(list_dots(directory, after, limit, out));
  uint64_t from = after > kCookieShift ? after - kCookieShift : 0;  // of the index's cookies
  if (list_from_memory(directory, from, limit, out)) return out;
  for (bool is_last = false; out.size() < limit && !is_last;) {
    WFS_ASSIGN(const ListChunk chunk, list_chunk(directory, from, limit - out.size()));
    bool believed = false;
    Status merged = run([&](Wants& wants) REQUIRES(mutex_) -> Status {
      believed = chunk.generation == generation_;
      if (!believed) return {};
      return merge_chunk(directory, from, limit, chunk, out, wants);
    });
    if (!merged.ok()) return merged.error();
    if (!believed) continue;
    is_last = chunk.is_last;
    if (!chunk.rows.empty()) from = chunk.rows.back().target.cookie;
  }
  return out;
}

}  // namespace walrusfs
