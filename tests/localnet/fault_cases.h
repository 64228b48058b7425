// Every kind of fault that a node may have, for tests that try them all.
#pragma once

#include <vector>

#include "localnet/faults.h"

namespace walrusfs::localnet {

struct FaultCase {
  const char* name;
  FaultRule rule;
};

enum class Struck { kAlways, kAlwaysOrAtTimes };

inline std::vector<FaultCase> fault_cases(Struck which) {
  std::vector<FaultCase> cases = {
      {"Dead", {.kind = FaultKind::kDead}},
      {"Cut", {.kind = FaultKind::kDead, .rate = 0.7}},
      {"Slow", {.kind = FaultKind::kSlow, .delay = Millis(20)}},
      {"Hanging", {.kind = FaultKind::kHanging, .delay = Millis(300)}},
      {"Wrong", {.kind = FaultKind::kWrongBytes}},
      {"WrongAtTimes", {.kind = FaultKind::kWrongBytes, .rate = 0.5}},
      {"Refusing429", {.kind = FaultKind::kRefusing, .answer = "429"}},
      {"Refusing500", {.kind = FaultKind::kRefusing, .answer = "500"}},
      {"Refusing503", {.kind = FaultKind::kRefusing, .answer = "503"}},
      {"NotRegistered", {.kind = FaultKind::kRefusing, .answer = "NOT_REGISTERED"}},
      {"Full", {.kind = FaultKind::kFull}},
      {"Stale", {.kind = FaultKind::kStale}},
      {"Lost", {.kind = FaultKind::kLostAnswer}},
  };
  if (which == Struck::kAlways) std::erase_if(cases, [](const FaultCase& one) { return one.rule.rate < 1; });
  return cases;
}

}  // namespace walrusfs::localnet
