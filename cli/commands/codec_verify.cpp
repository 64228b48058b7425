#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>

#include "cli/commands/codec.h"
#include "cli/exit_code.h"
#include "cli/json_output.h"

namespace walrusfs::cli {
namespace {

// Tells of each file as it is checked, and what it amounts to in the end.
class Findings {
 public:
  Findings(const SliverFolder& folder, bool as_json) : folder_(folder), as_json_(as_json) {}

  void good(const SliverFile& from) {
    good_.insert(from.name);
    present_.insert(from.name);
    tell(from.file, "");
  }
  void bad(const SliverFile& from, const Error& error) {
    present_.insert(from.name);
    bad({from.file, error.message()});
  }
  void bad(const BadFile& file) {
    ++bad_;
    tell(file.file, file.reason);
  }
  void finish() const {
    const bool enough = decodable(Axis::kPrimary) || decodable(Axis::kSecondary);
    if (as_json_) {
      print_json({{"blob_id", folder_.blob_id().to_string()},
                  {"shards", folder_.metadata().shape().n()},
                  {"files", files_},
                  {"good", good_.size()},
                  {"bad", bad_},
                  {"missing", missing()},
                  {"others", folder_.strangers()},
                  {"decodable", enough}});
      return;
    }
    for (const std::string& name : folder_.strangers()) fmt::print("other {}\n", name);
    fmt::print("{}: {} slivers good, {} bad, {} missing; the blob can{} be decoded\n", folder_.blob_id().to_string(),
               good_.size(), bad_, missing(), enough ? "" : "not");
  }
  bool any_bad() const { return bad_ > 0; }

 private:
  void tell(const std::string& file, const std::string& reason) {
    if (as_json_) {
      nlohmann::json entry = {{"file", file}, {"good", reason.empty()}};
      if (!reason.empty()) entry["reason"] = reason;
      files_.push_back(entry);
    } else {
      fmt::print("{}\n", reason.empty() ? "good  " + file : "bad   " + file + "  (" + reason + ")");
    }
  }
  bool decodable(Axis axis) const {
    size_t count = 0;
    for (const SliverName& name : good_) count += name.axis == axis ? 1 : 0;
    return count >= folder_.metadata().shape().systematic_slivers(axis);
  }
  size_t missing() const { return 2 * size_t{folder_.metadata().shape().n()} - present_.size(); }

  const SliverFolder& folder_;
  const bool as_json_;
  std::set<SliverName> good_;
  std::set<SliverName> present_;
  size_t bad_ = 0;
  nlohmann::json files_ = nlohmann::json::array();
};

}  // namespace

Result<int> run_codec_verify(const VerifyArguments& arguments, const Context& context) {
  WFS_ASSIGN(const SliverFolder folder, open_sliver_folder(arguments.folder, arguments.blob_id));
  Findings findings(folder, context.json);
  for (Axis axis : {Axis::kPrimary, Axis::kSecondary}) {
    folder.load_all(folder.slivers(axis), arguments.threads, [&](const SliverFile& from, Result<MappedSliver> sliver) {
      if (sliver.ok()) {
        findings.good(from);
      } else {
        findings.bad(from, sliver.error());
      }
      return true;
    });
  }
  for (const BadFile& file : folder.impossible()) findings.bad(file);
  findings.finish();
  return static_cast<int>(findings.any_bad() ? Exit::kCorrupt : Exit::kOk);
}

}  // namespace walrusfs::cli
