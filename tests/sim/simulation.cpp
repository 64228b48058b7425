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
      {5, "epoch", &Simulation::advance_epoch},
      {8, "stop or start", &Simulation::stop_or_start},
      {4, "power cut", &Simulation::power_cut},
      {1, "power cut of all", &Simulation::power_cut_of_all},
      {2, "wipe", &Simulation::wipe},
      {10, "fault", &Simulation::set_fault},
      {5, "no faults", &Simulation::clear_faults},
      {5, "turn of fortune", &Simulation::turn_of_fortune},
      {6, "heal", &Simulation::heal},
      {4, "time", &Simulation::let_time_pass},
  };
  return all;
}

SimOutcome Simulation::run() {
  const CodeShape& shape = network_.committee().shape();
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
  return compute_metadata(network_.committee().shape(), as_bytes(content)).value();
}

uint32_t Simulation::weight_of(const std::set<size_t>& nodes) const {
  uint32_t weight = 0;
  for (size_t node : nodes) weight += static_cast<uint32_t>(network_.committee().members()[node].shards.size());
  return weight;
}

std::set<size_t> Simulation::bad_nodes() const {
  std::set<size_t> bad = stopped_;
  bad.insert(faulty_.begin(), faulty_.end());
  bad.insert(emptied_.begin(), emptied_.end());
  return bad;
}

bool Simulation::may_harm(size_t node) {
  std::set<size_t> bad = bad_nodes();
  bad.insert(node);
  return weight_of(bad) <= network_.committee().shape().f() || (reckless_ && chance(30));
}

// ---------------------------------------------------------------- blobs

void Simulation::store() {
  const std::string content = draw_content();
  const BlobId blob = metadata_of(content).blob_id();
  const auto epochs = static_cast<uint32_t>(1 + rng_.below(4));
  const bool permanent = chance(40);
  std::string target = "/v1/blobs?epochs=" + std::to_string(epochs) + (permanent ? "&permanent=true" : "");
  if (chance(20)) target += "&force=true";
  if (chance(50)) target += "&reuse_resources=true";
  model_.handed_in(blob, content);
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

// What was certified without an answer, as its owner finds out from the chain.
void Simulation::adopt_lost(const BlobId& blob) {
  for (const net::BlobObject& object : network_.ledger().objects_of(blob)) {
    const auto& claims = model_.blob(blob).claims;
    const bool known =
        std::any_of(claims.begin(), claims.end(), [&](const Claim& claim) { return claim.object == object.id; });
    if (object.certified_epoch && !known) model_.claim(blob, {object.id, object.end_epoch, object.deletable, false});
  }
}

// As a client does it that is slow: the epoch ends between confirmations and certification.
void Simulation::store_across_epochs() {
  if (epoch_may_change()) return;
  const std::string content = draw_content();
  const BlobMetadata metadata = metadata_of(content);
  const BlobId blob = metadata.blob_id();
  net::RegisterRequest request;
  request.blob = blob;
  request.size_bytes = content.size();
  request.encoded_length = network_.committee().shape().encoded_length(content.size()).value();
  request.epochs = 2;
  request.deletable = chance(50);
  request.root_hash = metadata.root();
  model_.handed_in(blob, content);
  const net::BlobObject object = network_.ledger().register_blob(request).value().object;
  network_.spread(metadata, content);
  const auto old = network_.confirm(object);
  advance_epoch();
  const net::Committee& committee = network_.committee();
  if (old) {
    ++counts_.stale_certificates;
    auto certified = network_.ledger().certify(object.id, net::to_transaction(*old, committee));
    if (certified) return fail("confirmations of an earlier epoch certify a blob");
    if (certified.error().code() != Code::kStale) fail("an old certificate: " + certified.error().to_string());
  }
  const auto fresh = network_.confirm(object);
  say("  late store " + short_name(blob) + (fresh ? ": certified" : ": too few confirmations"));
  if (!fresh && within_f()) return fail("too few nodes confirm a blob although no more than f shards are bad");
  if (!fresh) return;
  auto certified = network_.ledger().certify(object.id, net::to_transaction(*fresh, committee));
  if (!certified) return fail("a good certificate is refused: " + certified.error().to_string());
  model_.claim(blob, {object.id, object.end_epoch, object.deletable, false});
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

void Simulation::note_epoch() {
  const uint32_t epoch = network_.ledger().epoch();
  if (epoch == model_.epoch()) return;
  ++counts_.epochs;
  model_.epoch_began(epoch, now());
  say("  epoch " + std::to_string(epoch));
}

void Simulation::advance_epoch() {
  network_.advance_epoch();
  note_epoch();
  check_collected();
}

void Simulation::check_collected() {
  uint64_t reserved = network_.reserved_capacity();
  for (const auto& [end, bytes] : thrown_away_)
    if (end > model_.epoch()) reserved += bytes;
  if (network_.used_capacity() != reserved)
    fail("the chain counts " + std::to_string(network_.used_capacity()) + " bytes as used, reserved are " +
         std::to_string(reserved));
  for (size_t i = 0; i < network_.node_count(); ++i) {
    if (!network_.node(i).runs()) continue;
    for (const BlobId& blob : network_.node(i).store()->blobs())
      if (!network_.ledger().standing(blob).registered())
        fail("node " + std::to_string(i) + " keeps " + blob.to_string() + ", for which nobody pays");
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
  std::set<size_t> bad = bad_nodes();
  bad.insert(node);
  if (weight_of(bad) > network_.committee().shape().f()) return;
  ++counts_.wipes;
  network_.node(node).wipe();
  network_.node(node).start();
  stopped_.erase(node);
  emptied_.insert(node);
  say("  node " + std::to_string(node) + " loses its disk");
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
  return true;
}

void Simulation::heal() {
  const size_t node = rng_.below(network_.node_count());
  if (!network_.node(node).runs()) return;
  for (uint64_t steps = 1 + rng_.below(6); steps > 0; --steps) network_.clock().advance(network_.node(node).heal());
  note_epoch();
  if (is_whole(node)) say("  node " + std::to_string(node) + " is whole");
}

// Blobs certified just now are given time to arrive, and what could not be healed is tried again after a while.
void Simulation::check_healing() {
  for (int rounds = 0; rounds < 40; ++rounds) {
    for (size_t node = 0; node < network_.node_count(); ++node)
      for (int steps = 0; steps < kMostHealSteps && network_.node(node).heal() == Millis(0); ++steps) continue;
    network_.clock().advance(kHealAgain);
  }
  for (size_t node = 0; node < network_.node_count(); ++node)
    if (!is_whole(node)) fail("node " + std::to_string(node) + " does not heal although nothing is in its way");
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

void Simulation::finish() {
  say("  the end: no more faults");
  end_all_trouble();
  check_healing();
  if (failure_.empty()) check_any_f_may_be_lost();
  network_.clock().advance(kLongerThanBelief);
  network_.forget_reads();
  for (const auto& [blob, kept] : model_.blobs())
    if (failure_.empty()) read_and_check(blob, std::nullopt);
  if (failure_.empty()) advance_epoch();
}

}  // namespace walrusfs::sim
