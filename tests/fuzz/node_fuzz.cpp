// Every route of a storage node with anything from anybody. The input is a script of requests to one node that has one
// blob and waits for another: method, path, query and body of each. Whatever comes, the answer has a status and a shape
// that clients know, only true slivers and metadata are kept and served, and nothing but a confirmation is signed.
#include <nlohmann/json.hpp>

#include "base/check.h"
#include "base/testing/manual_clock.h"
#include "base/testing/memory_files.h"
#include "localnet/storage_node.h"
#include "tests/fuzz/subjects.h"
#include "tests/localnet/fake_call.h"

namespace walrusfs::localnet {
namespace {

using fuzz::Script;
using fuzz::Subject;

constexpr uint8_t kFirst = 2, kSecond = 8, kStranger = 5;  // numbers of subjects; the stranger's shape is another one
constexpr size_t kMostRequests = 16;
constexpr int kStatuses[] = {200, 201, 202, 400, 403, 404, 405, 413, 416, 451, 503};

// Two blobs are registered, the others are not known.
class Chain final : public BlobRegistry {
 public:
  uint32_t epoch() const override { return 1; }
  BlobStanding standing(const BlobId& blob) const override {
    BlobStanding out;
    if (blob == fuzz::subject(kFirst).metadata.blob_id() || blob == fuzz::subject(kSecond).metadata.blob_id())
      out.kind = BlobStanding::Kind::kPermanent;
    out.certified = out.registered();
    out.end_epoch = 2;
    return out;
  }
  bool object_is_live(const std::string&, const BlobId&) const override { return false; }
  std::vector<BlobId> certified_blobs() const override { return {}; }
  ChainProgress progress() const override { return {2, 0, 2}; }
};

Committee committee() {
  SeededRng rng(1);
  auto made = Committee::create(10, 2, rng).value();
  std::vector<Member> members = made.members();
  for (Member& member : members) member.key = bls::SecretKey::generate(rng).public_key();
  return Committee(made.shape(), std::move(members));
}

// A node that begins anew for each input: what it keeps is in memory.
struct Node {
  Node() {
    store = NodeStore::open(files, "/node", membership.shape(), shards_of(id, *membership.committees())).value();
    node.emplace(membership, id, *store, chain, clock, key());
  }
  static FixedMembership& fixed() {
    static FixedMembership made(committee());
    return made;
  }
  static const bls::SecretKey& key() {
    static SeededRng rng(2);
    static const bls::SecretKey made = bls::SecretKey::generate(rng);
    return made;
  }

  FixedMembership& membership = fixed();
  const std::string id = membership.committees()->current->members()[0].id;
  MemoryFiles files;
  ManualClock clock;
  Chain chain;
  std::unique_ptr<NodeStore> store;
  std::optional<StorageNode> node;
};

const std::string& pick(const std::vector<std::string>& from, Script& script) {
  return from[script.byte() % from.size()];
}

std::string some_text(Script& script) { return std::string(as_text(script.take(script.byte() % 24))); }

std::string some_path(const Subject& subject, Script& script) {
  static const std::vector<std::string> leaves = {
      "metadata", "metadata/status", "slivers/3/primary", "slivers/3/secondary", "slivers/1/primary/status", "status",
      "decodingSymbols", "recoverySymbols", "confirmation/permanent", "confirmation/deletable/0x01",
      "inconsistencyProof/primary", "inconsistencyProof/secondary", "slivers/9/secondary", "slivers/65536/primary"};
  static const std::vector<std::string> others = {"/v1/health", "/v1/migrate/sync_shard", "/v1/api", "/", ""};
  const uint8_t kind = script.byte();
  if (kind % 8 == 0) return "/" + some_text(script);
  if (kind % 8 == 1) return pick(others, script);
  std::string path = "/v1/blobs/" + subject.metadata.blob_id().to_string() + "/" + pick(leaves, script);
  if (kind % 8 == 2) path += some_text(script);
  return path;
}

std::string some_query(Script& script) {
  static const std::vector<std::string> known = {
      "", "pending=true", "id=0-0&id=1-9", "targetSliver=1&targetType=primary", "targetSlivers=0&targetType=secondary",
      "proofAxis=primary&id=3-3", "detailed=true", "wait_for_registration=true&wait_millis=1"};
  return script.byte() % 4 == 0 ? some_text(script) : pick(known, script);
}

// True ones, changed a little or not at all, and others.
Bytes some_body(const Subject& subject, Script& script) {
  Bytes body;
  const uint8_t kind = script.byte();
  const SliverIndex index{static_cast<uint16_t>(script.byte() % subject.shape.n())};
  switch (kind % 4) {
    case 0: body = subject.metadata.to_bytes(); break;
    case 1: body = sliver_data_to_bytes(subject.sliver(Axis::kPrimary, index)); break;
    case 2: body = sliver_data_to_bytes(subject.sliver(Axis::kSecondary, index)); break;
    default: body = to_bytes(script.take(script.byte())); break;
  }
  if (kind % 16 >= 12 && !body.empty()) body[script.below(body.size())] ^= script.byte();
  if (kind % 16 == 11) body.resize(script.below(body.size() + 1));
  return body;
}

void check_shape(const HttpAnswer& answer) {
  WFS_CHECK(std::find(std::begin(kStatuses), std::end(kStatuses), answer.status) != std::end(kStatuses));
  if (answer.content_type != "application/json") return;
  const auto body = nlohmann::json::parse(answer.body, nullptr, false);
  WFS_CHECK(body.is_object());
  const bool good = answer.status < 300;
  WFS_CHECK(body.at(good ? "success" : "error").at("code") == answer.status);
  WFS_CHECK(good || body.at("error").at("details").at(0).at("reason").is_string());
}

// Whatever was put in, what is kept is true.
void check_kept(Node& node) {
  for (const BlobId& blob : node.store->blobs()) {
    const auto known = std::find_if(fuzz::subjects().begin(), fuzz::subjects().end(),
                                    [&](const Subject& s) { return s.metadata.blob_id() == blob; });
    WFS_CHECK(known != fuzz::subjects().end());
    for (uint16_t pair = 0; pair < known->shape.n(); ++pair)
      for (Axis axis : {Axis::kPrimary, Axis::kSecondary}) {
        if (!node.store->owns(blob, PairIndex{pair})) continue;
        if (auto sliver = node.store->sliver(blob, PairIndex{pair}, axis))
          WFS_CHECK(*sliver == known->sliver(axis, known->shape.sliver_of(axis, PairIndex{pair})));
      }
  }
}

void one_request(Node& node, Script& script) {
  static const std::vector<std::string> methods = {"GET", "PUT", "POST", "DELETE"};
  constexpr uint8_t kSubjects[] = {kFirst, kSecond, kStranger};
  const Subject& subject = fuzz::subject(kSubjects[script.byte() % 3]);
  FakeCall call(pick(methods, script));
  call.path_text = some_path(subject, script);
  call.query_text = some_query(script);
  call.body = some_body(subject, script);
  if (script.byte() % 8 == 0) call.headers["Content-Type"] = "text/plain";
  if (script.byte() % 8 == 0) call.headers["Authorization"] = some_text(script);
  check_shape(node.node->answer(call));
}

}  // namespace
}  // namespace walrusfs::localnet

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace walrusfs::localnet;
  Node node;
  walrusfs::fuzz::Script script({data, size});
  for (size_t i = 0; i < kMostRequests && !script.ended(); ++i) one_request(node, script);
  check_kept(node);
  return 0;
}
