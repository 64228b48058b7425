#include <algorithm>

#include "localnet/sui/move_tables.h"

namespace walrusfs::localnet::sui {

const MoveFunction* find_function(MoveFunction::Where where, std::string_view module, std::string_view name) {
  for (const auto table : {storage_functions(), blob_functions(), attribute_functions(), pool_functions(),
                           coin_functions(), staking_functions(), node_functions()}) {
    const auto found = std::find_if(table.begin(), table.end(), [&](const MoveFunction& function) {
      return function.where == where && function.module == module && function.name == name;
    });
    if (found != table.end()) return &*found;
  }
  return nullptr;
}

}  // namespace walrusfs::localnet::sui
