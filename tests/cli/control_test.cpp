#include "cli/control.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

namespace walrusfs::cli {
namespace {

using nlohmann::json;

std::string socket_path() { return testing::TempDir() + "/wfs-" + std::to_string(getpid()) + ".sock"; }

Result<json> echo(const json& request, const SendEvent& send) {
  if (request.value("do", "") == "fail") return Error(Code::kUnavailable, "as asked");
  for (int i = 0; i < request.value("events", 0); ++i) WFS_TRY(send(json{{"progress", i}}));
  return request;
}

TEST(Control, RequestsEventsAndAnswers) {
  auto server = ControlServer::listen(socket_path(), echo);
  ASSERT_TRUE(server.ok()) << server.error().message();
  int events = 0;
  auto answer = control_request(socket_path(), {{"do", "x"}, {"events", 3}}, [&](const json&) { ++events; });
  ASSERT_TRUE(answer.ok()) << answer.error().message();
  EXPECT_EQ((*answer)["do"], "x");
  EXPECT_EQ(events, 3);
}

TEST(Control, ErrorsKeepTheirCode) {
  auto server = ControlServer::listen(socket_path(), echo);
  ASSERT_TRUE(server.ok());
  auto answer = control_request(socket_path(), {{"do", "fail"}}, nullptr);
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code(), Code::kUnavailable);
  EXPECT_EQ(answer.error().message(), "as asked");
}

TEST(Control, OnlyTheOwnerMayConnect) {
  auto server = ControlServer::listen(socket_path(), echo);
  ASSERT_TRUE(server.ok());
  struct stat info {};
  ASSERT_EQ(stat(socket_path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST(Control, NobodyThere) {
  auto answer = control_request(testing::TempDir() + "/nothing.sock", {{"do", "x"}}, nullptr);
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code(), Code::kNotFound);
}

TEST(Control, ASocketPathAtAndPastTheLimit) {
  const std::string folder = testing::TempDir();
  const std::string longest = folder + std::string(107 - folder.size(), 's');
  EXPECT_TRUE(ControlServer::listen(longest, echo).ok());
  auto refused = ControlServer::listen(longest + "s", echo);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), Code::kNameTooLong);
}

TEST(Control, ARequestLineThatIsTooLongIsDropped) {
  auto server = ControlServer::listen(socket_path(), echo);
  ASSERT_TRUE(server.ok());
  EXPECT_FALSE(control_request(socket_path(), {{"do", std::string(200'000, 'x')}}, nullptr).ok());
  EXPECT_TRUE(control_request(socket_path(), {{"do", "x"}}, nullptr).ok()) << "and the server goes on";
}

}  // namespace
}  // namespace walrusfs::cli
