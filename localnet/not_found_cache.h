// A cache in front of an aggregator that remembers "not found", as the CDNs and proxies in front of public ones do:
// what was asked too early stays 404 for a while, whatever the network knows by then.
//
// Safe to call from any thread.
#pragma once

#include <functional>
#include <list>
#include <string>
#include <unordered_map>

#include "base/clock.h"
#include "base/mutex.h"
#include "localnet/http_types.h"

namespace walrusfs::localnet {

class NotFoundCache {
 public:
  // Remembers for `life`; zero: never. `clock` must outlive it.
  NotFoundCache(Clock& clock, Millis life) : clock_(clock), life_(life) {}

  // What `next` answers, or the 404 that it answered to the same path and query a moment ago. GET only.
  HttpAnswer answer(HttpCall& call, const std::function<HttpAnswer(HttpCall& call)>& next);

 private:
  struct Entry {
    std::string target;
    HttpAnswer answer;
    Deadline::TimePoint until;
  };
  using Entries = std::list<Entry>;

  std::optional<HttpAnswer> find(const std::string& target);
  void keep(const std::string& target, const HttpAnswer& answer);

  Clock& clock_;
  const Millis life_;
  Mutex mutex_;
  Entries entries_ GUARDED_BY(mutex_);  // the oldest first
  std::unordered_map<std::string, Entries::iterator> by_target_ GUARDED_BY(mutex_);
};

}  // namespace walrusfs::localnet
