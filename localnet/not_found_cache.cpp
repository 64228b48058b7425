#include "localnet/not_found_cache.h"

namespace walrusfs::localnet {
namespace {

constexpr size_t kMaxEntries = 10'000;

}  // namespace

HttpAnswer NotFoundCache::answer(HttpCall& call, const std::function<HttpAnswer(HttpCall& call)>& next) {
  if (life_ == Millis(0) || call.method() != "GET") return next(call);
  const std::string target = call.path() + "?" + call.query();
  if (auto kept = find(target)) return std::move(*kept);
  HttpAnswer fresh = next(call);
  if (fresh.status == 404) keep(target, fresh);
  return fresh;
}

std::optional<HttpAnswer> NotFoundCache::find(const std::string& target) {
  MutexLock lock(mutex_);
  while (!entries_.empty() && clock_.monotonic() >= entries_.front().until) {
    by_target_.erase(entries_.front().target);
    entries_.pop_front();
  }
  const auto found = by_target_.find(target);
  if (found == by_target_.end()) return std::nullopt;
  return found->second->answer;
}

void NotFoundCache::keep(const std::string& target, const HttpAnswer& answer) {
  MutexLock lock(mutex_);
  if (by_target_.contains(target)) return;  // somebody asked at the same time
  if (entries_.size() >= kMaxEntries) {
    by_target_.erase(entries_.front().target);
    entries_.pop_front();
  }
  entries_.push_back({target, answer, clock_.monotonic() + life_});
  by_target_.emplace(target, std::prev(entries_.end()));
}

}  // namespace walrusfs::localnet
