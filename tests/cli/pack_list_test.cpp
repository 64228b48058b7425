#include "cli/pack_list.h"

#include <gmock/gmock.h>

#include <sstream>

#include "base/testing/temp_folder.h"

namespace walrusfs::cli {
namespace {

using testing::ElementsAre;
using testing::StartsWith;

PackRow pack(uint64_t number) {
  PackRow row;
  row.id = PackId{number};
  row.blob.bytes[0] = static_cast<uint8_t>(number);
  row.blob_bytes = 1'000 * number;
  row.certified = Timestamp{1'700'000'000'000'000'000};
  return row;
}

class PackListTest : public testing::Test {
 protected:
  std::string text() { return std::string(as_text(read_file(system_files(), path_, 1 << 20).value())); }
  // Without those for people.
  std::vector<std::string> lines() {
    std::vector<std::string> out;
    std::istringstream in(text());
    for (std::string line; std::getline(in, line);)
      if (!line.starts_with('#')) out.push_back(line);
    return out;
  }
  std::unique_ptr<PackList> open(const std::vector<PackRow>& certified) {
    return PackList::open(system_files(), path_, certified).value();
  }

  TempFolder folder_;
  const std::string path_ = folder_ / "packs.txt";
};

TEST_F(PackListTest, NamesEachPackOnce) {
  open({pack(1)});
  {
    const auto list = open({pack(1), pack(2)});
    ASSERT_TRUE(list->add(pack(3)).ok());
  }
  open({pack(1), pack(2), pack(3)});
  EXPECT_THAT(text(), StartsWith("# "));
  EXPECT_THAT(lines(), ElementsAre("1 " + pack(1).blob.to_string() + " 1000 2023-11-14T22:13:20Z",
                                   "2 " + pack(2).blob.to_string() + " 2000 2023-11-14T22:13:20Z",
                                   "3 " + pack(3).blob.to_string() + " 3000 2023-11-14T22:13:20Z"));
}

TEST_F(PackListTest, AnOlderIndexTakesNothingOut) {
  open({pack(1), pack(2)});
  open({});
  EXPECT_EQ(lines().size(), 2u);
}

TEST_F(PackListTest, HalfALineIsLeftBehind) {
  open({pack(1)});
  const std::string whole = text();
  const std::string torn = whole + "2 AgAAAA";
  ASSERT_TRUE(write_file_durably(system_files(), path_, as_bytes(torn)).ok());
  open({pack(1), pack(2)});
  EXPECT_THAT(text(), StartsWith(torn + "\n2 " + pack(2).blob.to_string()));
}

}  // namespace
}  // namespace walrusfs::cli
