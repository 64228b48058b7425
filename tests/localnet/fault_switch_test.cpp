// What faults do to one handler, without a network.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/testing/manual_clock.h"
#include "fake_call.h"
#include "localnet/fault_check.h"
#include "localnet/faults.h"
#include "localnet/faults_json.h"
#include "localnet/lagging_registry.h"

namespace walrusfs::localnet {
namespace {

class FaultSwitch : public testing::Test {
 protected:
  HttpAnswer ask(const std::string& path = "/v1/blobs/x/metadata", const std::string& method = "GET") {
    FakeCall call(method, path);
    return faults_.answer(call, [this](HttpCall&) {
      ++done_;
      return bytes_answer(to_bytes(as_bytes(kTruth)));
    });
  }
  void set(FaultRule rule) { ASSERT_TRUE(faults_.set(std::move(rule)).ok()); }
  Millis passed() { return std::chrono::duration_cast<Millis>(clock_.monotonic() - start_); }
  std::string struck_of(int requests) {
    std::string pattern;
    for (int i = 0; i < requests; ++i) pattern += ask().cut ? 'x' : '.';
    return pattern;
  }

  static constexpr std::string_view kTruth = "the truth, all of it";
  ManualClock clock_;
  const Deadline::TimePoint start_ = clock_.monotonic();
  Faults faults_{clock_};
  int done_ = 0;
};

TEST_F(FaultSwitch, WithoutFaultsNothingHappens) {
  EXPECT_EQ(ask().body, kTruth);
  EXPECT_FALSE(faults_.closes_port());
  EXPECT_EQ(passed(), Millis(0));
}

TEST_F(FaultSwitch, TheDeadDoNothingAndTheLostDoIt) {
  set({.kind = FaultKind::kDead});
  EXPECT_TRUE(ask().cut);
  EXPECT_EQ(done_, 0);
  faults_.clear();
  set({.kind = FaultKind::kLostAnswer});
  EXPECT_TRUE(ask().cut);
  EXPECT_EQ(done_, 1);
}

TEST_F(FaultSwitch, OnlyDeathOfEverythingClosesThePort) {
  set({.kind = FaultKind::kDead});
  EXPECT_TRUE(faults_.closes_port());
  set({.kind = FaultKind::kDead, .rate = 0.5});
  EXPECT_FALSE(faults_.closes_port());
  set({.kind = FaultKind::kDead, .times = 3});
  EXPECT_FALSE(faults_.closes_port());
  set({.kind = FaultKind::kDead, .route = "/slivers/"});
  EXPECT_FALSE(faults_.closes_port());
}

TEST_F(FaultSwitch, SlowTakesItsTimeAndHangingIsCutInTheEnd) {
  set({.kind = FaultKind::kSlow, .delay = Millis(250)});
  EXPECT_EQ(ask().body, kTruth);
  EXPECT_EQ(passed(), Millis(250));
  faults_.clear();
  set({.kind = FaultKind::kHanging, .delay = Millis(60'000)});
  EXPECT_TRUE(ask().cut);
  EXPECT_EQ(passed(), Millis(60'250));
  EXPECT_EQ(done_, 1);
  const Faults::WithoutWaits stopping(faults_);
  EXPECT_TRUE(ask().cut);
  EXPECT_EQ(passed(), Millis(60'250)) << "a server that stops waits for nobody";
}

TEST_F(FaultSwitch, WrongBytesAreNeverTheTruth) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    set({.kind = FaultKind::kWrongBytes, .seed = seed});
    const HttpAnswer answer = ask();
    EXPECT_EQ(answer.status, 200);
    EXPECT_NE(answer.body, kTruth) << seed;
  }
}

TEST_F(FaultSwitch, RefusalsAreOfTheOfficialShape) {
  const std::pair<const char*, int> answers[] = {
      {"429", 429}, {"500", 500}, {"503", 503}, {"NOT_REGISTERED", 400}, {"FORBIDDEN_BLOB", 451}};
  for (const auto& [name, status] : answers) {
    set({.kind = FaultKind::kRefusing, .answer = name});
    const HttpAnswer answer = ask();
    EXPECT_EQ(answer.status, status);
    EXPECT_NE(answer.body.find("\"ErrorInfo\""), std::string::npos);
  }
  EXPECT_EQ(done_, 0);
}

TEST_F(FaultSwitch, AFullNodeRefusesUploadsAlone) {
  set({.kind = FaultKind::kFull});
  EXPECT_EQ(ask().body, kTruth);
  EXPECT_EQ(ask("/v1/blobs/x/metadata", "PUT").status, 500);
  EXPECT_EQ(done_, 1);
}

TEST_F(FaultSwitch, TheDiceAreOfTheSeed) {
  set({.kind = FaultKind::kDead, .rate = 0.3, .seed = 7});
  const std::string once = struck_of(1000);
  set({.kind = FaultKind::kDead, .rate = 0.3, .seed = 7});
  EXPECT_EQ(struck_of(1000), once);
  set({.kind = FaultKind::kDead, .rate = 0.3, .seed = 8});
  EXPECT_NE(struck_of(1000), once);
  EXPECT_NEAR(static_cast<double>(std::count(once.begin(), once.end(), 'x')), 300, 60);
}

TEST_F(FaultSwitch, ItEndsAfterSoManyTimesAndMeetsOnlyItsRoute) {
  set({.kind = FaultKind::kDead, .times = 2, .route = "/slivers/"});
  EXPECT_FALSE(ask().cut);
  EXPECT_TRUE(ask("/v1/blobs/x/slivers/0/primary").cut);
  EXPECT_TRUE(ask("/v1/blobs/x/slivers/0/primary").cut);
  EXPECT_FALSE(ask("/v1/blobs/x/slivers/0/primary").cut);
  ASSERT_EQ(faults_.list().size(), 1u);
  EXPECT_EQ(faults_.list()[0].struck, 2u);
  EXPECT_TRUE(faults_.list()[0].over);
}

TEST_F(FaultSwitch, TheEpochAdvancesFirst) {
  int epoch = 1, seen = 0;
  faults_.on_epoch_change([&] { ++epoch; });
  set({.kind = FaultKind::kEpochChange, .times = 1});
  FakeCall call("GET", "/v1/blobs/x/confirmation/permanent");
  auto inner = [&](HttpCall&) {
    seen = epoch;
    return text_answer(200, "");
  };
  faults_.answer(call, inner);
  EXPECT_EQ(seen, 2);
  faults_.answer(call, inner);
  EXPECT_EQ(seen, 2);
}

TEST_F(FaultSwitch, NonsenseIsRefused) {
  const FaultRule wrong[] = {{.rate = 0},         {.rate = 1.1},           {.rate = -1}, {.rate = std::nan("")},
                             {.times = 0},        {.delay = Millis(-1)},   {.delay = kMaxFaultDelay + Millis(1)},
                             {.answer = "teapot"}};
  for (const FaultRule& rule : wrong) EXPECT_EQ(faults_.set(rule).error().code(), Code::kInvalidArgument);
  EXPECT_TRUE(faults_.set({.delay = kMaxFaultDelay}).ok());
}

struct Useless {
  FaultRule rule;
  FaultTarget target;
  const char* why;
};

TEST(FaultCheck, WhatChangesNothingIsRefused) {
  constexpr FaultTarget kNode = FaultTarget::kNode, kLedger = FaultTarget::kLedger;
  const Useless useless[] = {
      {{.kind = FaultKind::kFull}, kLedger, "only storage nodes can be 'full'"},
      {{.kind = FaultKind::kDead, .delay = Millis(5)}, kNode, "'dead' has no use for a delay"},
      {{.kind = FaultKind::kLostAnswer, .delay = Millis(5)}, kLedger, "'lost' has no use for a delay"},
      {{.kind = FaultKind::kStale, .delay = Millis(5)}, kNode, "'stale' has no use for a delay"},
      {{.kind = FaultKind::kStale, .delay = Millis(0)}, kLedger, "its delay is 0"},
      {{.kind = FaultKind::kSlow, .delay = Millis(0)}, kNode, "its delay is 0"},
      {{.kind = FaultKind::kSlow, .answer = "429"}, kNode, "'slow' has no use for an answer"},
      {{.kind = FaultKind::kSlow, .seed = 2}, kNode, "'slow' has no use for a seed"},
      {{.kind = FaultKind::kStale, .route = "/status"}, kNode, "epoch, standing, object, certified or progress"},
      {{.kind = FaultKind::kSlow, .route = "/status?x"}, kNode, "its route is looked for in paths"},
      {{.kind = FaultKind::kSlow, .route = "/a b"}, kLedger, "its route is looked for in paths"},
      {{.kind = FaultKind::kSlow, .route = "/\x7f"}, kLedger, "its route is looked for in paths"},
  };
  for (const Useless& each : useless) {
    const Status refused = check_effective(each.rule, each.target);
    ASSERT_FALSE(refused.ok()) << each.why;
    EXPECT_EQ(refused.error().code(), Code::kInvalidArgument);
    EXPECT_NE(refused.error().message().find(each.why), std::string::npos) << refused.error().message();
  }
}

TEST(FaultCheck, WhatChangesSomethingIsNot) {
  for (FaultKind kind : kAllFaultKinds) {
    EXPECT_TRUE(check_effective({.kind = kind, .rate = 0.5, .seed = 2, .times = 3}, FaultTarget::kNode).ok());
    if (kind == FaultKind::kFull) continue;
    EXPECT_TRUE(check_effective({.kind = kind, .route = "/sui"}, FaultTarget::kLedger).ok());
  }
  EXPECT_TRUE(check_effective({.kind = FaultKind::kWrongBytes, .seed = 2}, FaultTarget::kNode).ok());
  EXPECT_TRUE(check_effective({.kind = FaultKind::kStale, .route = "stand"}, FaultTarget::kNode).ok());
  EXPECT_TRUE(check_effective({.kind = FaultKind::kStale, .delay = Millis(5)}, FaultTarget::kLedger).ok());
  EXPECT_TRUE(check_effective({.kind = FaultKind::kHanging, .delay = Millis(0)}, FaultTarget::kNode).ok());
  EXPECT_TRUE(check_effective({.kind = FaultKind::kRefusing, .answer = "429"}, FaultTarget::kLedger).ok());
}

TEST(FaultJson, GoesThereAndBack) {
  for (FaultKind kind : kAllFaultKinds) {
    const FaultRule rule{.kind = kind, .rate = 0.25, .seed = UINT64_MAX, .times = 3, .route = "/slivers/",
                         .delay = Millis(7), .answer = "429"};
    EXPECT_EQ(fault_from_json(fault_to_json(rule)).value(), rule);
    EXPECT_EQ(fault_named(fault_name(kind)), kind);
  }
  EXPECT_EQ(fault_from_json(R"({"kind":"slow"})").value(), (FaultRule{.kind = FaultKind::kSlow}));
}

TEST(FaultJson, AnythingElseIsRefused) {
  for (const char* text : {"", "[]", "{}", "7", "{\"kind\":7}", "{\"kind\":\"sleepy\"}", "{\"rate\":1}",
                           R"({"kind":"slow","rate":"1"})", R"({"kind":"slow","times":-1})",
                           R"({"kind":"slow","times":1.5})", R"({"kind":"slow","delayMs":"7"})",
                           R"({"kind":"slow","colour":"red"})", R"({"kind":"slow","answer":503})"})
    EXPECT_EQ(fault_from_json(text).error().code(), Code::kInvalidArgument) << text;
}

}  // namespace
}  // namespace walrusfs::localnet
