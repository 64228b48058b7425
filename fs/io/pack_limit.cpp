#include "fs/io/pack_limit.h"

#include <algorithm>
#include <sstream>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/log.h"

namespace walrusfs {
namespace {

// "<learned> <configured> <store>": what was learned counts only for the same configuration and store.
constexpr char kSetting[] = "committer.largest_pack";

uint64_t at_least_smallest(uint64_t bytes) { return std::max(bytes, limits::kSmallestPackBytes); }

}  // namespace

PackLimit::PackLimit(Index& index, const Bounds& bounds) : index_(index), bounds_(bounds) { recall(); }

void PackLimit::recall() {
  auto text = index_.setting(kSetting);
  if (!text.ok() || !*text) return;  // learned again at the price of one refused upload
  std::istringstream in(**text);
  uint64_t learned = 0, configured = 0, store = 0;
  if (in >> learned >> configured >> store && configured == bounds_.configured && store == bounds_.store) {
    learned_bytes_ = at_least_smallest(learned);
  }
}

uint64_t PackLimit::bytes() const {
  const uint64_t wanted = std::min({bounds_.configured, bounds_.store, learned_bytes_, space_bytes_});
  return std::min(at_least_smallest(wanted), bounds_.shape);
}

Result<bool> PackLimit::too_large(uint64_t blob_bytes) {
  const uint64_t before = bytes();
  learned_bytes_ = at_least_smallest(std::min(before, blob_bytes) / 2);
  if (bytes() >= before) return false;
  log_warn("The network refuses blobs of {} bytes; packs have at most {} from now on.", blob_bytes, bytes());
  WFS_TRY(index_.set_setting(kSetting, fmt::format("{} {} {}", learned_bytes_, bounds_.configured, bounds_.store)));
  return true;
}

bool PackLimit::no_space() {
  const uint64_t before = bytes();
  space_bytes_ = at_least_smallest(before / 2);
  return bytes() < before;
}

}  // namespace walrusfs
