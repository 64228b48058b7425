// The tables of Move functions, one per file that implements them.
#pragma once

#include <span>

#include "localnet/sui/call.h"

namespace walrusfs::localnet::sui {

std::span<const MoveFunction> storage_functions();
std::span<const MoveFunction> blob_functions();
std::span<const MoveFunction> attribute_functions();
std::span<const MoveFunction> pool_functions();
std::span<const MoveFunction> coin_functions();
std::span<const MoveFunction> staking_functions();
std::span<const MoveFunction> node_functions();

// Short names for the signatures in those tables.
namespace parameter {
using Kind = Parameter::Kind;
constexpr Parameter value(Kind kind) { return {kind, Parameter::Mode::kValue}; }
constexpr Parameter ref(Kind kind) { return {kind, Parameter::Mode::kRef}; }
constexpr Parameter mut(Kind kind) { return {kind, Parameter::Mode::kMutRef}; }
}  // namespace parameter

}  // namespace walrusfs::localnet::sui
