#include "simulation.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "codec/encoder.h"
#include "localnet/confirmations.h"

namespace walrusfs::sim {
namespace {

using nlohmann::ordered_json;

constexpr Shape kShapes[] = {{10, 4}, {7, 7}, {13, 5}, {10, 5}, {13, 4}};
constexpr size_t kSizes[] = {0, 1, 60, 700, 4000};
constexpr Millis kLongerThanBelief{10'001};
constexpr Millis kHealAgain{20'000};
constexpr int kMostHealSteps = 200;  // at a time
constexpr int kFewestRounds = 3, kMostRounds = 40;  // of healing, until all are whole

// All that is ever stored. Few enough that signatures of the same promise come again in other seeds (bls_memo.h).
constexpr size_t kContents = 60;
const std::vector<std::string>& contents() {
  static const std::vector<std::string> made = [] {
    SeededRng rng(2);
    std::vector<std::string> all;
    for (size_t i = 0; i < kContents; ++i) {
      const size_t most = kSizes[i % std::size(kSizes)];
      Bytes bytes(i < std::size(kSizes) ? most : rng.below(most + 1));
      if (!bytes.empty()) rng.fill(bytes);
      all.emplace_back(as_text(bytes));
    }
    return all;
  }();
  return made;
}

Shape draw_shape(Rng& rng) { return kShapes[rng.below(std::size(kShapes))]; }

// "reason" of an error of the official shape; empty when it has another one.
std::string reason_of(const HttpReply& reply) {
  const auto root = ordered_json::parse(reply.body, nullptr, false);
  const auto at = ordered_json::json_pointer("/error/details/0/reason");
  if (root.is_discarded() || !root.is_object() || !root.contains(at) || !root[at].is_string()) return "";
  return root[at].get<std::string>();
}

std::string status_text(const HttpReply& reply) {
  const std::string reason = reason_of(reply);
  return std::to_string(reply.status) + (reason.empty() ? "" : " " + reason);
}

bool has_faults(const net::Faults& faults) { return !faults.list().empty(); }

std::string short_name(const BlobId& blob) { return blob.to_string().substr(0, 8); }

}  // namespace

SimCounts& SimCounts::operator+=(const SimCounts& other) {
  stored += other.stored;
  stores_refused += other.stores_refused;
  read += other.read;
  reads_refused += other.reads_refused;
  reads_of_nothing += other.reads_of_nothing;
  epochs += other.epochs;
  deletions += other.deletions;
  extensions += other.extensions;
  stale_certificates += other.stale_certificates;
  faults += other.faults;
  beyond_f += other.beyond_f;
  power_cuts += other.power_cuts;
  wipes += other.wipes;
  healed += other.healed;
  joined += other.joined;
  left += other.left;
  stakes += other.stakes;
  shards_moved += other.shards_moved;
  epochs_put_off += other.epochs_put_off;
  challenges += other.challenges;
  challenges_failed += other.challenges_failed;
  penalties += other.penalties;
  forgeries += other.forgeries;
  disks_taken += other.disks_taken;
  disks_returned += other.disks_returned;
  despairs += other.despairs;
  return *this;
}

SimOutcome simulate(const SimOptions& options) { return Simulation(options).run(); }

Simulation::Simulation(const SimOptions& options)
    : options_(options),
      trace_(options.print),
      rng_(options.seed),
      order_(~options.seed),
      reckless_(chance(25)),
      network_(draw_shape(rng_), rng_, trace_) {}

const std::vector<Simulation::Step>& Simulation::steps() {
  static const std::vector<Step> all = {
      {12, "store", &Simulation::store},
      {3, "store across epochs", &Simulation::store_across_epochs},
      {25, "read", &Simulation::read},
      {4, "extend", &Simulation::extend},
      {4, "delete", &Simulation::remove},
      {2, "forge", &Simulation::forge},
      {5, "committee", &Simulation::change_committee},
      {7, "epoch", &Simulation::begin_epoch},
      {14, "background", &Simulation::background},
      {1, "new driver", &Simulation::restart_driver},
      {4, "challenge", &Simulation::challenge},
      {8, "stop or start", &Simulation::stop_or_start},
      {4, "power cut", &Simulation::power_cut},
      {1, "power cut of all", &Simulation::power_cut_of_all},
      {2, "wipe", &Simulation::wipe},
      {3, "disk", &Simulation::take_or_return_disk},
      {10, "fault", &Simulation::set_fault},
      {5, "no faults", &Simulation::clear_faults},
      {5, "turn of fortune", &Simulation::turn_of_fortune},
      {4, "time", &Simulation::let_time_pass},
  };
  return all;
}

SimOutcome Simulation::run() {
  const CodeShape shape = network_.shape();
  say("seed " + std::to_string(options_.seed) + ": " + std::to_string(network_.node_count()) + " nodes, " +
      std::to_string(shape.n()) + " shards" + (reckless_ ? ", reckless" : ""));
  for (size_t i = 0; i < options_.steps && failure_.empty(); ++i) one_step();
  if (failure_.empty()) finish();
  return {failure_, trace_.hash(), counts_};
}

void Simulation::one_step() {
  uint64_t all = 0;
  for (const Step& step : steps()) all += step.weight;
  uint64_t drawn = rng_.below(all);
  for (const Step& step : steps()) {
    if (drawn >= step.weight) {
      drawn -= step.weight;
      continue;
    }
    say("  " + std::string(step.name));
    (this->*step.run)();
    check_despair();
    if (!within_f()) ++counts_.beyond_f;
    return;
  }
}

void Simulation::fail(const std::string& what) {
  if (failure_.empty()) failure_ = what;
  say("FAILED: " + what);
}

// ---------------------------------------------------------------- what is there to draw from

std::string Simulation::draw_content() {
  const auto& blobs = model_.blobs();
  if (!blobs.empty() && chance(20)) return model_.blob(*draw_blob()).content;
  return contents()[rng_.below(contents().size())];
}

Simulation::HandedIn Simulation::hand_in() {
  const std::string content = draw_content();
  const BlobMetadata metadata = metadata_of(content);
  model_.handed_in(metadata.blob_id(), content);
  return {content, metadata, metadata.blob_id()};
}

std::optional<BlobId> Simulation::draw_blob() {
  const auto& blobs = model_.blobs();
  if (blobs.empty()) return std::nullopt;
  return std::next(blobs.begin(), static_cast<ptrdiff_t>(rng_.below(blobs.size())))->first;
}

std::optional<std::pair<BlobId, size_t>> Simulation::draw_claim() {
  std::vector<std::pair<BlobId, size_t>> live;
  for (const auto& [id, blob] : model_.blobs())
    for (size_t i = 0; i < blob.claims.size(); ++i)
      if (model_.is_live(blob.claims[i])) live.emplace_back(id, i);
  if (live.empty()) return std::nullopt;
  return live[rng_.below(live.size())];
}

net::FaultRule Simulation::draw_rule(const std::vector<std::string>& routes) {
  constexpr const char* kAnswers[] = {"429", "500", "503", "NOT_REGISTERED"};
  constexpr double kRates[] = {1, 1, 0.5, 0.2};
  net::FaultRule rule;
  rule.kind = net::kAllFaultKinds[rng_.below(std::size(net::kAllFaultKinds))];
  rule.rate = kRates[rng_.below(std::size(kRates))];
  rule.seed = rng_.next();
  if (chance(20)) rule.times = 1 + rng_.below(5);
  rule.route = routes[rng_.below(routes.size())];
  rule.answer = kAnswers[rng_.below(std::size(kAnswers))];
  rule.delay = rule.kind == net::FaultKind::kHanging ? Millis(61'000) : Millis(rng_.below(2'000));
  if (rule.kind == net::FaultKind::kStale) rule.route.clear();
  if (rule.kind == net::FaultKind::kEpochChange) rule.times = 1;
  return rule;
}

BlobMetadata Simulation::metadata_of(const std::string& content) const {
  return compute_metadata(network_.shape(), as_bytes(content)).value();
}

uint32_t Simulation::bad_shards() const {
  const auto now = network_.committees();
  const net::Committee* before = now->also_serving();
  uint32_t bad = 0;
  for (uint16_t i = 0; i < network_.shape().n(); ++i) {
    const size_t owner = network_.number_of(now->current->owner_of(ShardIndex{i}).id);
    bool lacking = behind_.contains(owner);
    if (lacking && before != nullptr) {
      const size_t other = network_.number_of(before->owner_of(ShardIndex{i}).id);
      lacking = behind_before_.contains(other) || (other != owner && is_bad(other));
    }
    bad += is_bad(owner) || lacking;
  }
  return bad;
}

bool Simulation::within_f_without(size_t node) {
  const bool news = stopped_.insert(node).second;
  const bool within = within_f();
  if (news) stopped_.erase(node);
  return within;
}

bool Simulation::may_harm(size_t node) { return within_f_without(node) || (reckless_ && chance(30)); }

// ---------------------------------------------------------------- blobs

void Simulation::store() {
  const auto [content, metadata, blob] = hand_in();
  const auto epochs = static_cast<uint32_t>(1 + rng_.below(4));
  const bool permanent = chance(40);
  std::string target = "/v1/blobs?epochs=" + std::to_string(epochs) + (permanent ? "&permanent=true" : "");
  if (chance(20)) target += "&force=true";
  if (chance(50)) target += "&reuse_resources=true";
  const bool must_succeed = within_f() && !epoch_may_change() && !has_faults(network_.ledger_faults());
  const auto reply = network_.ask_publisher({.method = "PUT", .target = target, .body = as_bytes(content)});
  say("  store " + short_name(blob) + ", " + std::to_string(content.size()) + " bytes: " +
      (reply ? status_text(*reply) : "cut"));
  if (!reply) return fail("the publisher broke off");
  if (reply->status == 200) check_stored(blob, reply->body, epochs, permanent);
  adopt_lost(blob);
  note_epoch();
  if (reply->status == 200 && !within_f() && chance(50)) turn_of_fortune();
  if (reply->status == 200) return;
  ++counts_.stores_refused;
  const bool by_ledger = has_faults(network_.ledger_faults()) && reason_of(*reply) == "INTERNAL_ERROR";
  if (!by_ledger && (reply->status != 504 || reason_of(*reply) != "INSUFFICIENT_CONFIRMATIONS"))
    return fail("a store is refused in a way that is not documented: " + reply->body);
  if (must_succeed) fail("a store is refused although no more than f shards are bad: " + reply->body);
}

void Simulation::check_stored(const BlobId& blob, const std::string& answer, uint32_t epochs, bool permanent) {
  const auto root = ordered_json::parse(answer);
  if (root.contains("alreadyCertified")) {
    const auto end = root["alreadyCertified"]["endEpoch"].get<uint32_t>();
    const auto& claims = model_.blob(blob).claims;
    const bool known = std::any_of(claims.begin(), claims.end(), [&](const Claim& claim) {
      return model_.is_live(claim) && claim.end_epoch == end && (!permanent || !claim.deletable);
    });
    const bool told_right = known && end >= model_.epoch() + epochs;
    if (!told_right && !has_faults(network_.ledger_faults()))
      fail("a blob is said to be certified already, which it is not");
    return;
  }
  ++counts_.stored;
  const auto& object = root["newlyCreated"]["blobObject"];
  Claim claim;
  claim.object = object["id"].get<std::string>();
  claim.end_epoch = object["storage"]["endEpoch"].get<uint32_t>();
  claim.deletable = object["deletable"].get<bool>();
  if (object["blobId"].get<std::string>() != blob.to_string()) return fail("another blob was stored");
  if (claim.end_epoch < model_.epoch() + epochs || claim.deletable == permanent)
    return fail("a blob was not stored for as long, or in the way, that was asked for");
  model_.claim(blob, claim);
}

// What was certified or extended without an answer, as its owner finds out from the chain.
void Simulation::adopt_lost(const BlobId& blob) {
  for (const net::BlobObject& object : network_.ledger().objects_of(blob))
    if (object.certified_epoch) model_.claim(blob, {object.id, object.end_epoch, object.deletable, false});
}

net::BlobObject Simulation::register_blob(const BlobMetadata& metadata, uint64_t size_bytes) {
  net::RegisterRequest request;
  request.blob = metadata.blob_id();
  request.size_bytes = size_bytes;
  request.encoded_length = network_.shape().encoded_length(size_bytes).value();
  request.epochs = 2;
  request.deletable = chance(50);
  request.root_hash = metadata.root();
  return network_.ledger().register_blob(request).value().object;
}

// As a client does it that is slow: the epoch ends between confirmations and certification.
void Simulation::store_across_epochs() {
  if (epoch_may_change()) return;
  const auto [content, metadata, blob] = hand_in();
  const net::BlobObject object = register_blob(metadata, content.size());
  network_.spread(metadata, content);
  const auto old = network_.confirm(object);
  const auto before = network_.committees();
  begin_epoch();
  const auto now = network_.committees();
  if (now->epoch == before->epoch) return;  // put off; the object stays without a certificate
  if (old) {
    ++counts_.stale_certificates;
    auto certified = network_.ledger().certify(object.id, net::to_transaction(*old, *before->current));
    if (certified) return fail("confirmations of an earlier epoch certify a blob");
    if (certified.error().code() != Code::kStale) fail("an old certificate: " + certified.error().to_string());
  }
  network_.spread(metadata, content);  // to those who have just gained shards
  const auto fresh = network_.confirm(object);
  say("  late store " + short_name(blob) + (fresh ? ": certified" : ": too few confirmations"));
  if (!fresh && within_f()) return fail("too few nodes confirm a blob although no more than f shards are bad");
  if (!fresh) return;
  auto certified = network_.ledger().certify(object.id, net::to_transaction(*fresh, *now->current));
  if (!certified) return fail("a good certificate is refused: " + certified.error().to_string());
  model_.claim(blob, {object.id, object.end_epoch, object.deletable, false});
}

// Somebody who is not the committee says that a blob is stored.
void Simulation::forge() {
  if (epoch_may_change()) return;
  const auto [content, metadata, blob] = hand_in();
  const net::BlobObject object = register_blob(metadata, content.size());
  forge_sliver(metadata, content);
  network_.spread(metadata, content);
  const auto good = network_.confirm(object);
  if (!good) return;
  const auto committees = network_.committees();
  const net::BlobCertificate certificate = net::to_transaction(*good, *committees->current);
  net::BlobCertificate forged = certificate;
  switch (rng_.below(4)) {
    case 0:  // one node signs for all
      forged.signature = to_bytes(SignedMessage::sign(network_.key(0), forged.message).signature);
      break;
    case 1:  // a signer more, or less
      forged.signers_bitmap[0] ^= static_cast<uint8_t>(1u << rng_.below(committees->current->members().size()));
      break;
    case 2:  // nodes of too few shards
      forged = network_.sign_with_too_few(forged.message);
      break;
    default:  // of something else
      forged.message.back() ^= 1;
  }
  ++counts_.forgeries;
  say("  a forged certificate for " + short_name(blob));
  if (network_.ledger().certify(object.id, forged)) return fail("a forged certificate certifies a blob");
  auto certified = network_.ledger().certify(object.id, certificate);
  if (!certified) return fail("a good certificate is refused: " + certified.error().to_string());
  model_.claim(blob, {object.id, object.end_epoch, object.deletable, false});
}

// Nobody keeps what is not the blob's.
void Simulation::forge_sliver(const BlobMetadata& metadata, const std::string& content) {
  const size_t node = rng_.below(network_.node_count());
  if (is_bad(node) || network_.node(node).store().has_metadata(metadata.blob_id())) return;
  if (network_.spread_wrong_sliver(node, metadata, content))
    fail("node " + std::to_string(node) + " takes a sliver that is not the blob's");
}

void Simulation::read() {
  const auto blob = draw_blob();
  if (!blob) return;
  const uint64_t size = model_.blob(*blob).content.size();
  if (size == 0 || chance(50)) return read_and_check(*blob, std::nullopt);
  const uint64_t offset = rng_.below(size);
  read_and_check(*blob, ByteRange{offset, 1 + rng_.below(size - offset)});
}

void Simulation::read_and_check(const BlobId& blob, std::optional<ByteRange> range) {
  const Owed owed = model_.owed(blob, now());
  WireRequest request{.target = "/v1/blobs/" + blob.to_string(), .max_answer_bytes = UINT64_MAX};
  if (range)
    request.headers = {{"Range", "bytes=" + std::to_string(range->offset) + "-" +
                                     std::to_string(range->offset + range->length - 1)}};
  const bool epoch_may_change = this->epoch_may_change();
  const auto reply = network_.ask_aggregator(request);
  note_epoch();
  say("  read " + short_name(blob) + ": " + (reply ? status_text(*reply) : "cut"));
  if (!reply) return fail("the aggregator broke off an answer that fits into memory");
  if (reply->status == 200 || reply->status == 206) return check_good_read(blob, owed, *reply, range);
  if (!epoch_may_change) check_refused_read(blob, owed, *reply);
}

void Simulation::check_good_read(const BlobId& blob, Owed owed, const HttpReply& reply,
                                 std::optional<ByteRange> range) {
  const std::string& content = model_.blob(blob).content;
  ++counts_.read;
  if (reply.status != (range ? 206 : 200)) fail("a read is answered with " + std::to_string(reply.status));
  const std::string expected = range ? content.substr(range->offset, range->length) : content;
  if (reply.body != expected) return fail("WRONG BYTES of " + blob.to_string());
  if (owed == Owed::kMustBeGone && within_f()) fail("a blob is served that nobody pays for: " + blob.to_string());
}

void Simulation::check_refused_read(const BlobId& blob, Owed owed, const HttpReply& reply) {
  const bool gone = reply.status == 404 && reason_of(reply) == "BLOB_NOT_FOUND";
  const bool short_of_nodes = reply.status == 503 && reason_of(reply) == "BLOB_UNAVAILABLE";
  const bool short_on_range = reply.status == 500 && reason_of(reply) == "INTERNAL_ERROR";
  ++(owed == Owed::kMustBeGone ? counts_.reads_of_nothing : counts_.reads_refused);
  if (!gone && !short_of_nodes && !short_on_range)
    return fail("a read is refused in a way that is not documented: " + status_text(reply));
  if (!within_f()) return;
  if (owed == Owed::kMustBeThere)
    fail(blob.to_string() + " cannot be read although no more than f shards are bad: " + reply.body);
  if (owed == Owed::kMustBeGone && !gone) fail("a read of nothing is not answered with 404: " + reply.body);
}

void Simulation::extend() {
  const auto drawn = draw_claim();
  if (!drawn) return;
  Claim& claim = model_.blob(drawn->first).claims[drawn->second];
  const auto epochs = static_cast<uint32_t>(1 + rng_.below(3));
  auto cost = network_.ledger().extend(claim.object, epochs);
  if (!cost) return fail("an extension is refused: " + cost.error().to_string());
  ++counts_.extensions;
  claim.end_epoch += epochs;
  say("  extend " + short_name(drawn->first) + " to " + std::to_string(claim.end_epoch));
}

void Simulation::remove() {
  const auto drawn = draw_claim();
  if (!drawn) return;
  const Claim& claim = model_.blob(drawn->first).claims[drawn->second];
  const net::BlobObject object = network_.ledger().object(claim.object).value();
  Status removed = network_.ledger().remove(claim.object);
  if (removed.ok() != claim.deletable) return fail("a deletion of a blob went another way than it should");
  if (!claim.deletable) return;
  ++counts_.deletions;
  thrown_away_.emplace_back(object.end_epoch, object.encoded_length);
  model_.deleted(drawn->first, drawn->second, now());
  say("  delete " + short_name(drawn->first));
}

// ---------------------------------------------------------------- committees and epochs

void Simulation::change_committee() {
  constexpr uint64_t kThousandWal = 1'000'000'000'000;
  constexpr size_t kMostNodes = 10, kFewestMembers = 4;
  const uint64_t frost = (1 + rng_.below(4)) * kThousandWal;
  const size_t node = rng_.below(network_.node_count());
  const size_t members = network_.committees()->current->members().size();
  switch (rng_.below(3)) {
    case 0:
      if (network_.node_count() == kMostNodes) return;
      network_.add_node(frost);
      ++counts_.joined;
      return say("  node " + std::to_string(network_.node_count() - 1) + " joins");
    case 1:
      if (members <= kFewestMembers || !network_.remove_node(node)) return;
      ++counts_.left;
      return say("  node " + std::to_string(node) + " is to leave");
    default:
      if (!network_.stake(node, frost)) return;  // of one that leaves
      ++counts_.stakes;
      return say("  node " + std::to_string(node) + " gets stake");
  }
}

void Simulation::begin_epoch() {
  if (chance(80)) all_work();
  const Status begun = network_.begin_change();
  if (!begun && begun.error().code() != Code::kBusy) return fail("no epoch begins: " + begun.error().to_string());
  if (!begun) {
    ++counts_.epochs_put_off;
    say("  not now: " + begun.error().message());
  }
  note_epoch();
}

void Simulation::note_epoch() {
  const std::vector<EpochBegun> begun = network_.take_begun();
  if (begun.empty()) return;
  const auto committees = network_.committees();
  behind_before_ = behind_;
  for (uint16_t i = 0; i < network_.shape().n(); ++i) {
    const ShardIndex shard{i};
    const std::string& before = committees->previous->owner_of(shard).id;
    const std::string& after = committees->current->owner_of(shard).id;
    if (before == after && begun.size() == 1) continue;
    counts_.shards_moved += before != after;
    behind_.insert(network_.number_of(after));
  }
  if (begun.size() > 1) behind_before_ = behind_;  // several in the middle of one request: who knows
  counts_.epochs += begun.size();
  for (const EpochBegun& each : begun) model_.epoch_began(each.epoch, now());
  say("  epoch " + std::to_string(committees->epoch));
  for (const EpochBegun& each : begun)
    if (each.wal_before != each.wal_after)
      fail("epoch " + std::to_string(each.epoch) + " begins with " + std::to_string(each.wal_after) +
           " FROST in all, of " + std::to_string(each.wal_before));
  check_penalties(begun.back());
  check_owners(*committees->current);
  check_capacity();
  challenged_ = false;
}

void Simulation::check_penalties(const EpochBegun& begun) {
  if (!begun.failed.empty() && !challenged_) fail("nodes are punished in an epoch without challenges");
  std::map<net::sui::ObjectId, net::sui::NodeView> before;
  for (const auto& node : begun.nodes) before.emplace(node.id, node);
  for (const auto& node : network_.nodes_on_chain()) {
    const net::sui::NodeRecord &then = before.at(node.id).record, &now = node.record;
    const bool failed = begun.failed.contains(node.id.to_string());
    counts_.penalties += failed;
    const bool right = failed ? now.failures == then.failures + 1 && now.earned_frost == then.earned_frost &&
                                    now.withheld_frost >= then.withheld_frost
                              : now.failures == then.failures && now.earned_frost >= then.earned_frost &&
                                    now.withheld_frost == then.withheld_frost;
    if (!right) fail("the rewards of " + node.name + " are not those of its challenges");
  }
}

void Simulation::check_owners(const net::Committee& committee) {
  std::vector<int> owners(network_.shape().n());
  for (const net::Member& member : committee.members())
    for (const ShardIndex shard : member.shards) ++owners.at(raw(shard));
  for (size_t shard = 0; shard < owners.size(); ++shard)
    if (owners[shard] != 1)
      fail("shard " + std::to_string(shard) + " has " + std::to_string(owners[shard]) + " owners");
}

void Simulation::check_capacity() {
  uint64_t reserved = network_.reserved_capacity();
  for (const auto& [end, bytes] : thrown_away_)
    if (end > model_.epoch()) reserved += bytes;
  if (network_.used_capacity() != reserved)
    fail("the chain counts " + std::to_string(network_.used_capacity()) + " bytes as used, reserved are " +
         std::to_string(reserved));
}

void Simulation::check_collected() {
  for (size_t i = 0; i < network_.node_count(); ++i) {
    if (!network_.node(i).runs()) continue;
    for (const BlobId& blob : network_.node(i).store().blobs())
      if (!network_.ledger().standing(blob).registered())
        fail("node " + std::to_string(i) + " keeps " + blob.to_string() + ", for which nobody pays");
  }
}

bool Simulation::is_of_the_past(const BlobId& blob) {
  const uint32_t epoch = network_.ledger().epoch();
  return network_.ledger().standing(blob).initial_certified_epoch.value_or(epoch) < epoch;
}

void Simulation::check_synced() {
  const uint32_t epoch = network_.ledger().epoch();
  for (size_t i = 0; i < network_.node_count(); ++i) {
    if (misled_.contains(i) || !network_.node(i).has_synced(epoch)) continue;
    for (const BlobId& blob : network_.ledger().certified_blobs())
      if (is_of_the_past(blob) && !network_.node(i).has_all_of(blob) && !says_lost(i, blob))
        fail("node " + std::to_string(i) + " says that it has synced, and lacks some of " + blob.to_string());
  }
}

bool Simulation::says_lost(size_t node, const BlobId& blob) {
  const auto lost = network_.node(node).lost();
  return std::any_of(lost.begin(), lost.end(), [&](const net::LostBlob& one) { return one.blob == blob; });
}

void Simulation::check_despair() {
  for (size_t i = 0; i < network_.node_count(); ++i) {
    const auto lost = network_.node(i).lost();
    if (!within_f()) despairing_.insert(i);
    if (lost.empty() && within_f()) despairing_.erase(i);
    if (lost.empty()) continue;
    ++counts_.despairs;
    if (!despairing_.contains(i) && !misled_.contains(i))
      fail("node " + std::to_string(i) + " says that " + lost[0].blob.to_string() +
           " is beyond healing although no more than f shards are bad");
  }
}

// One step of the driver.
void Simulation::drive() {
  const bool changing = network_.committees()->phase == net::Phase::kSync;
  network_.drive();
  note_epoch();
  check_synced();
  for (size_t node = 0; node < network_.node_count(); ++node)
    if (behind_.contains(node)) is_whole(node);
  if (!changing || network_.committees()->phase == net::Phase::kSync) return;
  say("  the change is done");
  check_collected();
}

void Simulation::work(size_t node, uint64_t steps) {
  for (; steps > 0 && network_.node(node).runs(); --steps) {
    network_.clock().advance(network_.node(node).step());
    note_epoch();
    if (!faulty_.contains(node)) misled_.erase(node);
  }
  if (emptied_.contains(node) && is_whole(node)) say("  node " + std::to_string(node) + " is whole again");
}

// As much as lets them see whether they lack something.
void Simulation::all_work() {
  for (size_t node = 0; node < network_.node_count(); ++node) work(node, 2);
}

void Simulation::background() {
  for (uint64_t rounds = 1 + rng_.below(6); rounds > 0 && failure_.empty(); --rounds) {
    work(rng_.below(network_.node_count()), 1 + rng_.below(5));
    drive();
  }
}

// Who is well and has what is its own passes.
void Simulation::challenge() {
  for (uint64_t count = 1 + rng_.below(10); count > 0; --count) {
    std::set<std::string> good;
    for (size_t node = 0; node < network_.node_count(); ++node)
      if (!is_bad(node) && is_whole(node)) good.insert(network_.node(node).id());
    const uint32_t epoch = network_.ledger().epoch();
    auto before = network_.scores();
    network_.challenge();
    note_epoch();
    ++counts_.challenges;
    challenged_ = network_.ledger().epoch() == epoch;
    network_.clock().advance(Millis(rng_.below(30'000)));
    if (!challenged_) continue;
    for (const auto& [id, score] : network_.scores()) {
      if (score.failed <= before[id].failed) continue;
      ++counts_.challenges_failed;
      if (good.contains(id)) fail("a node that has all that is its own fails a challenge");
    }
  }
}

// ---------------------------------------------------------------- trouble

void Simulation::stop_or_start() {
  const size_t node = rng_.below(network_.node_count());
  if (stopped_.contains(node)) {
    network_.node(node).start();
    stopped_.erase(node);
    say("  node " + std::to_string(node) + " starts");
  } else if (may_harm(node)) {
    network_.node(node).stop();
    stopped_.insert(node);
    say("  node " + std::to_string(node) + " stops");
  }
}

void Simulation::power_cut() {
  const size_t node = rng_.below(network_.node_count());
  ++counts_.power_cuts;
  network_.node(node).power_cut(rng_);
  say("  node " + std::to_string(node) + " loses its power");
  if (chance(50) && may_harm(node)) {
    stopped_.insert(node);
  } else {
    network_.node(node).start();
    stopped_.erase(node);
  }
}

void Simulation::power_cut_of_all() {
  for (size_t node = 0; node < network_.node_count(); ++node) {
    network_.node(node).power_cut(rng_);
    network_.node(node).start();
  }
  stopped_.clear();
  network_.forget_reads();
}

// Never more than the network bears: what all have lost is lost.
void Simulation::wipe() {
  const size_t node = rng_.below(network_.node_count());
  if (!within_f_without(node)) return;
  ++counts_.wipes;
  network_.node(node).wipe();
  network_.node(node).start();
  stopped_.erase(node);
  emptied_.insert(node);
  say("  node " + std::to_string(node) + " loses its disk");
}

// A disk may go for a while, and more than the network bears may be gone at a time, in a reckless life.
void Simulation::take_or_return_disk() {
  const size_t node = rng_.below(network_.node_count());
  if (network_.node(node).misses_disk()) return return_disk(node);
  if (!reckless_) return;
  for (uint64_t count = 1 + rng_.below(network_.node_count()); count > 0; --count)
    take_disk((node + count) % network_.node_count());
}

void Simulation::take_disk(size_t node) {
  if (network_.node(node).misses_disk()) return;
  ++counts_.disks_taken;
  network_.node(node).start();
  network_.node(node).take_disk();
  network_.node(node).start();
  stopped_.erase(node);
  emptied_.insert(node);
  say("  the disk of node " + std::to_string(node) + " is taken out");
}

void Simulation::return_disk(size_t node) {
  if (!network_.node(node).misses_disk()) return;
  ++counts_.disks_returned;
  network_.node(node).start();
  std::set<BlobId> whole;
  for (const BlobId& blob : network_.ledger().certified_blobs())
    if (network_.node(node).has_all_of(blob)) whole.insert(blob);
  network_.node(node).return_disk(whole);
  network_.node(node).start();
  stopped_.erase(node);
  emptied_.insert(node);
  say("  node " + std::to_string(node) + " has its disk again");
}

void Simulation::set_fault() {
  if (chance(15)) {
    const net::FaultRule rule = draw_rule({"", "register", "certify", "standing"});
    WFS_CHECK(network_.ledger_faults().set(rule).ok());
    return say("  the ledger is " + std::string(net::fault_name(rule.kind)));
  }
  const size_t node = rng_.below(network_.node_count());
  const net::FaultRule rule =
      draw_rule({"", "", "", "/slivers/", "/metadata", "/status", "/confirmation", "Symbols"});
  if (!may_harm(node)) return;
  ++counts_.faults;
  WFS_CHECK(network_.node(node).faults().set(rule).ok());
  faulty_.insert(node);
  misled_.insert(node);
  say("  node " + std::to_string(node) + " is " + std::string(net::fault_name(rule.kind)) + ", rate " +
      std::to_string(rule.rate) + ", route '" + rule.route + "'");
}

void Simulation::clear_faults() {
  if (chance(50)) network_.ledger_faults().clear();
  const size_t node = rng_.below(network_.node_count());
  network_.node(node).faults().clear();
  faulty_.erase(node);
  say("  node " + std::to_string(node) + " is without faults");
}

bool Simulation::epoch_may_change() {
  for (const net::FaultState& fault : network_.ledger_faults().list())
    if (fault.rule.kind == net::FaultKind::kEpochChange && !fault.over) return true;
  for (size_t node : faulty_)
    for (const net::FaultState& fault : network_.node(node).faults().list())
      if (fault.rule.kind == net::FaultKind::kEpochChange && !fault.over) return true;
  return false;
}

bool Simulation::is_whole(size_t node) {
  if (!network_.node(node).runs()) return false;
  for (const BlobId& blob : network_.ledger().certified_blobs())
    if (!network_.node(node).has_all_of(blob)) return false;
  if (emptied_.erase(node) > 0) ++counts_.healed;
  behind_.erase(node);
  return true;
}

bool Simulation::all_is_settled() {
  bool settled = network_.committees()->phase != net::Phase::kSync && !network_.change_is_asked_for();
  for (size_t node = 0; node < network_.node_count(); ++node) settled = is_whole(node) && settled;
  return settled;
}

void Simulation::work_until_idle() {
  for (size_t node = 0; node < network_.node_count(); ++node)
    for (int steps = 0; steps < kMostHealSteps && network_.node(node).step() == Millis(0); ++steps) continue;
  misled_.clear();
}

// Blobs certified just now are given time to arrive, and what could not be healed is tried again after a while.
void Simulation::check_settling() {
  for (int rounds = 0; rounds < kMostRounds && failure_.empty(); ++rounds) {
    work_until_idle();
    drive();
    network_.clock().advance(kHealAgain);
    if (rounds >= kFewestRounds && all_is_settled()) return check_given_away();
  }
  for (size_t node = 0; node < network_.node_count(); ++node)
    if (!is_whole(node)) fail("node " + std::to_string(node) + " does not heal although nothing is in its way");
  fail("the change of epochs comes to no end although nothing is in its way");
}

// Nobody keeps slivers of shards that are not his any more.
void Simulation::check_given_away() {
  drive();
  for (size_t i = 0; i < network_.node_count(); ++i) {
    net::NodeStore& store = network_.node(i).store();
    for (const BlobId& blob : store.blobs())
      for (const Axis axis : {Axis::kPrimary, Axis::kSecondary})
        if (store.held(blob, axis).size() > store.shards().owned.size())
          fail("node " + std::to_string(i) + " keeps slivers of shards that it gave away");
  }
}

// With nothing in its way, the next epoch begins and its change ends.
void Simulation::settle_next_epoch() {
  change_committee();
  all_work();
  const Status begun = network_.begin_change();
  if (!begun) return fail("no epoch begins although nothing is in its way: " + begun.error().to_string());
  note_epoch();
  check_settling();
  check_collected();
}

void Simulation::end_all_trouble() {
  network_.ledger_faults().clear();
  for (size_t node = 0; node < network_.node_count(); ++node) {
    network_.node(node).faults().clear();
    network_.node(node).start();
  }
  stopped_.clear();
  faulty_.clear();
}

void Simulation::stop_any_f() {
  std::vector<size_t> drawn;
  for (size_t node = 0; node < network_.node_count(); ++node)
    drawn.insert(drawn.begin() + static_cast<ptrdiff_t>(rng_.below(drawn.size() + 1)), node);
  for (size_t node : drawn) {
    stopped_.insert(node);
    if (!within_f()) stopped_.erase(node);
  }
  for (size_t node : stopped_) network_.node(node).stop();
}

void Simulation::check_any_f_may_be_lost() {
  stop_any_f();
  network_.forget_reads();
  for (const auto& [blob, kept] : model_.blobs())
    if (failure_.empty() && model_.has_live_claim(kept)) read_and_check(blob, std::nullopt);
  end_all_trouble();
}

// Who was bad is well, and others are bad: what was stored in trouble must have been stored well enough.
void Simulation::turn_of_fortune() {
  end_all_trouble();
  stop_any_f();
  const auto blob = draw_blob();
  if (blob) read_and_check(*blob, std::nullopt);
}

void Simulation::let_time_pass() { network_.clock().advance(Millis(rng_.below(120'000))); }

void Simulation::check_epochs_go_on() {
  end_all_trouble();
  bool begun = false;
  for (int rounds = 0; rounds < kMostRounds && failure_.empty(); ++rounds) {
    work_until_idle();
    drive();
    check_despair();
    network_.clock().advance(kHealAgain);
    if (network_.committees()->phase == net::Phase::kSync || network_.change_is_asked_for()) continue;
    if (begun) return;
    begun = network_.begin_change().ok();
    note_epoch();
  }
  fail("epochs do not go on although all nodes answer");
}

void Simulation::finish() {
  say("  the end: no more faults");
  if (chance(50)) check_epochs_go_on();
  for (size_t node = 0; node < network_.node_count(); ++node) return_disk(node);
  end_all_trouble();
  check_settling();
  if (failure_.empty() && chance(50)) settle_next_epoch();
  if (failure_.empty()) check_any_f_may_be_lost();
  network_.clock().advance(kLongerThanBelief);
  network_.forget_reads();
  for (const auto& [blob, kept] : model_.blobs())
    if (failure_.empty()) read_and_check(blob, std::nullopt);
  if (failure_.empty()) settle_next_epoch();
}

}  // namespace walrusfs::sim
