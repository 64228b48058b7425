// What is fixed for the life of a local chain: its packages, its shared objects, its prices of gas.
#pragma once

#include "client/sui/objects.h"
#include "localnet/sui/object.h"

namespace walrusfs::localnet::sui {

// The folder above has a Committee of its own: here it is always the chain's.
using walrusfs::sui::Committee;

// As on the real networks, the package that introduced a type and the one whose code runs are not the same.
struct Packages {
  ObjectId walrus_original, walrus_current;
  uint64_t walrus_version = 3;
  ObjectId wal;
  ObjectId exchange;

  TypeTag walrus_type(std::string module, std::string name) const {
    return TypeTag::structure(walrus_original, std::move(module), std::move(name));
  }
  // Types that came with the current version: storage pools.
  TypeTag newer_type(std::string module, std::string name) const {
    return TypeTag::structure(walrus_current, std::move(module), std::move(name));
  }
  TypeTag wal_type() const { return TypeTag::structure(wal, "wal", "WAL"); }
  static auto bcs_fields(auto& self) {
    return std::tie(self.walrus_original, self.walrus_current, self.walrus_version, self.wal, self.exchange);
  }
};

struct Network {
  SuiDigest chain;  // of the first checkpoint
  Packages packages;
  ObjectId system, staking, exchange;  // shared objects
  uint64_t gas_price = 1000;           // MIST per unit
  uint64_t sui_epoch = 0;              // of Sui itself, which has nothing to do with epochs of Walrus

  static auto bcs_fields(auto& self) {
    return std::tie(self.chain, self.packages, self.system, self.staking, self.exchange, self.gas_price,
                    self.sui_epoch);
  }
};

}  // namespace walrusfs::localnet::sui
