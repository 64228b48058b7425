#include "cli/volume.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>

#include <cerrno>

#include <nlohmann/json.hpp>

#include "base/crypto.h"
#include "base/limits.h"

namespace walrusfs::cli {
namespace {

constexpr uint64_t kKeyFileBytes = 64 * limits::kKiB;
constexpr uint64_t kRecordBytes = 64 * limits::kKiB;

Status write_key(Files& files, Rng& rng, const Volume& volume, const pack::AgeIdentity& identity,
                 const std::optional<std::string>& passphrase) {
  if (passphrase) {
    WFS_ASSIGN(Bytes wrapped, pack::wrap_identity(identity, *passphrase, rng));
    return write_file_durably(files, volume.wrapped_key_path(), wrapped);
  }
  std::string text = identity.print() + "\n";
  Status written = write_file_durably(files, volume.key_path(), as_bytes(text));
  wipe({reinterpret_cast<uint8_t*>(text.data()), text.size()});
  return written;
}

// As ssh does: who leaves a key open should hear of it before somebody else does.
Status check_private(const std::string& key_path) {
  struct stat info;
  if (stat(key_path.c_str(), &info) != 0) return error_from_errno(errno, "look at the key " + key_path);
  if ((info.st_mode & (S_IRWXG | S_IRWXO)) == 0) return {};
  return Error(Code::kWrongKey, fmt::format("the key {} is open to other users of this machine (mode {:04o}); close it "
                                            "with: chmod 600 {}",
                                            key_path, info.st_mode & 07777, key_path));
}

Error without_index(const Volume& volume, const std::string& what) {
  return Error(
      Code::kCorrupt,
      fmt::format("volume '{}': {}. What the network and the spool hold is not touched by that. Copy the folder "
                  "{}, then put a backup of index.sqlite in its place. Without a backup the files come back "
                  "pack by pack: {} lists the packs, and 'walrusfs pack extract --volume {} --to DIR BLOB-ID' "
                  "restores one (docs/operations.md, \"index damaged\")",
                  volume.name, what, volume.folder, volume.pack_list_path(), volume.name));
}

std::string known_volumes(Files& files, const Places& places) {
  const auto names = list_volumes(files, places);
  if (names.empty()) return "there is none yet";
  return fmt::format("there are: {}", fmt::join(names, ", "));
}

}  // namespace

Result<std::optional<pack::AgeIdentity>> format_volume(Files& files, Rng& rng, const Places& places,
                                                       const FormatOptions& options) {
  WFS_TRY(check_volume_name(options.name));
  const Volume volume{options.name, places.volume(options.name), {}};
  WFS_ASSIGN(bool exists, files.exists(volume.folder + "/volume.toml"));
  if (exists) {
    return Error(Code::kExists, fmt::format("there is a volume '{}' already, in {}; nothing was changed", options.name,
                                            volume.folder));
  }
  WFS_TRY(files.make_directories(volume.folder));
  std::optional<pack::AgeIdentity> identity;
  if (!options.is_public) {
    identity = options.identity ? *options.identity : pack::AgeIdentity::generate(rng);
    WFS_TRY(write_key(files, rng, volume, *identity, options.passphrase));
  }
  {
    WFS_ASSIGN(auto index, Index::open({.path = volume.index_path(), .create = true}));
    uint8_t id[16];
    rng.fill(id);
    WFS_TRY(index->set_setting("volume_id", to_hex(id)));
    WFS_TRY(index->set_setting("recipient", identity ? identity->recipient().to_string() : "public"));
  }
  // Last: a folder with volume.toml is a complete volume.
  WFS_TRY(write_file_durably(files, volume.folder + "/volume.toml", as_bytes(options.settings)));
  return identity;
}

Result<Volume> open_volume(Files& files, const Places& places, const std::string& name) {
  WFS_TRY(check_volume_name(name));
  Volume volume{name, places.volume(name), {}};
  WFS_ASSIGN(bool exists, files.exists(volume.folder + "/volume.toml"));
  if (!exists) {
    return Error(Code::kNotFound, fmt::format("no volume '{}' on this machine ({}); make it with: walrusfs format {}",
                                              name, known_volumes(files, places), name));
  }
  WFS_ASSIGN(volume.config, load_config(places.config, {}));
  WFS_ASSIGN(volume.config, load_config(volume.folder + "/volume.toml", volume.config));
  return volume;
}

Result<std::unique_ptr<Index>> open_index(const Volume& volume) {
  WFS_ASSIGN(const bool there, system_files().exists(volume.index_path()));
  if (!there) return without_index(volume, "its index " + volume.index_path() + " is missing");
  auto index = Index::open({.path = volume.index_path(), .create = false});
  if (index.ok()) return index;
  if (index.error().code() == Code::kCorrupt) return without_index(volume, index.error().message());
  return index.error().with_context("volume '" + volume.name + "'");
}

std::vector<std::string> list_volumes(Files& files, const Places& places) {
  std::vector<std::string> names;
  auto items = files.list(places.volumes());
  if (!items.ok()) return names;
  for (const DirectoryItem& item : *items) {
    auto complete = files.exists(places.volume(item.name) + "/volume.toml");
    if (complete.ok() && *complete) names.push_back(item.name);
  }
  return names;
}

Result<pack::AgeIdentity> load_key(Files& files, const Volume& volume,
                                   const std::function<Result<std::string>()>& ask) {
  WFS_ASSIGN(bool wrapped, files.exists(volume.wrapped_key_path()));
  if (!wrapped) {
    WFS_ASSIGN(bool plain, files.exists(volume.key_path()));
    if (!plain) {
      return Error(Code::kWrongKey,
                   fmt::format("the key of volume '{}' is not there: put the line AGE-SECRET-KEY-1… that"
                               " 'format' showed into {} (mode 0600)",
                               volume.name, volume.key_path()));
    }
    WFS_TRY(check_private(volume.key_path()));
    WFS_ASSIGN(Bytes text, read_file(files, volume.key_path(), kKeyFileBytes));
    auto identity = pack::AgeIdentity::parse(as_text(text));
    wipe(text);
    if (!identity.ok()) return identity.error().with_context(volume.key_path());
    return identity;
  }
  WFS_ASSIGN(Bytes file, read_file(files, volume.wrapped_key_path(), kKeyFileBytes));
  WFS_ASSIGN(std::string passphrase, ask());
  auto identity = pack::unwrap_identity(file, passphrase);
  wipe({reinterpret_cast<uint8_t*>(passphrase.data()), passphrase.size()});
  if (!identity.ok() && identity.error().code() == Code::kWrongKey) {
    return Error(Code::kWrongKey, fmt::format("the passphrase does not open the key of volume '{}'", volume.name));
  }
  return identity;
}

Status write_mount_record(Files& files, const Volume& volume, const MountRecord& record) {
  const std::string text = nlohmann::json{{"pid", record.pid}, {"mountpoint", record.mountpoint}}.dump() + "\n";
  return write_file_durably(files, volume.mount_record_path(), as_bytes(text));
}

std::optional<MountRecord> read_mount_record(Files& files, const Volume& volume) {
  auto text = read_file(files, volume.mount_record_path(), kRecordBytes);
  if (!text.ok()) return std::nullopt;
  const auto json = nlohmann::json::parse(text->begin(), text->end(), nullptr, false);
  if (!json.is_object() || !json.contains("pid") || !json.contains("mountpoint")) return std::nullopt;
  if (!json["pid"].is_number_integer() || !json["mountpoint"].is_string()) return std::nullopt;
  return MountRecord{json["pid"].get<int>(), json["mountpoint"].get<std::string>()};
}

Result<Volume> volume_of_path(Files& files, const Places& places, const std::string& path) {
  for (const std::string& name : list_volumes(files, places)) {
    const auto record = read_mount_record(files, {name, places.volume(name), {}});
    if (record && (path == record->mountpoint || path.starts_with(record->mountpoint + "/")))
      return open_volume(files, places, name);
  }
  return Error(Code::kNotFound, path + " is not in a mounted volume of this user (see: walrusfs status)");
}

Result<Volume> find_volume(Files& files, const Places& places, const std::string& what) {
  const bool may_be_name = what.find('/') == std::string::npos && check_volume_name(what).ok();
  if (may_be_name) {
    auto volume = open_volume(files, places, what);
    if (volume.ok() || volume.error().code() != Code::kNotFound) return volume;
  }
  auto volume = volume_of_path(files, places, absolute_path(what));
  if (volume.ok() || volume.error().code() != Code::kNotFound || !may_be_name) return volume;
  return Error(Code::kNotFound,
               fmt::format("'{}' is neither a volume of this user ({}) nor a folder in a mounted one; see: walrusfs "
                           "status",
                           what, known_volumes(files, places)));
}

}  // namespace walrusfs::cli
