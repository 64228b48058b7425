#include "localnet/old_ledger.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/checksum.h"
#include "base/log.h"

namespace walrusfs::localnet {
namespace {

using nlohmann::ordered_json;

constexpr uint64_t kMaxLedgerBytes = uint64_t{4} << 30;
constexpr size_t kChecksumDigits = 8;

Result<BlobObject> object_from_json(const ordered_json& in) {
  BlobObject o;
  o.id = in.at("id").get<std::string>();
  WFS_ASSIGN(o.blob, BlobId::parse(in.at("blob").get<std::string>()));
  o.size_bytes = in.at("size").get<uint64_t>();
  o.encoded_length = in.at("encoded").get<uint64_t>();
  o.storage_id = in.at("storage").get<std::string>();
  o.registered_epoch = in.at("registered").get<uint32_t>();
  o.start_epoch = in.at("start").get<uint32_t>();
  o.end_epoch = in.at("end").get<uint32_t>();
  o.deletable = in.at("deletable").get<bool>();
  o.owner = in.at("owner").get<std::string>();
  o.shared_id = in.at("shared").get<std::string>();
  if (in.contains("certified")) o.certified_epoch = in.at("certified").get<uint32_t>();
  return o;
}

std::string checksum_text(std::string_view text) {
  uint8_t raw_crc[4];
  store_le(raw_crc, crc32c(as_bytes(text)));
  return to_hex(raw_crc);
}

// Each line stands for itself, so that the network can go on without one; but whoever loses something by it
// decides.
Error damaged(const std::string& path, uint64_t line, const std::string& why) {
  const std::string number = std::to_string(line);
  return Error(Code::kCorrupt,
               "the ledger of the local network, " + path + ", is damaged in line " + number + " (" + why +
                   "); it and all that the nodes store were left as they are. Put a backup of it in its place, or take "
                   "the line out with: sed -i.damaged " +
                   number + "d " + path +
                   " (this keeps the damaged file beside it). Without the line the network does not know one blob, or "
                   "not that it is certified");
}

// By id: an object is written anew at every change, and keeps its place in the order of registration.
class Reading {
 public:
  Status apply(const ordered_json& entry) {
    const std::string op = entry.at("op").get<std::string>();
    if (op == "begin") {
      out_.wallet = entry.at("wallet").get<std::string>();
    } else if (op == "object") {
      WFS_ASSIGN(BlobObject object, object_from_json(entry.at("object")));
      put(std::move(object));
    } else if (op == "remove") {
      const std::string id = entry.at("id").get<std::string>();
      if (const auto at = places_.find(id); at != places_.end()) objects_[at->second].reset();
    } else if (op == "invalid") {
      WFS_ASSIGN(const BlobId blob, BlobId::parse(entry.at("blob").get<std::string>()));
      out_.invalid.push_back(blob);
    } else if (op == "epoch") {
      out_.epoch = entry.at("epoch").get<uint32_t>();
    } else {
      return Error(Code::kNewerVersion, "the ledger has an entry '" + op + "' that this version does not know");
    }
    return {};
  }

  OldLedger take() {
    for (auto& object : objects_)
      if (object) out_.objects.push_back(std::move(*object));
    return std::move(out_);
  }

 private:
  void put(BlobObject object) {
    const auto [at, is_new] = places_.emplace(object.id, objects_.size());
    if (is_new) objects_.emplace_back();
    objects_[at->second] = std::move(object);
  }

  OldLedger out_;
  std::map<std::string, size_t> places_;
  std::vector<std::optional<BlobObject>> objects_;
};

}  // namespace

Result<OldLedger> read_old_ledger(Files& files, const std::string& path) {
  WFS_ASSIGN(const Bytes content, read_file(files, path, kMaxLedgerBytes));
  Reading reading;
  std::string_view rest = as_text(content);
  for (uint64_t line_number = 1; !rest.empty(); ++line_number) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    const bool last = line.size() + 1 >= rest.size();
    const bool intact = line.size() < rest.size() && line.size() > kChecksumDigits + 1 &&
                        line.substr(0, kChecksumDigits) == checksum_text(line.substr(kChecksumDigits + 1));
    if (!intact && last) break;
    if (!intact) return damaged(path, line_number, "it does not check out");
    try {
      WFS_TRY(reading.apply(ordered_json::parse(line.substr(kChecksumDigits + 1))));
    } catch (const ordered_json::exception& problem) {
      return damaged(path, line_number, problem.what());
    }
    rest.remove_prefix(line.size() + 1);
  }
  if (!rest.empty()) log_warn("{}: the last entry was being written when the program ended; it is dropped", path);
  return reading.take();
}

}  // namespace walrusfs::localnet
