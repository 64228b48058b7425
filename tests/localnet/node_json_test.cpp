// What readers make of a node's answers.
#include "localnet/node_json.h"

#include <gtest/gtest.h>

namespace walrusfs::localnet {
namespace {

StatusAnswer parsed(const std::string& data) {
  return parse_status_answer("{\"success\":{\"code\":200,\"data\":" + data + "}}").value();
}

std::string permanent(bool certified, int deletable_certified, const std::string& initial) {
  return R"({"permanent":{"endEpoch":9,"isCertified":)" + std::string(certified ? "true" : "false") +
         R"(,"statusEvent":{"txDigest":"x","eventSeq":"0"},"deletableCounts":{"count_deletable_total":1,)" +
         R"("count_deletable_certified":)" + std::to_string(deletable_certified) + R"(},"initialCertifiedEpoch":)" +
         initial + "}}";
}

TEST(StatusAnswers, OfPermanentBlobs) {
  EXPECT_TRUE(parsed(permanent(true, 0, "3")).certified);
  EXPECT_FALSE(parsed(permanent(false, 0, "null")).certified);
  EXPECT_TRUE(parsed(permanent(false, 0, "null")).exists);
}

// As when a blob is stored once more, permanent, and that store has not come to its end.
TEST(StatusAnswers, ACertifiedDeletableObjectCountsBesideAPermanentOneThatIsNot) {
  const StatusAnswer answer = parsed(permanent(false, 1, "3"));
  EXPECT_TRUE(answer.certified);
  EXPECT_EQ(answer.certified_epoch, 3u);
}

TEST(StatusAnswers, OfNothing) {
  EXPECT_FALSE(parsed("\"nonexistent\"").exists);
  EXPECT_FALSE(parsed(R"({"invalid":{"event":{"txDigest":"x","eventSeq":"0"}}})").certified);
  for (const char* body : {"", "{}", "[]", R"({"success":{"data":7}})", R"({"success":{"data":{"permanent":{}}}})"})
    EXPECT_EQ(parse_status_answer(body).error().code(), Code::kCorrupt) << body;
}

}  // namespace
}  // namespace walrusfs::localnet
