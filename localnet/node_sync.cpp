// The sync route of a storage node: another member of the committee copies a shard that it has gained.
#include "localnet/node_errors.h"
#include "localnet/storage_node.h"

namespace walrusfs::localnet {
namespace {

namespace refuse = node_errors;

constexpr uint64_t kRequestBytes = 4096;        // a signed request has about 200
constexpr uint64_t kMaxSlivers = 1000;
constexpr uint64_t kAnswerBytes = 64 << 20;     // then the answer ends early, but never before its first sliver

// Whoever calls, when the header holds the key of a member.
std::optional<bls::PublicKey> member_calling(const HttpCall& call, const Committee& committee) {
  auto header = call.header("Authorization");
  auto bytes = header ? from_base64(*header) : Result<Bytes>(Error(Code::kNotFound, ""));
  if (!bytes || bytes->size() != bls::kPublicKeyBytes) return std::nullopt;
  auto key = bls::PublicKey::parse(*bytes);
  if (!key) return std::nullopt;
  for (const Member& member : committee.members())
    if (member.key == *key) return *key;
  return std::nullopt;
}

}  // namespace

HttpAnswer StorageNode::sync_shard(HttpCall& call) {
  auto body = read_whole_body(call, kRequestBytes);
  if (!body && body.error().code() == Code::kTooLarge) return text_answer(413, "length limit exceeded");
  if (!body) return text_answer(400, body.error().message());
  auto message = SignedMessage::parse(*body);
  if (!message) return refuse::invalid_content_type(message.error().message());
  const auto committees = membership_.committees();
  auto caller = member_calling(call, *committees->current);
  if (!caller) return refuse::request_unauthorized();
  auto request = SyncShardRequest::parse(message->message);
  if (!request) return refuse::message_verification_failed(request.error().message());
  if (!message->is_from(*caller)) return refuse::message_verification_failed("the signature is not the caller's");
  if (const uint32_t epoch = registry_.epoch(); request->epoch != epoch)
    return refuse::invalid_epoch(request->epoch, epoch);
  if (!shape().has(request->shard) || !store_.serves_shard(request->shard)) return refuse::shard_not_assigned();
  if (request->slivers > kMaxSlivers) return refuse::sliver_count_exceeds_limit(kMaxSlivers);
  return bytes_answer(slivers_of_shard(*request));
}

// Those of certified blobs that are there, in the order of blob IDs.
Bytes StorageNode::slivers_of_shard(const SyncShardRequest& request) {
  std::vector<BlobId> blobs = store_.blobs();
  std::vector<Bytes> found;
  uint64_t bytes = 0;
  for (auto at = std::lower_bound(blobs.begin(), blobs.end(), request.first); at != blobs.end(); ++at) {
    if (found.size() == request.slivers || bytes >= kAnswerBytes) break;
    const BlobStanding standing = registry_.standing(*at);
    if (!standing.registered() || !standing.initial_certified_epoch) continue;
    auto sliver = store_.sliver(*at, shape().pair_of(*at, request.shard), request.axis);
    if (!sliver) continue;
    // Its first sliver may be as large as it likes; further ones stay within the bound.
    if (!found.empty() && bytes + sliver->data.size() > kAnswerBytes) break;
    bytes += sliver->data.size();
    found.push_back(to_bytes(at->bytes));
    append(found.back(), sliver_to_bytes(*sliver));
  }
  BcsWriter out;
  out.u8(0);  // version of the answer
  out.uleb(static_cast<uint32_t>(found.size()));
  for (const Bytes& item : found) out.raw(item);
  return out.take();
}

}  // namespace walrusfs::localnet
