// Takes what the journal holds to the network: cut, build packs, upload, check, adopt, release.
//
// A pure sequence of durable steps: each finished one is in the index before the next begins, so that a
// crash resumes it and the same bytes are never stored twice. Driven by one thread that calls step();
// the other calls are safe from any thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/files.h"
#include "base/result.h"
#include "base/rng.h"
#include "client/blob_store.h"
#include "codec/pack/age.h"
#include "fs/io/held_spool.h"
#include "fs/io/live_tree.h"
#include "fs/io/upload_meter.h"
#include "meta/index.h"

namespace walrusfs {

struct CommitterOptions {
  uint64_t pack_bytes = 256 << 20;  // aim for a pack's blob; never above the store's maximum
  Millis max_age{30'000};           // of the oldest byte before a cut is made
  uint32_t epochs = 10;
  uint32_t shards = 301;
  bool permanent = false;
  int compression_level = 3;
  std::optional<pack::AgeRecipient> recipient;  // none: a public volume
  std::string volume_id;                        // stands in every pack's changes: 1 to 64 of [0-9A-Za-z_-]
  unsigned encode_threads = 1;                  // for computing blob IDs
  std::function<void(const PackRow&)> on_certified = {};  // may be unset; from the stepping thread
};

struct CommitterStatus {
  std::string doing;           // "idle", "waiting to try again", "building pack 7", "uploading pack 7", …
  uint64_t pending_bytes = 0;  // not certified yet
  UploadMeter::Counts progress;
  uint64_t packs_stored = 0;   // since the mount
  uint64_t bytes_stored = 0;
  uint64_t failures_in_a_row = 0;
  std::string last_error;  // empty when the last try went well
  Sequence published{};
  uint64_t pack_limit_bytes = 0;  // what packs may have at the moment
};

class Committer {
 public:
  struct World {
    Index& index;
    HeldSpool& spool;  // the same one that the tree removes staging files through
    BlobStore& store;
    LiveTree& tree;
    Files& files;
    Clock& clock;
    Rng& rng;
  };
  // Everything in `world` must outlive the committer. kInvalidArgument for impossible shards.
  static Result<std::unique_ptr<Committer>> make(const World& world, const CommitterOptions& options);
  virtual ~Committer() = default;

  // Does a bounded piece of work (at most one pack built, or one uploaded) and says after how long it
  // wants to be called again at the latest.
  virtual Millis step() = 0;

  // Cut as soon as possible and go on until what is journaled now is published.
  virtual void request_flush() = 0;
  // Waits until everything journaled up to `sequence` is published; the last error at the deadline.
  virtual Status wait_published(Sequence sequence, Deadline deadline) = 0;
  // Lets a running build or upload end early; the next mount resumes it. From now on step() does nothing
  // and wait_published() returns kCancelled.
  virtual void cancel() = 0;
  // `waker` is called, from any thread, when step() should run earlier than it said. Set it before
  // other threads know the committer; it must not call back.
  virtual void set_waker(std::function<void()> waker) = 0;
  virtual CommitterStatus status() const = 0;
};

}  // namespace walrusfs
