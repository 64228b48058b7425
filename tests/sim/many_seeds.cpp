#include "many_seeds.h"

#include <thread>
#include <vector>

#include "base/mutex.h"

namespace walrusfs::sim {
namespace {

class Work {
 public:
  using See = std::function<void(uint64_t, const SimOutcome&)>;
  Work(Seeds seeds, const See& see) : seeds_(seeds), see_(see) {}

  void run() {
    while (const auto seed = next()) note(*seed, simulate({.seed = *seed}));
  }
  ManyOutcomes outcomes() {
    MutexLock lock(mutex_);
    return out_;
  }

 private:
  std::optional<uint64_t> next() {
    MutexLock lock(mutex_);
    if (out_.failed || begun_ == seeds_.count) return std::nullopt;
    return seeds_.first + begun_++;
  }
  void note(uint64_t seed, const SimOutcome& outcome) {
    MutexLock lock(mutex_);
    ++out_.done;
    out_.counts += outcome.counts;
    if (see_) see_(seed, outcome);
    if (outcome.failure.empty() || (out_.failed && *out_.failed < seed)) return;
    out_.failed = seed;
    out_.failure = outcome.failure;
  }

  const Seeds seeds_;
  const See& see_;
  Mutex mutex_;
  uint64_t begun_ GUARDED_BY(mutex_) = 0;
  ManyOutcomes out_ GUARDED_BY(mutex_);
};

}  // namespace

ManyOutcomes simulate_many(Seeds seeds, unsigned threads, const Work::See& see) {
  Work work(seeds, see);
  std::vector<std::thread> helpers;
  for (unsigned i = 1; i < threads; ++i) helpers.emplace_back([&] { work.run(); });
  work.run();
  for (auto& helper : helpers) helper.join();
  return work.outcomes();
}

}  // namespace walrusfs::sim
