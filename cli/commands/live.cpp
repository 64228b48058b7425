// Commands that talk to a mount: umount, status, sync.
#include <fmt/format.h>
#include <sys/stat.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "cli/commands/commands.h"
#include "cli/control.h"
#include "cli/quantity.h"
#include "cli/terminal.h"
#include "cli/volume.h"
#include "fs/fuse/mount.h"

namespace walrusfs::cli {
namespace {

using nlohmann::json;

// Shows how much still waits, from the mount's progress events.
class UploadProgress {
 public:
  void on_event(const json& event) {
    if (!event.contains("progress")) return;
    const json& now = event["progress"];
    const auto bytes = [&now](const char* name) { return now.value(name, uint64_t{0}); };
    const uint64_t certified = bytes("certified_bytes");
    if (!before_) before_ = certified;
    // Every byte is packed, uploaded and read back; a third of it is done with each.
    const uint64_t gone_through = (bytes("packed_bytes") + bytes("uploaded_bytes") + bytes("checked_bytes")) / 3;
    progress_.update(gone_through - std::min(gone_through, *before_), certified - *before_ + bytes("pending_bytes"));
    const std::string trouble = now.value("last_error", "");
    if (!trouble.empty() && trouble != trouble_) fmt::print(stderr, "\n{}; trying again\n", trouble);
    trouble_ = trouble;
  }

 private:
  Progress progress_{"uploading", system_clock()};
  std::optional<uint64_t> before_;  // certified when this began
  std::string trouble_;
};

struct SyncArguments {
  std::string what;
  std::string wait = "certified";
  std::string timeout;
};

Result<int> run_sync(const SyncArguments& arguments, const Context& context) {
  WFS_ASSIGN(const Volume volume, find_volume(system_files(), context.places, arguments.what));
  json request = {{"do", "sync"}, {"wait", arguments.wait}};
  if (!arguments.timeout.empty()) {
    WFS_ASSIGN(const Millis timeout, parse_duration(arguments.timeout));
    request["timeout_ms"] = timeout.count();
  }
  UploadProgress progress;
  auto answer = control_request(volume.socket_path(), request, [&](const json& event) { progress.on_event(event); });
  if (!answer.ok()) return answer.error().with_context("sync of '" + volume.name + "'");
  if (context.json) {
    fmt::print("{}\n", answer->dump());
  } else if (arguments.wait == "certified") {
    fmt::print("Everything written before is kept by the network (by publisher: read back and checked).\n");
  } else {
    fmt::print("Everything written before survives a power cut here.\n");
  }
  return 0;
}

struct UmountArguments {
  std::string what;
  bool now = false;
};

// A killed mount leaves its folder behind; umount clears that too.
Result<int> umount_without_daemon(const Volume& volume, const Error& why) {
  const auto record = read_mount_record(system_files(), volume);
  if (!record || inspect_mountpoint(record->mountpoint) != MountpointState::kDeadMount)
    return why.with_context("'" + volume.name + "'");
  WFS_TRY(clear_dead_mount(record->mountpoint));
  WFS_TRY(system_files().remove(volume.mount_record_path()));
  fmt::print("{} was left by a mount that was killed; it is cleared. Mount again to go on with its uploads.\n",
             record->mountpoint);
  return 0;
}

// The answer comes before the mount has ended: it still journals and lets its lock go.
void wait_until_gone(const Volume& volume) {
  constexpr Millis kLook{20};
  const Deadline deadline = system_clock().in(Millis(60'000));
  while (!system_clock().passed(deadline)) {
    const auto there = system_files().exists(volume.mount_record_path());
    if (!there.ok() || !*there) return;
    system_clock().sleep_for(kLook);
  }
}

Result<int> run_umount(const UmountArguments& arguments, const Context& context) {
  WFS_ASSIGN(const Volume volume, find_volume(system_files(), context.places, arguments.what));
  UploadProgress progress;
  auto answer = control_request(volume.socket_path(), {{"do", "umount"}, {"now", arguments.now}},
                                [&](const json& event) { progress.on_event(event); });
  if (!answer.ok() && answer.error().code() == Code::kNotFound) return umount_without_daemon(volume, answer.error());
  if (!answer.ok()) return answer.error().with_context("unmount of '" + volume.name + "'");
  wait_until_gone(volume);
  const uint64_t pending = answer->value("pending_bytes", uint64_t{0});
  if (context.json) {
    fmt::print("{}\n", answer->dump());
  } else if (pending > 0) {
    fmt::print("'{}' is unmounted. {} are kept on this machine only; the next mount uploads them.\n", volume.name,
               format_bytes(pending));
  } else if (answer->value("unpublished", false)) {
    fmt::print(
        "'{}' is unmounted. Changes of names or attributes are kept on this machine only; the next mount uploads"
        " them.\n",
        volume.name);
  } else {
    fmt::print("'{}' is unmounted; the network keeps everything.\n", volume.name);
  }
  return 0;
}

void print_status(const json& s) {
  const auto bytes = [](const json& value) { return format_bytes(value.get<uint64_t>()); };
  fmt::print("{} on {} ({}, {})\n", s["volume"].get<std::string>(), s["mountpoint"].get<std::string>(),
             s["encrypted"].get<bool>() ? "encrypted" : "public", s["network"].get<std::string>());
  if (s["read_only"].get<bool>()) fmt::print("  READ-ONLY: {}\n", s["read_only_reason"].get<std::string>());
  fmt::print("  files     {} inodes, {}; {} not journaled yet\n", s["files"]["inodes"].get<uint64_t>(),
             bytes(s["files"]["bytes"]), s["files"]["dirty"].get<uint64_t>());
  fmt::print("  network   {} packs, {}, certified by {}\n", s["packs"]["certified"].get<uint64_t>(),
             bytes(s["packs"]["bytes"]), s["packs"]["certified_by"].get<std::string>());
  const bool unpublished = s["sequence"]["journaled"] > s["sequence"]["published"] || s["files"]["dirty"] > 0;
  fmt::print("  pending   {} only on this machine{}; {}\n", bytes(s["upload"]["pending_bytes"]),
             unpublished ? ", changes of names or attributes among them" : "", s["upload"]["doing"].get<std::string>());
  const auto upload = [&s](const char* name) { return s["upload"][name].get<uint64_t>(); };
  if (const uint64_t done = upload("certified_bytes"); upload("packed_bytes") > done) {
    fmt::print("            of these {} packed, {} uploaded, {} read back\n",
               format_bytes(upload("packed_bytes") - done), format_bytes(upload("uploaded_bytes") - done),
               format_bytes(upload("checked_bytes") - done));
  }
  if (const auto trouble = s["upload"]["last_error"].get<std::string>(); !trouble.empty()) {
    fmt::print("  TROUBLE   {} ({} times in a row); nothing is lost, it is tried again\n", trouble,
               s["upload"]["failures_in_a_row"].get<uint64_t>());
  }
  fmt::print("  spool     {} of {}\n", bytes(s["spool"]["staging_bytes"]), bytes(s["spool"]["bound_bytes"]));
  if (const auto lost = s["spool"]["lost_files"].get<uint64_t>(); lost > 0) {
    const auto folder = s["spool"]["lost_folder"].get<std::string>();
    fmt::print(
        "  lost      {} files that no name leads to, from before a crash, never synced; nothing deletes them\n"
        "            look: file {}/*    done with them: rm {}/*\n",
        lost, folder, folder);
  }
  fmt::print("  cache     {} in {} frames\n", bytes(s["cache"]["bytes"]), s["cache"]["frames"].get<uint64_t>());
}

Result<int> run_status(const std::string& what, const Context& context) {
  std::vector<std::string> names;
  if (what.empty()) {
    names = list_volumes(system_files(), context.places);
  } else {
    WFS_ASSIGN(const Volume volume, find_volume(system_files(), context.places, what));
    names.push_back(volume.name);
  }
  json all = json::array();
  for (const std::string& name : names) {
    WFS_ASSIGN(const Volume volume, open_volume(system_files(), context.places, name));
    auto status = control_request(volume.socket_path(), {{"do", "status"}}, nullptr);
    // A mount that goes away while it is asked is no mount any more.
    const bool gone = !status.ok() && (status.error().code() == Code::kNotFound || status.error().retryable());
    if (!status.ok() && !gone) return status.error().with_context(name);
    const json entry = status.ok() ? *status : json{{"volume", name}, {"mountpoint", nullptr}};
    all.push_back(entry);
    if (context.json) continue;
    if (status.ok()) {
      print_status(entry);
    } else if (const auto record = read_mount_record(system_files(), volume); record) {
      fmt::print("{}: its mount on {} was killed; mount it again to go on where it was\n", name, record->mountpoint);
    } else {
      fmt::print("{}: not mounted\n", name);
    }
  }
  if (context.json) fmt::print("{}\n", all.dump());
  if (!context.json && names.empty()) fmt::print("There is no volume yet; make one with: walrusfs format NAME\n");
  return 0;
}

}  // namespace

void add_umount(CLI::App& app, Chosen& chosen) {
  auto arguments = std::make_shared<UmountArguments>();
  CLI::App* command = app.add_subcommand("umount", "upload what waits, then unmount");
  command->alias("unmount");
  command->add_option("folder", arguments->what, "where it is mounted, or the volume's name")->required();
  command->add_flag("--now", arguments->now,
                    "do not wait for uploads: what waits stays on this disk for the next mount");
  command->footer("Examples:\n  walrusfs umount ~/photos\n  walrusfs umount --now photos");
  command->callback([arguments, &chosen] {
    chosen = [arguments](const Context& context) { return run_umount(*arguments, context); };
  });
}

void add_status(CLI::App& app, Chosen& chosen) {
  auto what = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("status", "what a volume holds, what waits, what is wrong");
  command->add_option("folder", *what, "a mounted folder or a volume's name; none: all volumes");
  command->footer("Examples:\n  walrusfs status\n  walrusfs status --json ~/photos | jq '.[0].upload'");
  command->callback(
      [what, &chosen] { chosen = [what](const Context& context) { return run_status(*what, context); }; });
}

void add_sync(CLI::App& app, Chosen& chosen) {
  auto arguments = std::make_shared<SyncArguments>();
  CLI::App* command = app.add_subcommand("sync", "wait until everything written so far is safe");
  command->add_option("folder", arguments->what, "a mounted folder or a volume's name")->required();
  command
      ->add_option("--wait", arguments->wait, "journaled: survives a power cut here; certified: the network keeps it")
      ->check(CLI::IsMember({"journaled", "certified"}))
      ->capture_default_str();
  command->add_option("--timeout", arguments->timeout, "give up after, for instance, 5min (exit status 6)");
  command->footer("Examples:\n  walrusfs sync ~/photos\n  walrusfs sync --wait=journaled --timeout 10s photos");
  command->callback(
      [arguments, &chosen] { chosen = [arguments](const Context& context) { return run_sync(*arguments, context); }; });
}

}  // namespace walrusfs::cli
