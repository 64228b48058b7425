#include "cli/interrupt.h"

#include <atomic>

namespace walrusfs::cli {
namespace {

std::atomic<bool> g_requested{false};
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler writes it");

extern "C" void request(int) { g_requested.store(true); }

}  // namespace

Interruptible::Interruptible() {
  g_requested.store(false);
  struct sigaction action {};
  action.sa_handler = request;
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
  sigaction(SIGINT, &action, &old_interrupt_);
  sigaction(SIGTERM, &action, &old_terminate_);
}

Interruptible::~Interruptible() {
  sigaction(SIGINT, &old_interrupt_, nullptr);
  sigaction(SIGTERM, &old_terminate_, nullptr);
}

bool Interruptible::requested() const { return g_requested.load(std::memory_order_relaxed); }

Status Interruptible::check() const {
  if (requested()) return Error(Code::kCancelled, "interrupted");
  return {};
}

}  // namespace walrusfs::cli
