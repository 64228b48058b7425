#include "meta/reader_pool.h"

#include <fmt/format.h>

namespace walrusfs {
namespace {

// 4 MiB each: the upper levels of the trees stay, the kernel's page cache has the rest.
constexpr char kReaderSettings[] =
    "PRAGMA query_only = ON; PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -4096";

}  // namespace

Result<ReaderPool::Lease> ReaderPool::take() {
  {
    MutexLock lock(mutex_);
    while (idle_.empty() && lent_ >= most_) returned_.wait(mutex_);
    ++lent_;
    if (!idle_.empty()) {
      auto reader = std::move(idle_.back());
      idle_.pop_back();
      return Lease(*this, std::move(reader));
    }
  }
  return open_one();
}

Result<ReaderPool::Lease> ReaderPool::try_take() {
  {
    MutexLock lock(mutex_);
    if (idle_.empty() && lent_ >= most_)
      return Error(Code::kBusy, fmt::format("{} snapshots of the index {} are in use already", most_, path_));
  }
  return take();
}

void ReaderPool::give_back(std::unique_ptr<IndexReader> reader) {
  MutexLock lock(mutex_);
  --lent_;
  if (reader) idle_.push_back(std::move(reader));
  returned_.notify_one();
}

Result<ReaderPool::Lease> ReaderPool::open_one() {
  auto opened = sqlite::Connection::open(path_, sqlite::Connection::Mode::kReadOnly);
  Status ready = opened.ok() ? (*opened)->execute(kReaderSettings) : Status(opened.error());
  if (ready.ok()) return Lease(*this, std::make_unique<IndexReader>(std::move(*opened)));
  give_back(nullptr);
  return ready.error();
}

}  // namespace walrusfs
