// How much still fits into a pack whose blob must not grow beyond a limit. Pure arithmetic, always on the
// safe side: data is reckoned as if it did not compress, and the tail that finish() adds is kept free.
#pragma once

#include <cstdint>
#include <optional>

#include "codec/pack/pack_types.h"

namespace walrusfs {

class PackBudget {
 public:
  explicit PackBudget(uint64_t limit_bytes);

  // What was put in: a member (that began its own frame or not), rows of the changes.
  void add_member(bool own_frames);
  void add_rows(uint64_t text_bytes) { rows_text_bytes_ += text_bytes; }

  struct Filled {
    uint64_t blob_bytes = 0;  // PackWriter::blob_bytes_so_far()
    uint64_t t_bytes = 0;     // PackWriter::t_bytes_so_far()
  };
  struct Wanted {
    uint64_t header_bytes = 0;     // of the member in T, see member_header_bound()
    uint64_t rows_text_bytes = 0;  // that come with it
  };
  // How many content bytes a further member may have; nothing when not even an empty one fits.
  std::optional<uint64_t> room(const Filled& filled, const Wanted& wanted) const;
  // Whether a row without a member fits.
  bool rows_fit(const Filled& filled, uint64_t text_bytes) const;

  // Pieces of files are multiples of this, but for the last.
  uint64_t piece_unit() const { return piece_unit_; }
  // A file up to this size rather begins the next pack than be cut in two.
  uint64_t whole_file_bytes() const { return limit_bytes_ / 4; }
  bool is_untouched() const { return members_ == 0 && rows_text_bytes_ == 0; }

 private:
  uint64_t tail_bytes(uint64_t t_bytes, uint64_t rows_text_bytes) const;

  const uint64_t limit_bytes_;
  const uint64_t piece_unit_;
  uint64_t members_ = 0;
  uint64_t own_frames_ = 0;
  uint64_t rows_text_bytes_ = 0;
};

// Never less than what stands in T before and after the member's content.
uint64_t member_header_bound(const pack::Member& member);

}  // namespace walrusfs
