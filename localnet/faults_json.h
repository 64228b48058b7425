// Faults as JSON, for the control port and `localnet status`: {"kind": "slow", "rate": 1, "seed": 1, "times": 10,
// "route": "", "delayMs": 1000, "answer": "503", "struck": 3, "over": false}. Only `kind` is needed on the way in.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "localnet/faults.h"

namespace walrusfs::localnet {

std::string faults_to_json(const std::vector<FaultState>& faults);  // an array
std::string fault_to_json(const FaultRule& rule);
// kInvalidArgument, with the reason, for anything that is no rule, unknown fields included.
Result<FaultRule> fault_from_json(std::string_view text);

}  // namespace walrusfs::localnet
