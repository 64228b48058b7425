// A volume's folder on this machine:
//
//   volume.toml     settings of this volume over the general ones
//   key             the age identity (mode 0600), or key.age: the same under a passphrase; absent when public
//   index.sqlite    the tree                    spool/        bytes that are not certified yet
//   control.sock    while mounted               mount.json    who has it mounted, and where
//   packs.txt       which packs the network keeps, for when the index is lost (cli/pack_list.h)
//   mount.log       what a mount in the background had to say; mount.1.log and so on: what it said before
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/rng.h"
#include "cli/config.h"
#include "cli/places.h"
#include "codec/pack/age.h"
#include "meta/index.h"

namespace walrusfs::cli {

struct Volume {
  std::string name;
  std::string folder;
  Config config;

  std::string index_path() const { return folder + "/index.sqlite"; }
  std::string spool_path() const { return folder + "/spool"; }
  std::string lost_path() const { return spool_path() + "/lost"; }
  std::string socket_path() const { return folder + "/control.sock"; }
  std::string mount_record_path() const { return folder + "/mount.json"; }
  std::string pack_list_path() const { return folder + "/packs.txt"; }
  std::string log_path() const { return folder + "/mount.log"; }
  std::string key_path() const { return folder + "/key"; }
  std::string wrapped_key_path() const { return folder + "/key.age"; }
};

struct FormatOptions {
  std::string name;
  bool is_public = false;
  std::optional<pack::AgeIdentity> identity;  // none: a new one is made
  std::optional<std::string> passphrase;      // none: the key file is protected by its mode alone
  std::string settings;                       // the text of volume.toml
};

// Makes the folder, key and empty index. kExists when there is such a volume. Returns the key, which is
// shown once; none for a public volume.
Result<std::optional<pack::AgeIdentity>> format_volume(Files& files, Rng& rng, const Places& places,
                                                       const FormatOptions& options);

// kNotFound, in words that say how to make one.
Result<Volume> open_volume(Files& files, const Places& places, const std::string& name);
// Takes the volume's lock. Where the index is damaged the error says how to go on.
Result<std::unique_ptr<Index>> open_index(const Volume& volume);
std::vector<std::string> list_volumes(Files& files, const Places& places);

// The key of an encrypted volume (whether it is one stands in its index: setting "recipient", an age
// recipient or "public"). kWrongKey when it is missing or the passphrase is wrong. `ask` gives the passphrase when the
// key is under one. A key file that others may read is refused.
Result<pack::AgeIdentity> load_key(Files& files, const Volume& volume, const std::function<Result<std::string>()>& ask);

// Who has the volume mounted, as written by the mount.
struct MountRecord {
  int pid = 0;
  std::string mountpoint;
};
Status write_mount_record(Files& files, const Volume& volume, const MountRecord& record);
std::optional<MountRecord> read_mount_record(Files& files, const Volume& volume);

// The volume whose mount covers `path` (the mountpoint or anything below it).
Result<Volume> volume_of_path(Files& files, const Places& places, const std::string& path);
// What people write for a volume: its name, or a path in its mount. kNotFound tells which volumes there are.
Result<Volume> find_volume(Files& files, const Places& places, const std::string& what);

}  // namespace walrusfs::cli
