#include "client/source_health.h"

#include <algorithm>
#include <numeric>

namespace walrusfs {
namespace {

constexpr uint32_t kDoublings = 6;  // kFirstRest * 2^6 > kLongestRest

}  // namespace

int SourceHealth::tier(const Source& source, TimePoint now) const {
  if (source.lied_at && now - *source.lied_at < kShame) return 2;
  if (!source.failed_at || source.failures_in_row == 0) return 0;
  const uint32_t doublings = std::min(source.failures_in_row - 1, kDoublings);
  const Millis rest = std::min(kFirstRest * (1 << doublings), kLongestRest);
  return now - *source.failed_at < rest ? 1 : 0;
}

std::vector<size_t> SourceHealth::order(TimePoint now) const {
  std::vector<size_t> order(sources_.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    const int tier_a = tier(sources_[a], now);
    const int tier_b = tier(sources_[b], now);
    if (tier_a != tier_b) return tier_a < tier_b;
    return tier_a == 1 && *sources_[a].failed_at < *sources_[b].failed_at;
  });
  return order;
}

// A good answer does not wash off a lie: only time does.
void SourceHealth::succeeded(size_t source) { sources_[source].failures_in_row = 0; }

void SourceHealth::failed(size_t source, TimePoint now) {
  ++sources_[source].failures_in_row;
  sources_[source].failed_at = now;
}

void SourceHealth::lied(size_t source, TimePoint now) { sources_[source].lied_at = now; }

}  // namespace walrusfs
