#include "localnet/accusation.h"

#include "base/log.h"
#include "codec/signed_messages.h"
#include "localnet/parallel.h"

namespace walrusfs::localnet {
namespace {

constexpr size_t kNodesAtATime = 4;

}  // namespace

Result<Certificate> collect_verdicts(const Committee& committee, const NodeDirectory& nodes, uint32_t epoch,
                                     const BlobId& blob, const InconsistencyProof& proof) {
  const std::vector<NodeClientPtr> clients = nodes.of(committee);
  std::vector<Result<SignedMessage>> verdicts(clients.size(), Error(Code::kUnavailable, "not asked"));
  for_each_parallel(clients.size(), kNodesAtATime,
                    [&](size_t node) { verdicts[node] = clients[node]->inconsistency_verdict(blob, proof); });
  CertificateBuilder builder(committee.signers(), invalid_blob_id_message(epoch, blob));
  for (size_t node = 0; node < clients.size(); ++node) {
    Status counted = verdicts[node] ? builder.add(node, verdicts[node]->message, verdicts[node]->signature)
                                    : Status(verdicts[node].error());
    if (!counted) log_info("verdict on {}: {}", blob.to_string(), counted.error().to_string());
  }
  if (builder.weight() >= committee.validity_weight())
    log_warn("blob {} is inconsistent: nodes with {} shards say so", blob.to_string(), builder.weight());
  return builder.build(committee.validity_weight());
}

}  // namespace walrusfs::localnet
