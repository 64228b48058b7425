#include "localnet/sui/call.h"

#include "base/utf8.h"

namespace walrusfs::localnet::sui {

TypeTag type_of(Parameter::Kind kind, const Packages& packages, const std::vector<TypeTag>& type_arguments) {
  using Kind = Parameter::Kind;
  switch (kind) {
    case Kind::kSystem: return packages.walrus_type("system", "System");
    case Kind::kStaking: return packages.walrus_type("staking", "Staking");
    case Kind::kBlob: return packages.walrus_type("blob", "Blob");
    case Kind::kSharedBlob: return packages.walrus_type("shared_blob", "SharedBlob");
    case Kind::kStorage: return packages.walrus_type("storage_resource", "Storage");
    case Kind::kPool: return packages.newer_type("storage_pool", "StoragePool");
    case Kind::kMetadata: return packages.walrus_type("metadata", "Metadata");
    case Kind::kExchange: return TypeTag::structure(packages.exchange, "wal_exchange", "Exchange");
    case Kind::kClock: return clock_type();
    case Kind::kStakedWal: return packages.walrus_type("staked_wal", "StakedWal");
    case Kind::kNodeCap: return packages.walrus_type("storage_node", "StorageNodeCap");
    case Kind::kNodeMetadata: return packages.walrus_type("node_metadata", "NodeMetadata");
    case Kind::kAuthenticated: return packages.walrus_type("auth", "Authenticated");
    case Kind::kAuthorized: return packages.walrus_type("auth", "Authorized");
    case Kind::kCoinSui: return coin_of(sui_coin_type());
    case Kind::kCoinWal: return coin_of(packages.wal_type());
    case Kind::kCoinAny: return coin_of(type_arguments.at(0));
    case Kind::kAnyObject: return type_arguments.at(0);
    default: return {};
  }
}

bool is_value_of(Parameter::Kind kind, ByteView bytes) {
  using Kind = Parameter::Kind;
  switch (kind) {
    case Kind::kBool: return bytes.size() == 1 && bytes[0] <= 1;
    case Kind::kU8: return bytes.size() == 1;
    case Kind::kU16: return bytes.size() == 2;
    case Kind::kU32: return bytes.size() == 4;
    case Kind::kU64: return bytes.size() == 8;
    case Kind::kId:
    case Kind::kBlobId:
    case Kind::kDigest: return bytes.size() == 32;
    case Kind::kBytes: return bcs_decode<Bytes>(bytes, "a value").ok();
    case Kind::kText: {
      const auto text = bcs_decode<std::string>(bytes, "a value");
      return text.ok() && is_utf8(*text);
    }
    default: return false;
  }
}

Failure Call::abort_in(const ObjectId& package, std::string_view module, std::string_view function, uint64_t code) {
  Failure failure;
  failure.kind = static_cast<uint32_t>(FailureKind::kMoveAbort);
  failure.package = package;
  failure.module = module;
  failure.function = function;
  failure.abort_code = code;
  return failure;
}

}  // namespace walrusfs::localnet::sui
