#include "localnet/fault_check.h"

#include <algorithm>

namespace walrusfs::localnet {
namespace {

// What LaggingRegistry asks for: `stale` strikes looks at the chain, not requests.
constexpr std::string_view kLooks[] = {"epoch", "standing", "object", "certified", "progress"};

Error useless(const std::string& why) { return Error(Code::kInvalidArgument, "this fault changes nothing: " + why); }
Error unused(const FaultRule& rule, const std::string& what) {
  return Error(Code::kInvalidArgument, "the fault '" + std::string(fault_name(rule.kind)) + "' has no use for " + what);
}

bool waits(FaultKind kind, FaultTarget target) {
  return kind == FaultKind::kSlow || kind == FaultKind::kHanging ||
         (kind == FaultKind::kStale && target == FaultTarget::kLedger);
}

bool is_part_of_a_look(std::string_view route) {
  return std::any_of(std::begin(kLooks), std::end(kLooks),
                     [&](std::string_view look) { return look.find(route) != std::string_view::npos; });
}

Status check_route(const FaultRule& rule, FaultTarget target) {
  const bool no_path = std::any_of(rule.route.begin(), rule.route.end(),
                                   [](char c) { return c <= ' ' || c > '~' || c == '?' || c == '#'; });
  if (no_path)
    return useless("its route is looked for in paths, where there are no queries, spaces and control characters");
  if (target == FaultTarget::kNode && rule.kind == FaultKind::kStale && !is_part_of_a_look(rule.route))
    return useless("the route of a node's 'stale' is what it asks the chain for: epoch, standing, object, certified or "
                   "progress");
  return {};
}

}  // namespace

Status check_effective(const FaultRule& rule, FaultTarget target) {
  const FaultRule usual;
  if (rule.kind == FaultKind::kFull && target == FaultTarget::kLedger)
    return useless("nothing is uploaded to the ledger, so only storage nodes can be 'full'");
  if (!waits(rule.kind, target) && rule.delay != usual.delay)
    return unused(rule, target == FaultTarget::kNode && rule.kind == FaultKind::kStale
                            ? "a delay: a node that lags sees what it saw last"
                            : "a delay: it waits for nothing");
  if (waits(rule.kind, target) && rule.kind != FaultKind::kHanging && rule.delay == Millis(0))
    return useless("its delay is 0");
  if (rule.kind != FaultKind::kRefusing && rule.answer != usual.answer)
    return unused(rule, "an answer: only 'refusing' gives one");
  // Wrong bytes are drawn as well.
  if (rule.kind != FaultKind::kWrongBytes && rule.rate == 1 && rule.seed != usual.seed)
    return unused(rule, "a seed: with rate 1 nothing is drawn");
  return check_route(rule, target);
}

}  // namespace walrusfs::localnet
