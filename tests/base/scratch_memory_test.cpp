#include "base/scratch_memory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <new>

namespace walrusfs {
namespace {

TEST(ScratchMemory, IsZeroAndAlignedForVectors) {
  for (size_t bytes : {size_t{1}, size_t{4097}, size_t{5} << 20}) {
    const ScratchMemory memory(bytes);
    ASSERT_EQ(memory.size(), bytes);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(memory.data()) % 64, 0u);
    EXPECT_TRUE(std::all_of(memory.data(), memory.data() + bytes, [](uint8_t byte) { return byte == 0; }));
  }
}

TEST(ScratchMemory, MovesWithWhatIsInIt) {
  ScratchMemory first(100);
  first.data()[99] = 7;
  ScratchMemory second(std::move(first));
  EXPECT_EQ(first.size(), 0u);  // NOLINT: what is left behind is promised to be empty
  ScratchMemory third;
  third = std::move(second);
  ASSERT_EQ(third.size(), 100u);
  EXPECT_EQ(third.as<uint8_t>()[99], 7);
}

TEST(ScratchMemory, NothingTakesNothing) { EXPECT_EQ(ScratchMemory(0).data(), nullptr); }

TEST(ScratchMemory, MoreThanThereIsThrowsAsContainersDo) {
  EXPECT_THROW(ScratchMemory(size_t{1} << 60), std::bad_alloc);
}

}  // namespace
}  // namespace walrusfs
