// Uploads ahead of registration: limits, time, and moving them out.
#include "localnet/pending_buffer.h"

#include <gtest/gtest.h>

#include "base/testing/manual_clock.h"
#include "codec/encoder.h"

namespace walrusfs::localnet {
namespace {

class PendingBufferTest : public testing::Test {
 protected:
  BlobId blob(uint8_t number) const { return encoded(number).metadata.blob_id(); }
  EncodedBlob encoded(uint8_t number) const { return encode_blob(shape_, Bytes(10, number)).value(); }
  bool put_metadata(uint8_t number) { return buffer_->put_metadata(blob(number), encoded(number).metadata); }
  bool put_sliver(uint8_t number, size_t pair) {
    return buffer_->put_sliver(blob(number), encoded(number).pairs[pair].primary);
  }
  void limit(const PendingLimits& limits) { buffer_.emplace(clock_, limits); }

  const CodeShape shape_ = CodeShape::create(4).value();
  const uint64_t sliver_bytes_ = encoded(1).metadata.sliver_bytes(Axis::kPrimary);
  ManualClock clock_;
  std::optional<PendingBuffer> buffer_;
};

TEST_F(PendingBufferTest, LimitsAreExact) {
  limit({.blobs = 2, .slivers = 3, .all_sliver_bytes = 100 * sliver_bytes_, .sliver_bytes = sliver_bytes_});
  EXPECT_TRUE(put_metadata(1));
  EXPECT_TRUE(put_metadata(2));
  EXPECT_FALSE(put_metadata(3));
  EXPECT_TRUE(put_metadata(1)) << "it is there";
  EXPECT_TRUE(put_sliver(1, 0));
  EXPECT_TRUE(put_sliver(1, 1));
  EXPECT_TRUE(put_sliver(2, 0));
  EXPECT_FALSE(put_sliver(2, 1));
  EXPECT_EQ(buffer_->take_slivers(blob(1)).size(), 2u);
  EXPECT_TRUE(put_sliver(2, 1)) << "there is room again";
  EXPECT_FALSE(put_sliver(3, 0)) << "without metadata";

  limit({.all_sliver_bytes = 2 * sliver_bytes_});
  put_metadata(1);
  EXPECT_TRUE(put_sliver(1, 0));
  EXPECT_TRUE(put_sliver(1, 1));
  EXPECT_FALSE(put_sliver(1, 2));

  limit({.sliver_bytes = sliver_bytes_ - 1});
  put_metadata(1);
  EXPECT_FALSE(put_sliver(1, 0));
}

TEST_F(PendingBufferTest, TimeEndsAndRoomComesBack) {
  limit({.blobs = 1, .slivers = 1, .time_to_live = Millis(60'000)});
  put_metadata(1);
  put_sliver(1, 0);
  clock_.advance(Millis(59'999));
  EXPECT_NE(buffer_->metadata(blob(1)), nullptr);
  clock_.advance(Millis(1));
  EXPECT_EQ(buffer_->metadata(blob(1)), nullptr);
  EXPECT_FALSE(buffer_->has_sliver(blob(1), Axis::kPrimary, SliverIndex{0}));
  EXPECT_TRUE(put_metadata(2));
  EXPECT_TRUE(put_sliver(2, 0));
}

TEST_F(PendingBufferTest, NothingIsForgottenThatCameMeanwhile) {
  limit({});
  put_metadata(1);
  put_sliver(1, 0);
  EXPECT_FALSE(buffer_->forget_if_empty(blob(1)));
  EXPECT_EQ(buffer_->take_slivers(blob(1)).size(), 1u);
  put_sliver(1, 1);
  EXPECT_FALSE(buffer_->forget_if_empty(blob(1)));
  EXPECT_EQ(buffer_->take_slivers(blob(1)).size(), 1u);
  EXPECT_TRUE(buffer_->forget_if_empty(blob(1)));
  EXPECT_EQ(buffer_->metadata(blob(1)), nullptr);
}

}  // namespace
}  // namespace walrusfs::localnet
