// What a network offers in front of its nodes: aggregator, publisher and upload relay, each with a port of its own.
// They reach the nodes only over HTTP.
//
// start() and the destructor are for one owner; everything else is safe from any thread.
#pragma once

#include <memory>

#include "localnet/blob_reader.h"
#include "localnet/ledger.h"
#include "localnet/localnet.h"
#include "localnet/relay_tip.h"

namespace walrusfs::localnet {

// All must outlive the services.
struct ServiceNeeds {
  const Membership& membership;
  const NodeDirectory& nodes;
  Ledger& ledger;
  const TransactionSource& transactions;
  World world;
};

class Services {
 public:
  // `scratch_folder` exists and is theirs; `before` has the ports that they had. kInvalidArgument when the secret for
  // tokens is no key for their algorithm, kBusy when a port that was asked for is taken.
  static Result<std::unique_ptr<Services>> start(const LocalnetConfig& config, const ServiceNeeds& needs,
                                                 const std::string& scratch_folder, const LocalnetState& before);
  ~Services();

  // Their URLs and ports.
  void tell(LocalnetState& state) const;
  ReaderCounts counts() const;

 private:
  struct Impl;
  explicit Services(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace walrusfs::localnet
