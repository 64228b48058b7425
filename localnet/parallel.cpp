#include "localnet/parallel.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <numeric>
#include <thread>
#include <vector>

#include "base/check.h"

namespace walrusfs::localnet {
namespace {

thread_local Rng* drawn_order = nullptr;

void for_each_in_drawn_order(size_t count, const std::function<void(size_t)>& work) {
  std::vector<size_t> turns(count);
  std::iota(turns.begin(), turns.end(), size_t{0});
  for (size_t left = count; left > 1; --left) std::swap(turns[left - 1], turns[drawn_order->below(left)]);
  for (size_t turn : turns) work(turn);
}

}  // namespace

OneAtATime::OneAtATime(Rng& order) {
  WFS_CHECK(drawn_order == nullptr);
  drawn_order = &order;
}

OneAtATime::~OneAtATime() { drawn_order = nullptr; }

bool one_at_a_time() { return drawn_order != nullptr; }

void for_each_parallel(size_t count, size_t threads, const std::function<void(size_t)>& work) {
  if (one_at_a_time()) return for_each_in_drawn_order(count, work);
  std::atomic<size_t> next{0};
  std::atomic<bool> failed{false};
  std::exception_ptr trouble;  // the first one's
  auto run = [&] {
    try {
      for (size_t i = next++; i < count; i = next++) work(i);
    } catch (...) {
      next = count;
      if (!failed.exchange(true)) trouble = std::current_exception();
    }
  };
  std::vector<std::thread> helpers;
  for (size_t i = 1; i < std::min(threads, count); ++i) helpers.emplace_back(run);
  run();
  for (auto& helper : helpers) helper.join();
  if (trouble) std::rethrow_exception(trouble);
}

}  // namespace walrusfs::localnet
