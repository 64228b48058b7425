// Faults on purpose: what can go wrong with a storage node or the ledger, switched on and off while the network runs.
//
// A Faults stands around one HttpHandler and strikes requests as its rules say; each rule throws its own dice from its
// own seed, so that the same requests in the same order are struck in the same way. Safe to call from any thread. A
// fault that waits gives up soon after it is cleared. Nothing here survives a restart of the network.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/rng.h"
#include "localnet/http_server.h"

namespace walrusfs::localnet {

enum class FaultKind {
  kDead,         // cut before it is read; always and for every request: the port is closed
  kSlow,         // answered after a delay
  kHanging,      // taken and not answered, until the delay is over: then cut
  kWrongBytes,   // done, and the answer altered on its way
  kRefusing,     // refused with a status or a reason
  kFull,         // uploads refused, as with a full disk
  kStale,        // answered as of an earlier state of the chain
  kLostAnswer,   // done, and cut before the answer
  kEpochChange,  // done after the epoch was made to advance
};
constexpr FaultKind kAllFaultKinds[] = {FaultKind::kDead,      FaultKind::kSlow,       FaultKind::kHanging,
                                        FaultKind::kWrongBytes, FaultKind::kRefusing,  FaultKind::kFull,
                                        FaultKind::kStale,     FaultKind::kLostAnswer, FaultKind::kEpochChange};

// "dead", "slow", "hanging", "wrong", "refusing", "full", "stale", "lost", "epoch".
std::string_view fault_name(FaultKind kind);
std::optional<FaultKind> fault_named(std::string_view name);

constexpr Millis kMaxFaultDelay{600'000};

struct FaultRule {
  FaultKind kind = FaultKind::kDead;
  double rate = 1;                 // chance of a matching request to be struck
  uint64_t seed = 1;
  std::optional<uint64_t> times{}; // after so many strikes the fault is over; nothing: only when cleared
  std::string route{};             // only paths that contain this; of the ledger: names of its calls
  Millis delay{1'000};             // of slow and hanging, and how far a stale ledger's RPC lags
  std::string answer = "503";      // of refusing: 429, 500, 503, NOT_REGISTERED, or FORBIDDEN_BLOB

  bool operator==(const FaultRule&) const = default;
};

struct FaultState {
  FaultRule rule;
  uint64_t struck = 0;
  bool over = false;  // struck as often as it was to
};

// A rule has hit something.
struct FaultStrike {
  FaultRule rule;
  uint64_t rule_id = 0;  // tells the rule from an earlier one of the same kind
  uint64_t dice = 0;     // for what is still to be drawn
};

class Faults {
 public:
  // `clock` must outlive it.
  explicit Faults(Clock& clock) : clock_(clock) {}

  // Beside those of other kinds, instead of one of the same. kInvalidArgument for a rate that is no chance, zero times,
  // a delay over the limit, an answer that is none of the four.
  Status set(FaultRule rule);
  void clear(FaultKind kind);
  void clear();
  std::vector<FaultState> list() const;
  // Asked by the fault `epoch`. Set before the first call.
  void on_epoch_change(std::function<void()> advance) { advance_epoch_ = std::move(advance); }

  // What `inner` answers, or what the faults make of it.
  HttpAnswer answer(HttpCall& call, const HttpHandler& inner);
  // Whether nothing may listen at all: dead, for every request, for good.
  bool closes_port() const;

  // For what is no HttpHandler. kUnavailable or kTimeout when the thing named `what` is not to be done; when nobody is
  // to hear that it was done.
  Status before(std::string_view what);
  Status after(std::string_view what);
  // Whether the fault strikes it now.
  std::optional<FaultStrike> strike(FaultKind kind, std::string_view what);
  // For the length of the rule's delay, or until the fault is cleared.
  void wait(const FaultStrike& strike);

  // Nobody waits any more: the end is near.
  void end_waits() { ++without_waits_; }
  // As long as it lives nobody waits: a server that is to stop waits for its requests.
  class WithoutWaits {
   public:
    explicit WithoutWaits(Faults& faults) : faults_(faults) { ++faults_.without_waits_; }
    ~WithoutWaits() { --faults_.without_waits_; }
    WithoutWaits(const WithoutWaits&) = delete;
    WithoutWaits& operator=(const WithoutWaits&) = delete;

   private:
    Faults& faults_;
  };

 private:
  struct Rule {
    FaultState state;
    std::unique_ptr<SeededRng> dice;
    uint64_t id = 0;
  };

  bool is_set(uint64_t id) const;
  // False when so many hang already that threads would run out.
  bool begin_hanging();
  void hang(const FaultStrike& strike);
  HttpAnswer struck_answer(HttpCall& call, const HttpHandler& inner);

  Clock& clock_;
  std::function<void()> advance_epoch_;  // constant once calls come
  std::atomic<int> without_waits_{0};
  std::atomic<bool> any_{false};         // so that a network without faults pays nothing
  mutable Mutex mutex_;
  std::vector<Rule> rules_ GUARDED_BY(mutex_);
  uint64_t last_id_ GUARDED_BY(mutex_) = 0;
  size_t hanging_ GUARDED_BY(mutex_) = 0;
};

}  // namespace walrusfs::localnet
