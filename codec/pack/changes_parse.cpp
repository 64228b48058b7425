// Text → rows. Every byte is hostile.
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>

#include "base/limits.h"
#include "codec/pack/changes.h"
#include "codec/pack/text_fields.h"

namespace walrusfs::pack {
namespace {

constexpr std::string_view kTitle = "walrusfs-changes ";
constexpr size_t kVolumeBytes = 64;

bool is_volume_id(std::string_view text) {
  return !text.empty() && text.size() <= kVolumeBytes && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || c == '-';
  });
}

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= limits::kNameBytes && name != "." && name != ".." &&
         name.find_first_of(std::string_view("/\0", 2)) == name.npos;
}

InodeId read_inode(LineFields& fields) {
  uint64_t inode = fields.number();
  if (inode == 0) fields.fail();
  return InodeId{inode};
}

PackId read_pack(LineFields& fields) {
  uint64_t pack = fields.number();
  if (pack == 0) fields.fail();
  return PackId{pack};
}

std::string read_name(LineFields& fields) {
  std::string name = fields.text();
  if (!is_name(name)) fields.fail();
  return name;
}

bool is_known_type(uint32_t mode) {
  switch (mode & S_IFMT) {
    case S_IFREG:
    case S_IFDIR:
    case S_IFLNK:
    case S_IFCHR:
    case S_IFBLK:
    case S_IFIFO:
    case S_IFSOCK: break;
    default: return false;
  }
  return (mode & ~uint32_t{S_IFMT | 07777}) == 0;
}

InodeRow read_inode_row(LineFields& fields) {
  InodeRow row;
  row.inode = read_inode(fields);
  row.mode = fields.octal32();
  row.uid = fields.number32();
  row.gid = fields.number32();
  row.size = fields.number(limits::kFileBytes);
  row.nlink = fields.number32();
  row.device_major = fields.number32();
  row.device_minor = fields.number32();
  row.flags = fields.number32();
  row.atime = fields.time();
  row.mtime = fields.time();
  row.ctime = fields.time();
  row.btime = fields.time();
  row.symlink_target = fields.text();
  const bool is_symlink = S_ISLNK(row.mode);
  if (!is_known_type(row.mode) || is_symlink == row.symlink_target.empty() ||
      row.symlink_target.size() > limits::kSymlinkBytes || row.symlink_target.find('\0') != std::string::npos) {
    fields.fail();
  }
  return row;
}

EntryRow read_entry_row(LineFields& fields) {
  EntryRow row;
  row.parent = read_inode(fields);
  row.name = read_name(fields);
  row.inode = read_inode(fields);
  row.cookie = fields.number();
  return row;
}

EntryGone read_entry_gone(LineFields& fields) {
  EntryGone row;
  row.parent = read_inode(fields);
  row.name = read_name(fields);
  return row;
}

PackRow read_pack_row(LineFields& fields) {
  PackRow row;
  row.pack = read_pack(fields);
  row.blob = fields.blob_id();
  row.blob_bytes = fields.number();
  row.t_bytes = fields.number();
  row.z_bytes = fields.number();
  row.frames = fields.place();
  row.age_head = fields.base64_or_dash();
  if (row.frames.z_offset + row.frames.z_length > row.z_bytes || row.z_bytes > row.blob_bytes ||
      row.age_head.size() > limits::kAgeHeaderBytes) {
    fields.fail();
  }
  return row;
}

class ChangesParser {
 public:
  explicit ChangesParser(std::string_view text) : lines_(text) {}

  Result<Changes> parse() {
    Changes changes;
    WFS_TRY(read_title());
    WFS_TRY(read_header(changes.header));
    const uint64_t first_row = lines_.number() + 1;
    while (auto line = lines_.next()) {
      LineFields fields(*line);
      std::string_view kind = fields.word();
      if (kind == "end") {
        uint64_t count = fields.number();
        if (!fields.done() || count != lines_.number() - first_row) return bad("its count of lines does not fit");
        if (!lines_.at_end()) return bad("something follows its end");
        return changes;
      }
      WFS_ASSIGN(ChangesRow row, read_row(kind, fields));
      changes.rows.push_back(std::move(row));
    }
    return bad("the text is cut off");
  }

 private:
  Error bad(std::string_view why) const {
    return Error(Code::kCorrupt, fmt::format("{} line {}: {}", kChangesPath, lines_.number(), why));
  }

  Status read_title() {
    auto line = lines_.next();
    if (!line || !line->starts_with(kTitle)) return bad("this is not a list of changes");
    if (line->substr(kTitle.size()) == "1") return ok_status();
    return Error(Code::kNewerVersion, "the pack's changes are of a newer version; install a newer walrusfs");
  }

  // The next line, which must begin with `keyword`; what follows is in the result.
  Result<LineFields> header_line(std::string_view keyword) {
    LineFields fields(lines_.next().value_or(""));
    if (fields.word() != keyword) return bad(fmt::format("'{}' is expected here", keyword));
    return fields;
  }

  Status read_header(ChangesHeader& header) {
    WFS_ASSIGN(LineFields volume, header_line("volume"));
    header.volume = volume.word();
    if (!volume.done() || !is_volume_id(header.volume)) return bad("this is no volume id");
    WFS_ASSIGN(LineFields pack, header_line("pack"));
    header.pack = read_pack(pack);
    if (!pack.done()) return bad("this is no pack number");
    WFS_ASSIGN(LineFields sequence, header_line("sequence"));
    header.sequence = Sequence{sequence.number()};
    if (!sequence.done()) return bad("this is no sequence");
    WFS_ASSIGN(LineFields time, header_line("time"));
    header.time = time.time();
    if (!time.done()) return bad("this is no time");
    WFS_ASSIGN(LineFields cut, header_line("cut"));
    std::string_view word = cut.word();
    header.complete = word == "complete";
    if (!cut.done() || (word != "complete" && word != "partial")) return bad("a cut is complete or partial");
    return read_previous(header);
  }

  Status read_previous(ChangesHeader& header) {
    auto line = lines_.next();
    if (line == "previous -") return ok_status();
    LineFields fields(line.value_or(""));
    if (fields.word() != "previous") return bad("'previous' is expected here");
    ChangesPredecessor previous;
    previous.pack = read_pack(fields);
    previous.blob = fields.blob_id();
    previous.sequence = Sequence{fields.number()};
    previous.frames = fields.place();
    if (!fields.done()) return bad("this is no predecessor");
    if (previous.pack >= header.pack || previous.sequence > header.sequence) {
      return bad("the predecessor is newer than the pack itself");
    }
    header.predecessor = previous;
    return ok_status();
  }

  Result<ChangesRow> read_row(std::string_view kind, LineFields& fields) {
    if (kind == "xattrs") return read_xattrs(fields);
    if (kind == "extents") return read_extents(fields);
    ChangesRow row;
    if (kind == "inode")
      row = read_inode_row(fields);
    else if (kind == "noinode")
      row = InodeGone{read_inode(fields)};
    else if (kind == "entry")
      row = read_entry_row(fields);
    else if (kind == "noentry")
      row = read_entry_gone(fields);
    else if (kind == "pack")
      row = read_pack_row(fields);
    else if (kind == "nopack")
      row = PackGone{read_pack(fields)};
    else
      return bad("no row is of this kind");
    if (!fields.done()) return bad(fmt::format("a field of this '{}' row cannot be", kind));
    return row;
  }

  // The next line of a group; nothing is reserved for a count that nobody has seen the lines of.
  Result<LineFields> group_line(std::string_view keyword) {
    auto line = lines_.next();
    LineFields fields(line.value_or(""));
    if (!line || fields.word() != keyword) return bad(fmt::format("a line '{}' is missing", keyword));
    return fields;
  }

  Result<ChangesRow> read_xattrs(LineFields& fields) {
    XattrRows rows;
    rows.inode = read_inode(fields);
    const uint64_t count = fields.number();
    if (!fields.done()) return bad("a field of this 'xattrs' row cannot be");
    size_t bytes = 0;
    for (uint64_t i = 0; i < count; ++i) {
      WFS_ASSIGN(LineFields line, group_line("xattr"));
      Xattr xattr;
      xattr.name = line.text();
      xattr.value = to_bytes(as_bytes(line.text()));
      bytes += xattr.name.size() + xattr.value.size();
      if (!line.done() || xattr.name.empty() || xattr.name.size() > limits::kXattrNameBytes ||
          xattr.name.find('\0') != std::string::npos || xattr.value.size() > limits::kXattrValueBytes ||
          bytes > limits::kXattrsPerInodeBytes) {
        return bad("this extended attribute cannot be");
      }
      rows.xattrs.push_back(std::move(xattr));
    }
    return ChangesRow(std::move(rows));
  }

  Result<ChangesRow> read_extents(LineFields& fields) {
    ExtentRows rows;
    rows.inode = read_inode(fields);
    const uint64_t count = fields.number();
    if (!fields.done()) return bad("a field of this 'extents' row cannot be");
    uint64_t end = 0;
    for (uint64_t i = 0; i < count; ++i) {
      WFS_ASSIGN(LineFields line, group_line("extent"));
      ExtentRow extent;
      extent.file_offset = line.number(limits::kFileBytes);
      extent.length = line.number(limits::kFileBytes);
      extent.pack = PackId{line.number()};
      extent.t_offset = line.number(limits::kPackTBytes);
      if (!line.done() || extent.length == 0 || extent.file_offset < end ||
          extent.length > limits::kFileBytes - extent.file_offset) {
        return bad("this extent cannot be");
      }
      end = extent.file_offset + extent.length;
      rows.extents.push_back(extent);
    }
    return ChangesRow(std::move(rows));
  }

  Lines lines_;
};

}  // namespace

Result<Changes> parse_changes(std::string_view text) {
  if (text.size() > limits::kChangesBytes)
    return Error(Code::kTooLarge, "the pack's changes are larger than they may be");
  return ChangesParser(text).parse();
}

}  // namespace walrusfs::pack
