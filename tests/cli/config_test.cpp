#include "cli/config.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace walrusfs::cli {
namespace {

class ConfigTest : public testing::Test {
 protected:
  ConfigTest() : path_(testing::TempDir() + "/walrusfs-config-" + std::to_string(getpid()) + ".toml") {}
  ~ConfigTest() override { std::filesystem::remove(path_); }

  Result<Config> load(const std::string& text) {
    std::ofstream(path_) << text;
    return load_config(path_, {});
  }
  std::string complaint(const std::string& text) {
    auto loaded = load(text);
    return loaded.ok() ? "(accepted)" : loaded.error().message();
  }

  const std::string path_;
};

TEST_F(ConfigTest, AMissingFileIsTheDefaults) {
  auto config = load_config("/nonexistent/config.toml", {});
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config->network.backend, Backend::kLocal);
  EXPECT_EQ(config->journal_interval, Millis(5'000));
}

TEST_F(ConfigTest, WhatCannotBeReadIsNotPassedOver) {
  auto folder = load_config(testing::TempDir(), {});
  ASSERT_FALSE(folder.ok());
  EXPECT_EQ(folder.error().code(), Code::kInvalidArgument);
}

TEST_F(ConfigTest, EveryKindOfValue) {
  auto config = load(
      "[network]\nbackend = \"http\"\naggregators = [\"http://a\", \"http://b\"]\nepochs = 53\n"
      "[pack]\nsize = \"8MiB\"\nmax_age = \"1h\"\n[spool]\nsize = 10000000\n[mount]\nallow_other = true\n");
  ASSERT_TRUE(config.ok()) << config.error().message();
  EXPECT_EQ(config->network.aggregators.size(), 2u);
  EXPECT_EQ(config->network.epochs, 53u);
  EXPECT_EQ(*config->pack_bytes, 8u << 20);
  EXPECT_EQ(*config->pack_max_age, Millis(3'600'000));
  EXPECT_EQ(*config->spool_bytes, 10'000'000u);
  EXPECT_TRUE(config->allow_other);
}

TEST_F(ConfigTest, UnknownKeysAreRefusedWithTheirLine) {
  EXPECT_NE(complaint("[pack]\nsize = 1\n\nsise = 2\n").find(":4: unknown key 'sise' in [pack]"), std::string::npos);
  EXPECT_NE(complaint("top = 1\n").find(":1: unknown section 'top'"), std::string::npos);
  EXPECT_NE(complaint("[pack\n").find(":1:"), std::string::npos);
}

TEST_F(ConfigTest, ValuesAtAndPastTheirLimits) {
  EXPECT_TRUE(load("[network]\nepochs = 53\n").ok());
  EXPECT_FALSE(load("[network]\nepochs = 54\n").ok());
  EXPECT_FALSE(load("[network]\nepochs = 0\n").ok());
  EXPECT_TRUE(load("[network]\nshards = 4\n").ok());
  EXPECT_FALSE(load("[network]\nshards = 3\n").ok());
  EXPECT_TRUE(load("[pack]\nsize = 262144\n").ok());
  EXPECT_FALSE(load("[pack]\nsize = 262143\n").ok());
  EXPECT_TRUE(load("[spool]\nsize = \"4MiB\"\n").ok());
  EXPECT_FALSE(load("[spool]\nsize = 4194303\n").ok());
  EXPECT_FALSE(load("[pack]\ncompression = 20\n").ok());
  EXPECT_FALSE(load("[mount]\nthreads = \"four\"\n").ok());
}

TEST_F(ConfigTest, WhatIsPrintedCanBeReadBack) {
  auto config = load("[network]\nbackend = \"http\"\naggregators = [\"http://a\\\"b\"]\n[pack]\nsize = 777777\n");
  ASSERT_TRUE(config.ok());
  const std::string text = print_config(*config);
  auto again = load(text);
  ASSERT_TRUE(again.ok()) << again.error().message() << "\n" << text;
  EXPECT_EQ(again->network.aggregators, config->network.aggregators);
  EXPECT_EQ(again->pack_bytes, config->pack_bytes);
}

TEST_F(ConfigTest, TheLocalNetworksServicesHaveSettings) {
  auto config = load(
      "[localnet]\njwt_secret = \"s\"\njwt_window = \"5min\"\njwt_verify_upload = true\nmax_quilt = \"1MiB\"\n"
      "aggregator_keep_404 = \"1min\"\nrelay_tip_address = \"0x2a\"\nrelay_tip = 105\nrelay_tip_per_kib = 7\n");
  ASSERT_TRUE(config.ok()) << config.error().message();
  auto again = load(print_config(*config) + "jwt_secret = \"s\"\n");  // [localnet] is the last section
  ASSERT_TRUE(again.ok()) << again.error().message();
  for (const Config& each : {*config, *again}) {
    const LocalServicesConfig& services = each.localnet_services;
    EXPECT_EQ(services.jwt_secret, "s");
    EXPECT_EQ(services.jwt_algorithm, "HS256");
    EXPECT_EQ(services.jwt_window, Millis(300'000));
    EXPECT_TRUE(services.jwt_verify_upload);
    EXPECT_EQ(services.max_quilt_bytes, 1u << 20);
    EXPECT_EQ(services.aggregator_keep_404, Millis(60'000));
    EXPECT_EQ(services.relay_tip_address, "0x2a");
    EXPECT_EQ(services.relay_tip, 105u);
    EXPECT_EQ(services.relay_tip_per_kib, 7u);
  }
  EXPECT_FALSE(load("[localnet]\nrelay_tip = -1\n").ok());
  EXPECT_FALSE(load("[localnet]\njwt_window = 5\n").ok());
  EXPECT_FALSE(load("[localnet]\njwt_secret = 5\n").ok());
}

TEST_F(ConfigTest, SecretsAreNotPrinted) {
  auto config = load("[network]\ntoken_secret = \"hush-hush\"\n[localnet]\njwt_secret = \"hush-hush\"\n");
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(print_config(*config).find("hush"), std::string::npos);
}

}  // namespace
}  // namespace walrusfs::cli
