// Turns one cut of the tree into packs, one after the other, so that only one of them is ever on disk.
//
// How it works: the plan lists what changed, a cursor walks through it. pack_next() writes members until
// the pack is full or the plan is done; rows of `.walrusfs/changes` go into the pack in which their inode's
// last byte stands, so that the text grows with the pack and not with the cut. All packs but the last
// are `partial`: their rows count together with the last one's.
//
// The snapshot is held as long as this lives. For one thread. Between two calls of pack_next() comes
// either accept() and let_go() (certified: its staging files go) or rewind() (dropped: packed again).
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/rng.h"
#include "client/cancel.h"
#include "codec/pack/pack_writer.h"
#include "fs/io/held_spool.h"
#include "fs/io/pack_plan.h"
#include "fs/io/upload_meter.h"

namespace walrusfs {

struct PackedContent {
  pack::PackSummary summary;
  std::vector<PackedRange> packed;
  bool complete = false;  // the last of its cut
};

class CutPacker {
 public:
  struct World {
    HeldSpool& spool;  // holds the plan's staging files
    Clock& clock;
    Rng& rng;
    const CancelToken& cancel;
    UploadMeter& meter;
  };
  struct Options {
    pack::PackOptions pack;
    std::string volume_id;
  };
  // Everything in `world` must outlive the packer. `previous` is where the chain of changes stands.
  CutPacker(const World& world, const Options& options, std::unique_ptr<IndexSnapshot> cut, PackPlan plan,
            Sequence previous);

  Sequence sequence() const { return cut_->sequence(); }
  Sequence previous() const { return previous_; }
  bool done() const { return cursor_.item == plan_.items.size() && cursor_.loose_row == plan_.loose_rows.size(); }

  // Bytes to pack in all; those that are not certified yet; those that are though their staging files are held.
  uint64_t spool_bytes() const { return plan_.spool_bytes; }
  uint64_t bytes_left() const { return plan_.spool_bytes - std::min(plan_.spool_bytes, accepted_bytes_); }
  uint64_t certified_but_held_bytes() const { return accepted_bytes_ - std::min(accepted_bytes_, let_go_bytes_); }

  // Files that had to be left out because their staging files cannot be read.
  size_t damaged_files() const { return damaged_.size(); }

  struct Target {
    PackId id{};
    uint64_t limit_bytes = 0;            // for the blob; passed only by a single member that cannot be cut
    std::optional<PackRow> predecessor;  // in the chain
  };
  // kCorrupt when a staging file is damaged: its file is left out from then on, call rewind() and try again.
  Result<PackedContent> pack_next(ByteSink& out, const Target& target);
  void accept();
  void let_go();  // after accept(); may take a while
  void rewind() { cursor_ = pack_start_; }

 private:
  friend class PackFill;

  // How far the cut is packed.
  struct Cursor {
    size_t item = 0;
    bool in_pieces = false;                  // the item is being packed as pieces
    uint64_t next_offset = 0;                // in that item's file
    std::vector<pack::ExtentRow> rewritten;  // its bytes that are in packs of this cut already
    size_t loose_row = 0;
  };

  const World world_;
  const Options options_;
  const std::unique_ptr<IndexSnapshot> cut_;
  PackPlan plan_;
  const Sequence previous_;

  Cursor cursor_;
  Cursor pack_start_;  // where the last pack began
  size_t items_let_go_ = 0;
  uint64_t filled_bytes_ = 0;    // content of the pack in the making
  uint64_t accepted_bytes_ = 0;  // and of the certified ones
  uint64_t let_go_bytes_ = 0;    // planned bytes of the items that were let go
  std::set<size_t> damaged_;  // items whose staging files cannot be read
};

}  // namespace walrusfs
