// Answers lseek(SEEK_DATA, SEEK_HOLE) from a thread of its own.
//
// Under the kernel's writeback cache the LSEEK request comes before the dirty pages that it should see. So
// the pages are asked for first, by invalidating the inode; the kernel then sends WRITEs and waits for
// their replies. Done on a request thread, that could leave no thread to serve those WRITEs.
#pragma once

#include <deque>
#include <memory>
#include <thread>

#include "base/mutex.h"
#include "fs/fuse/fuse_api.h"
#include "fs/vfs/vfs.h"

namespace walrusfs {

class SeekQueue {
 public:
  // Both must outlive the queue.
  SeekQueue(Vfs& vfs, fuse_session* session);
  ~SeekQueue();  // answers what is queued

  // Replies to `request` later. Any thread.
  void push(fuse_req_t request, InodeId inode, uint64_t offset, bool want_data);

 private:
  struct Job {
    fuse_req_t request;
    InodeId inode;
    uint64_t offset;
    bool want_data;
  };
  void run();
  void answer(const Job& job);

  Vfs& vfs_;
  fuse_session* const session_;

  Mutex mutex_;
  CondVar changed_;
  std::deque<Job> jobs_ GUARDED_BY(mutex_);
  bool ending_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace walrusfs
