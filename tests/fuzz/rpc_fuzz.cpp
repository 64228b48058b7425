// Every method of the local full node with bytes from anybody: an answer comes, with a status, and nothing changes.
#include <string>

#include "base/check.h"
#include "base/testing/manual_clock.h"
#include "base/testing/temp_folder.h"
#include "localnet/sui/bls_certificates.h"
#include "localnet/sui/rpc_service.h"

namespace walrusfs::localnet::sui {
namespace {

constexpr const char* kMethods[] = {"LedgerService/GetServiceInfo",
                                    "LedgerService/GetEpoch",
                                    "LedgerService/GetObject",
                                    "LedgerService/BatchGetObjects",
                                    "LedgerService/GetTransaction",
                                    "StateService/ListOwnedObjects",
                                    "StateService/ListDynamicFields",
                                    "StateService/GetBalance",
                                    "StateService/GetCoinInfo",
                                    "MovePackageService/GetFunction",
                                    "MovePackageService/GetDatatype",
                                    "TransactionExecutionService/SimulateTransaction",
                                    "TransactionExecutionService/ExecuteTransaction"};

Genesis one_node() {
  Genesis genesis;
  genesis.n_shards = 4;
  genesis.nodes = {{Address::of(1), "node", "127.0.0.1:1", Bytes(96), Bytes(33), {0, 1, 2, 3}}};
  genesis.total_aggregated_key = Bytes(48);
  return genesis;
}

// A chain with one wallet, for the life of the fuzzer.
struct Chain {
  Chain()
      : store(ChainStore::open(system_files(), folder / "chain", [] { return make_first_state(one_node()); }).value()) {
    WFS_CHECK(node.grant(Address::of(9), 1'000'000'000, 1'000'000'000).ok());
  }
  TempFolder folder;
  ManualClock clock;
  BlsCertificates certificates;
  std::unique_ptr<ChainStore> store;
  FullNode node{*store, certificates, clock};
  RpcService service{node};
};

}  // namespace
}  // namespace walrusfs::localnet::sui

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace walrusfs::localnet::sui;
  static Chain chain;
  if (size == 0) return 0;
  const std::string path = std::string("/sui.rpc.v2.") + kMethods[data[0] % std::size(kMethods)];
  const walrusfs::sui::GrpcReply reply = chain.service.answer(path, {data + 1, size - 1});
  WFS_CHECK(reply.status.ok() || reply.status.code != walrusfs::sui::GrpcCode::kInternal);
  WFS_CHECK(chain.node.height() == 1);
  return 0;
}
