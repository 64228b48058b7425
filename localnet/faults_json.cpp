#include "localnet/faults_json.h"

#include <nlohmann/json.hpp>

namespace walrusfs::localnet {
namespace {

using nlohmann::ordered_json;

ordered_json to_json(const FaultRule& rule) {
  ordered_json out = {{"kind", fault_name(rule.kind)}, {"rate", rule.rate}, {"seed", rule.seed}};
  if (rule.times) out["times"] = *rule.times;
  out["route"] = rule.route;
  out["delayMs"] = rule.delay.count();
  out["answer"] = rule.answer;
  return out;
}

Error no_rule(const std::string& why) { return Error(Code::kInvalidArgument, "this is no fault: " + why); }

Status read_field(FaultRule& rule, const std::string& name, const ordered_json& value) {
  const bool natural = value.is_number_unsigned();
  if (name == "kind") {
    auto kind = value.is_string() ? fault_named(value.get<std::string>()) : std::nullopt;
    if (!kind) return no_rule("there is no kind " + value.dump());
    rule.kind = *kind;
  } else if (name == "rate" && value.is_number()) {
    rule.rate = value.get<double>();
  } else if (name == "seed" && natural) {
    rule.seed = value.get<uint64_t>();
  } else if (name == "times" && natural) {
    rule.times = value.get<uint64_t>();
  } else if (name == "route" && value.is_string()) {
    rule.route = value.get<std::string>();
  } else if (name == "delayMs" && natural) {
    rule.delay = Millis(std::min<uint64_t>(value.get<uint64_t>(), uint64_t{INT64_MAX}));
  } else if (name == "answer" && value.is_string()) {
    rule.answer = value.get<std::string>();
  } else {
    return no_rule("its field '" + name + "' is unknown or of another type");
  }
  return {};
}

}  // namespace

std::string fault_to_json(const FaultRule& rule) { return to_json(rule).dump(); }

std::string faults_to_json(const std::vector<FaultState>& faults) {
  ordered_json out = ordered_json::array();
  for (const FaultState& fault : faults) {
    out.push_back(to_json(fault.rule));
    out.back()["struck"] = fault.struck;
    out.back()["over"] = fault.over;
  }
  return out.dump();
}

Result<FaultRule> fault_from_json(std::string_view text) {
  const auto root = ordered_json::parse(text, nullptr, false);
  if (!root.is_object() || !root.contains("kind")) return no_rule("a JSON object with a kind is needed");
  FaultRule rule;
  for (const auto& [name, value] : root.items()) WFS_TRY(read_field(rule, name, value));
  return rule;
}

}  // namespace walrusfs::localnet
