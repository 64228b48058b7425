#include "localnet/network_folder.h"

namespace walrusfs::localnet {
namespace {

constexpr const char* kChain = "/chain.sqlite";
constexpr const char* kOldLedger = "/ledger";  // its place in folders of older versions
constexpr const char* kCommittee = "/committee.json";

// Entries of a folder that need not be there.
Result<std::vector<DirectoryItem>> items_of(Files& files, const std::string& folder) {
  auto items = files.list(folder);
  if (!items && items.error().code() == Code::kNotFound) return std::vector<DirectoryItem>();
  return items;
}

Result<bool> any_exists(Files& files, const std::string& folder, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    WFS_ASSIGN(const bool exists, files.exists(folder + name));
    if (exists) return true;
  }
  return false;
}

// blobs/XX/ID.blob
Result<bool> keeps_blobs(Files& files, const std::string& node) {
  WFS_ASSIGN(const auto folders, items_of(files, node + "/blobs"));
  for (const DirectoryItem& folder : folders) {
    if (!folder.is_directory) continue;
    WFS_ASSIGN(const auto blobs, items_of(files, node + "/blobs/" + folder.name));
    if (!blobs.empty()) return true;
  }
  return false;
}

Error gone(const std::string& what, const std::string& path) {
  return Error(Code::kCorrupt, what + " of the local network, " + path +
                                   ", is gone; what the nodes store was left as it is. Put a backup of it in its "
                                   "place, or use another folder");
}

}  // namespace

Result<bool> is_lived_in(Files& files, const std::string& folder) {
  WFS_ASSIGN(const bool told, any_exists(files, folder, {"/localnet.json"}));
  if (told) return true;
  WFS_ASSIGN(const auto items, items_of(files, folder));
  for (const DirectoryItem& item : items) {
    if (!item.is_directory || !item.name.starts_with("node-")) continue;
    WFS_ASSIGN(const bool keeps, keeps_blobs(files, folder + "/" + item.name));
    if (keeps) return true;
  }
  return false;
}

Status check_network_folder(Files& files, const std::string& folder) {
  WFS_ASSIGN(const bool lived_in, is_lived_in(files, folder));
  WFS_ASSIGN(const bool chain, any_exists(files, folder, {kChain, kOldLedger}));
  if (lived_in && !chain) return gone("the chain", folder + kChain);
  WFS_ASSIGN(const bool committee, any_exists(files, folder, {kCommittee}));
  if ((lived_in || chain) && !committee) return gone("the committee", folder + kCommittee);
  return {};
}

}  // namespace walrusfs::localnet
