// The network's own chain: the Sui full node of localnet/sui over `chain.sqlite` in the network's folder, its first
// state made of the network's nodes, the wallet that the publisher pays with, and the ledger over them.
//
// Safe to call from any thread, except place_nodes(). Errors of open(): kCorrupt when one of its files is damaged.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "localnet/chain_wallet.h"
#include "localnet/committee.h"
#include "localnet/ledger.h"
#include "localnet/localnet.h"
#include "localnet/sui/bls_certificates.h"
#include "localnet/sui/rpc_http.h"

namespace walrusfs::localnet {

// What SQLite tells of a chain that cannot be read, for whoever has to help.
Error told_of_chain(const Error& error, const std::string& folder);

class Chain {
 public:
  // The chain in `folder`, made when there is none; all nodes of `committee` have keys there. A folder whose network
  // was made before there was a chain keeps its blobs: the live objects of its `ledger` are brought in, with their
  // ids, and the file is kept as `ledger.old`. All that `world` names must outlive the chain. kCorrupt for one that is
  // damaged, or empty although it is to be an old one.
  enum class Age { kAny, kOld };
  static Result<std::unique_ptr<Chain>> open(World world, const std::string& folder, const Committee& committee,
                                             Age age = Age::kAny);

  // Has the chain tell where its nodes are to be reached ("host:port", in the order of `committee`), and their keys:
  // whatever has changed since it was told last. Before anybody sends transactions.
  Status place_nodes(const Committee& committee, const std::vector<std::string>& addresses);

  sui::FullNode& node() { return node_; }
  Ledger& ledger() { return *ledger_; }
  // The RPC of a full node that is so far behind, and the faucet, over HTTP.
  HttpAnswer answer(HttpCall& call, Millis behind) { return rpc_.answer(call, behind); }
  // What clients have to know besides the URL.
  ChainInfo info() const;

 private:
  Chain(World world, std::string folder, std::unique_ptr<sui::ChainStore> store)
      : world_(world), folder_(std::move(folder)), store_(std::move(store)), node_(*store_, verifier_, world.clock) {}

  const World world_;
  const std::string folder_;
  const sui::BlsCertificates verifier_;
  const std::unique_ptr<sui::ChainStore> store_;
  sui::FullNode node_;
  sui::RpcHttp rpc_{node_};
  std::unique_ptr<ChainWallet> wallet_;
  std::unique_ptr<Ledger> ledger_;
};

}  // namespace walrusfs::localnet
