#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "cli/commands/commands.h"
#include "cli/config.h"
#include "cli/local_network.h"
#include "localnet/localnet.h"
#include "localnet/query.h"

namespace walrusfs::cli {
namespace {

struct FaultArguments {
  std::string folder, target, kind;
  bool clear = false;
  localnet::FaultRule rule;
  std::optional<uint64_t> times, delay_ms;
};

// A node's number; nothing: the ledger.
Result<std::optional<size_t>> target_of(const std::string& text) {
  if (text == "ledger") return std::optional<size_t>();
  const auto number = localnet::parse_decimal(text);
  if (!number) return Error(Code::kInvalidArgument, "'" + text + "' is neither the number of a node nor 'ledger'");
  return std::optional<size_t>(*number);
}

std::string names_of_kinds() {
  std::string names;
  for (localnet::FaultKind kind : localnet::kAllFaultKinds)
    names += (names.empty() ? "" : ", ") + std::string(localnet::fault_name(kind));
  return names;
}

Result<std::optional<localnet::FaultKind>> kind_of(const FaultArguments& arguments) {
  if (arguments.kind.empty() && arguments.clear) return std::optional<localnet::FaultKind>();
  auto kind = localnet::fault_named(arguments.kind);
  if (!kind) return Error(Code::kInvalidArgument, "a fault is one of " + names_of_kinds());
  return kind;
}

Result<int> run_fault(const FaultArguments& arguments, const Context& context) {
  WFS_ASSIGN(const auto target, target_of(arguments.target));
  WFS_ASSIGN(const auto kind, kind_of(arguments));
  const std::string folder = arguments.folder.empty() ? context.places.localnet() : absolute_path(arguments.folder);
  const std::string who = target ? fmt::format("Node {}", *target) : "The ledger";
  if (arguments.clear) {
    WFS_TRY(localnet::control_clear_faults(system_files(), folder, target, kind));
    fmt::print("{} is without {}.\n", who, kind ? "the fault '" + arguments.kind + "'" : "faults");
    return 0;
  }
  localnet::FaultRule rule = arguments.rule;
  rule.kind = *kind;
  rule.times = arguments.times;
  if (arguments.delay_ms) {
    rule.delay = Millis(std::min<uint64_t>(*arguments.delay_ms, localnet::kMaxFaultDelay.count() + 1));
  } else if (*kind == localnet::FaultKind::kHanging) {
    rule.delay = Millis(60'000);
  }
  WFS_TRY(localnet::control_set_fault(system_files(), folder, target, rule));
  fmt::print("{} has the fault '{}'; take it away with: walrusfs localnet fault {} {} --clear\n", who, arguments.kind,
             arguments.target, arguments.kind);
  return 0;
}

}  // namespace

void add_localnet_fault(CLI::App& localnet, Chosen& chosen) {
  auto arguments = std::make_shared<FaultArguments>();
  CLI::App* command = localnet.add_subcommand("fault", "a node or the ledger misbehaves, to try how clients bear it");
  command->add_option("--folder", arguments->folder, "where the network's state is kept (default: beside the volumes)");
  command->add_option("target", arguments->target, "number of the node, from 0, or 'ledger'")->required();
  command->add_option("kind", arguments->kind, "one of " + names_of_kinds());
  CLI::Option* clear = command->add_flag("--clear", arguments->clear, "without it again; without a kind: without any");
  for (CLI::Option* setting :
       {command->add_option("--rate", arguments->rule.rate, "chance of a request to be struck (default: 1, all)"),
        command->add_option("--seed", arguments->rule.seed, "of the dice (default: 1)"),
        command->add_option("--for", arguments->times, "so many requests (default: until cleared)"),
        command->add_option("--route", arguments->rule.route, "only requests whose path contains this"),
        command->add_option("--delay", arguments->delay_ms,
                            "milliseconds: of slow and a stale ledger (default: 1000), of hanging (60000)"),
        command->add_option("--answer", arguments->rule.answer,
                            "of refusing: 429, 500, 503 (default), NOT_REGISTERED or FORBIDDEN_BLOB")})
    clear->excludes(setting);
  command->footer(
      "Examples:\n  walrusfs localnet fault 2 wrong --rate 0.5\n  walrusfs localnet fault 0 slow --delay 300\n"
      "  walrusfs localnet fault 1 lost --route /slivers/ --for 3\n  walrusfs localnet fault 2 --clear");
  command->callback([arguments, &chosen] {
    chosen = [arguments](const Context& context) { return run_fault(*arguments, context); };
  });
}

}  // namespace walrusfs::cli
