// A tip as it is really paid on the chain, and as the upload relay reads it.
#include "localnet/chain_transactions.h"

#include "chain.h"

namespace walrusfs::localnet::sui {
namespace {

class RelayChainTest : public ChainTest {
 protected:
  RelayChainTest() {
    tip_.address = wallet(7).address();
    tip_.kind = ConstTip{1'000};
  }
  // A transaction with that first input, if any, that pays so much.
  SuiDigest pay(const std::optional<Bytes>& first, uint64_t mist) {
    if (first) builder.pure_bytes(*first);
    const Argument coin = builder.split(Argument{GasCoin{}}, {mist});
    builder.transfer({nested(coin, 0)}, tip_.address);
    return run().transaction;
  }
  int check(const SuiDigest& digest, std::string_view blob = "hello") {
    const auto facts = ChainTransactions(*node).transaction(digest);
    EXPECT_TRUE(facts.ok());
    if (!facts.ok()) return -1;
    const auto refused =
        check_tip(tip_, Millis(60'000), node->now_ms(), *facts, {as_bytes(blob), nonce_, 70'038'000});
    return refused ? refused->http : 0;
  }
  Bytes package() const { return auth_package(as_bytes("hello"), nonce_); }

  TipConfig tip_;
  const Bytes nonce_ = Bytes(32, 0x17);
};

TEST_F(RelayChainTest, ATipThatWasPaidPassesAsOftenAsOneLikes) {
  const SuiDigest paid = pay(package(), 1'000);
  EXPECT_EQ(check(paid), 0);
  EXPECT_EQ(check(paid), 0);
  EXPECT_EQ(check(paid, "another blob"), 401);
  clock.advance(Millis(60'000));
  EXPECT_EQ(check(paid), 0);
  clock.advance(Millis(1));
  EXPECT_EQ(check(paid), 400) << "too old";
}

TEST_F(RelayChainTest, TooLittleIsTold) { EXPECT_EQ(check(pay(package(), 999)), 402); }

TEST_F(RelayChainTest, LinearTipsAreReckonedFromTheEncodedSize) {
  tip_.kind = LinearTip{101, 42};
  EXPECT_EQ(check(pay(package(), 2'872'775)), 0);
  EXPECT_EQ(check(pay(package(), 2'872'774)), 402);
}

TEST_F(RelayChainTest, ATipToSomebodyElseIsNone) {
  const SuiDigest paid = pay(package(), 1'000);
  tip_.address = wallet(8).address();
  EXPECT_EQ(check(paid), 402);
}

TEST_F(RelayChainTest, ATransactionWithoutThePackageIsRefused) {
  EXPECT_EQ(check(pay(std::nullopt, 1'000)), 400) << "the first input is the amount";
  EXPECT_EQ(check(pay(Bytes(71, 1), 1'000)), 400);
}

TEST_F(RelayChainTest, UnknownTransactionsAreNotFound) {
  EXPECT_EQ(ChainTransactions(*node).transaction(SuiDigest{}).error().code(), Code::kNotFound);
}

}  // namespace
}  // namespace walrusfs::localnet::sui
