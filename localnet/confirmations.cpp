#include "localnet/confirmations.h"

#include "localnet/parallel.h"

namespace walrusfs::localnet {
namespace {

constexpr size_t kNodesAtATime = 16;

// The answer noted, or why not.
Status note(CertificateBuilder& builder, size_t node, const std::string& name, const Result<SignedMessage>& answer) {
  if (!answer) return answer.error();
  Status added = builder.note(node, answer->message, answer->signature);
  return added.ok() ? added : Status(added.error().with_context(name));
}

}  // namespace

ConfirmationRound collect_confirmations(const Committee& committee, std::span<const NodeClientPtr> nodes,
                                        const std::vector<bool>& asked, const StorageConfirmation& wanted) {
  std::vector<std::optional<Result<SignedMessage>>> answers(nodes.size());
  for_each_parallel(nodes.size(), kNodesAtATime, [&](size_t node) {
    if (asked[node]) answers[node] = nodes[node]->confirmation(wanted.blob, wanted.persistence);
  });

  ConfirmationRound round;
  CertificateBuilder builder(committee.signers(), wanted.to_bytes());
  auto failed = [&](const std::string& why) { round.failures += (round.failures.empty() ? "" : "; ") + why; };
  for (size_t node = 0; node < nodes.size(); ++node) {
    if (!answers[node]) continue;
    Status noted = note(builder, node, nodes[node]->name(), *answers[node]);
    if (!noted) failed(noted.error().message());
  }
  for (size_t node : builder.settle()) failed(nodes[node]->name() + ": the signature is not that of the node's key");
  round.weight = builder.weight();
  if (auto certificate = builder.build(committee.quorum_weight())) round.certificate = std::move(*certificate);
  return round;
}

BlobCertificate to_transaction(const Certificate& certificate, const Committee& committee) {
  std::vector<uint16_t> signers;
  for (const uint16_t member : certificate.signers) signers.push_back(committee.chain_index(member));
  return {certificate.message, signers_to_bitmap(signers, committee.members().size()),
          to_bytes(certificate.signature.to_bytes())};
}

}  // namespace walrusfs::localnet
