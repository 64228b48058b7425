#include "localnet/faults.h"

#include <algorithm>

#include "localnet/envelope.h"
#include "localnet/node_errors.h"

namespace walrusfs::localnet {
namespace {

constexpr Millis kSlice{20};           // how late a waiting request may notice that its fault was cleared
constexpr size_t kMostHanging = 64;    // half of a node's threads; more are cut at once
constexpr uint64_t kMostWrongBytes = 16;

struct Name {
  FaultKind kind;
  std::string_view text;
};
constexpr Name kNames[] = {{FaultKind::kDead, "dead"},       {FaultKind::kSlow, "slow"},
                           {FaultKind::kHanging, "hanging"}, {FaultKind::kWrongBytes, "wrong"},
                           {FaultKind::kRefusing, "refusing"}, {FaultKind::kFull, "full"},
                           {FaultKind::kStale, "stale"},     {FaultKind::kLostAnswer, "lost"},
                           {FaultKind::kEpochChange, "epoch"}};
static_assert(std::size(kNames) == std::size(kAllFaultKinds));

HttpAnswer no_answer() {
  HttpAnswer answer;
  answer.cut = true;
  return answer;
}

std::optional<HttpAnswer> refusal_named(std::string_view name) {
  if (name == "429") return error_answer({429, "RESOURCE_EXHAUSTED", "TOO_MANY_REQUESTS", kGlobalDomain, "fault"});
  if (name == "500") return error_answer(internal_error("fault: internal storage node error"));
  if (name == "503") return node_errors::unavailable("fault: unavailable");
  if (name == "NOT_REGISTERED") return node_errors::not_registered();
  if (name == "FORBIDDEN_BLOB") return node_errors::forbidden_blob();
  return std::nullopt;
}

bool is_blob_status(std::string_view path) {
  constexpr std::string_view kBlobs = "/v1/blobs/", kStatus = "/status";
  if (!path.starts_with(kBlobs) || !path.ends_with(kStatus)) return false;
  path.remove_prefix(kBlobs.size());
  return path.find('/') == path.size() - kStatus.size();
}

// A status that is well formed and not true.
std::string status_lie(Rng& rng) {
  if (rng.below(2) == 0) return success_answer(200, "\"nonexistent\"").body;
  return success_answer(200, R"({"deletable":{"initialCertifiedEpoch":1,"deletableCounts":)"
                             R"({"count_deletable_total":1,"count_deletable_certified":1}}})").body;
}

void damage(std::string& body, Rng& rng) {
  const size_t at = rng.below(body.size());
  Bytes other(1 + rng.below(kMostWrongBytes));
  rng.fill(other);
  switch (rng.below(4)) {
    case 0: body[at] = static_cast<char>(body[at] ^ (1 << rng.below(8))); break;
    case 1: body.resize(at); break;
    case 2: body += as_text(other); break;
    default: body.replace(at, std::min(other.size(), body.size() - at), as_text(other)); break;
  }
}

void falsify(HttpAnswer& answer, const HttpCall& call, uint64_t seed) {
  if (answer.status / 100 != 2 || answer.body.empty()) return;
  SeededRng rng(seed);
  if (is_blob_status(call.path()) && rng.below(2) == 0) {
    answer.body = status_lie(rng);
  } else {
    damage(answer.body, rng);
  }
}

Status check(const FaultRule& rule) {
  auto wrong = [](const std::string& why) { return Error(Code::kInvalidArgument, "no such fault: " + why); };
  if (!(rule.rate > 0 && rule.rate <= 1)) return wrong("its rate is a chance, above 0 and up to 1");
  if (rule.times == 0u) return wrong("it would strike no request at all");
  if (rule.delay < Millis(0) || rule.delay > kMaxFaultDelay)
    return wrong("its delay is up to " + std::to_string(kMaxFaultDelay.count()) + " ms");
  if (!refusal_named(rule.answer)) return wrong("it answers with 429, 500, 503, NOT_REGISTERED or FORBIDDEN_BLOB");
  return {};
}

}  // namespace

std::string_view fault_name(FaultKind kind) {
  for (const Name& name : kNames)
    if (name.kind == kind) return name.text;
  return "";
}

std::optional<FaultKind> fault_named(std::string_view text) {
  for (const Name& name : kNames)
    if (name.text == text) return name.kind;
  return std::nullopt;
}

Status Faults::set(FaultRule rule) {
  WFS_TRY(check(rule));
  MutexLock lock(mutex_);
  std::erase_if(rules_, [&](const Rule& old) { return old.state.rule.kind == rule.kind; });
  auto dice = std::make_unique<SeededRng>(rule.seed);
  rules_.push_back({{std::move(rule), 0, false}, std::move(dice), ++last_id_});
  any_ = true;
  return {};
}

void Faults::clear(FaultKind kind) {
  MutexLock lock(mutex_);
  std::erase_if(rules_, [&](const Rule& rule) { return rule.state.rule.kind == kind; });
  any_ = !rules_.empty();
}

void Faults::clear() {
  MutexLock lock(mutex_);
  rules_.clear();
  any_ = false;
}

std::vector<FaultState> Faults::list() const {
  MutexLock lock(mutex_);
  std::vector<FaultState> states;
  for (const Rule& rule : rules_) states.push_back(rule.state);
  return states;
}

bool Faults::closes_port() const {
  MutexLock lock(mutex_);
  return std::any_of(rules_.begin(), rules_.end(), [](const Rule& each) {
    const FaultRule& rule = each.state.rule;
    return rule.kind == FaultKind::kDead && rule.rate == 1 && !rule.times && rule.route.empty();
  });
}

std::optional<FaultStrike> Faults::strike(FaultKind kind, std::string_view what) {
  if (!any_) return std::nullopt;
  MutexLock lock(mutex_);
  for (Rule& each : rules_) {
    const FaultRule& rule = each.state.rule;
    if (rule.kind != kind || each.state.over || what.find(rule.route) == std::string_view::npos) continue;
    const double thrown = static_cast<double>(each.dice->next() >> 11) * 0x1p-53;
    const uint64_t dice = each.dice->next();
    if (thrown >= rule.rate) return std::nullopt;
    ++each.state.struck;
    each.state.over = rule.times && each.state.struck >= *rule.times;
    return FaultStrike{rule, each.id, dice};
  }
  return std::nullopt;
}

bool Faults::is_set(uint64_t id) const {
  MutexLock lock(mutex_);
  return std::any_of(rules_.begin(), rules_.end(), [&](const Rule& rule) { return rule.id == id; });
}

void Faults::wait(const FaultStrike& strike) {
  const Deadline until = clock_.in(strike.rule.delay);
  while (!clock_.passed(until) && without_waits_ == 0 && is_set(strike.rule_id))
    clock_.sleep_for(std::clamp(clock_.left(until), Millis(1), kSlice));
}

bool Faults::begin_hanging() {
  MutexLock lock(mutex_);
  if (hanging_ >= kMostHanging) return false;
  ++hanging_;
  return true;
}

void Faults::hang(const FaultStrike& strike) {
  if (!begin_hanging()) return;
  wait(strike);
  MutexLock lock(mutex_);
  --hanging_;
}

Status Faults::before(std::string_view what) {
  if (strike(FaultKind::kDead, what)) return Error(Code::kUnavailable, "fault: it cannot be reached");
  if (auto hanging = strike(FaultKind::kHanging, what)) {
    hang(*hanging);
    return Error(Code::kTimeout, "fault: no answer");
  }
  if (auto slow = strike(FaultKind::kSlow, what)) wait(*slow);
  if (strike(FaultKind::kRefusing, what)) return Error(Code::kUnavailable, "fault: refused");
  if (strike(FaultKind::kEpochChange, what) && advance_epoch_) advance_epoch_();
  return {};
}

Status Faults::after(std::string_view what) {
  if (strike(FaultKind::kLostAnswer, what)) return Error(Code::kUnavailable, "fault: the answer is lost");
  return {};
}

HttpAnswer Faults::answer(HttpCall& call, const HttpHandler& inner) {
  return any_ ? struck_answer(call, inner) : inner(call);
}

HttpAnswer Faults::struck_answer(HttpCall& call, const HttpHandler& inner) {
  const std::string& path = call.path();
  if (strike(FaultKind::kDead, path)) return no_answer();
  if (auto hanging = strike(FaultKind::kHanging, path)) {
    hang(*hanging);
    return no_answer();
  }
  if (auto slow = strike(FaultKind::kSlow, path)) wait(*slow);
  if (auto refusing = strike(FaultKind::kRefusing, path)) return *refusal_named(refusing->rule.answer);
  if (call.method() == "PUT" && strike(FaultKind::kFull, path))
    return error_answer(internal_error("internal storage node error"));
  if (strike(FaultKind::kEpochChange, path) && advance_epoch_) advance_epoch_();
  const bool lost = strike(FaultKind::kLostAnswer, path).has_value();
  HttpAnswer answer = inner(call);
  if (lost) return no_answer();
  if (auto wrong = strike(FaultKind::kWrongBytes, path)) falsify(answer, call, wrong->dice);
  return answer;
}

}  // namespace walrusfs::localnet
