#include "fs/fuse/seek_queue.h"

#include "fs/fuse/errno_map.h"

namespace walrusfs {

SeekQueue::SeekQueue(Vfs& vfs, fuse_session* session) : vfs_(vfs), session_(session), thread_([this] { run(); }) {}

SeekQueue::~SeekQueue() {
  {
    MutexLock lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void SeekQueue::push(fuse_req_t request, InodeId inode, uint64_t offset, bool want_data) {
  {
    MutexLock lock(mutex_);
    jobs_.push_back({request, inode, offset, want_data});
  }
  changed_.notify_one();
}

void SeekQueue::run() {
  while (true) {
    Job job{};
    {
      MutexLock lock(mutex_);
      while (jobs_.empty() && !ending_) changed_.wait(mutex_);
      if (jobs_.empty()) return;
      job = jobs_.front();
      jobs_.pop_front();
    }
    answer(job);
  }
}

void SeekQueue::answer(const Job& job) {
  // Fails only when the kernel has nothing of the inode, and then there is nothing to wait for.
  fuse_lowlevel_notify_inval_inode(session_, raw(job.inode), 0, 0);
  auto found = vfs_.seek(job.inode, job.offset, job.want_data);
  if (found.ok()) {
    fuse_reply_lseek(job.request, static_cast<off_t>(*found));
  } else {
    // Beyond the end there is neither data nor a hole: lseek(2) says ENXIO.
    fuse_reply_err(job.request, found.error().code() == Code::kRange ? ENXIO : to_errno(found.error().code()));
  }
}

}  // namespace walrusfs
