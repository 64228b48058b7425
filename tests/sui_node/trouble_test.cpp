// A chain whose file cannot be read: whoever asks is told, and the process goes on.
#include <filesystem>
#include <fstream>

#include "chain.h"
#include "localnet/sui/chain_trouble.h"
#include "localnet/sui/rpc_service.h"

namespace walrusfs::localnet::sui {
namespace {

class TroubleTest : public ChainTest {
 protected:
  static constexpr size_t kPageBytes = 4096;

  TroubleTest() {
    for (int i = 0; i < 100; ++i) EXPECT_TRUE(node->grant(me.address(), 1, 1).ok());
    keep(reserve(1 << 20, 1));
    transaction_ = finish();
    restart();  // with nothing in memory that is not needed to open it
  }
  // All but the page that says what kind of file it is.
  void damage() {
    const std::string path = folder / "chain.sqlite";
    const auto pages = std::filesystem::file_size(path) / kPageBytes;
    ASSERT_GT(pages, 10u);
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(kPageBytes);
    for (size_t page = 1; page < pages; ++page) file << std::string(kPageBytes, '?');
  }
  GrpcReply ask_for_object() {
    const std::string id = gas_coin.to_string();
    Bytes request = {0x0a, static_cast<uint8_t>(id.size())};  // field 1, a string
    append(request, as_bytes(id));
    return RpcService(*node).answer("/sui.rpc.v2.LedgerService/GetObject", request);
  }

  std::optional<TransactionData> transaction_;
};

TEST_F(TroubleTest, WhoAsksIsTold) {
  damage();
  const GrpcReply reply = ask_for_object();
  EXPECT_EQ(reply.status.code, GrpcCode::kInternal);
  EXPECT_NE(reply.status.message.find("the chain cannot be read: "), std::string::npos) << reply.status.message;
  EXPECT_TRUE(RpcService(*node).answer("/sui.rpc.v2.LedgerService/GetServiceInfo", {}).status.code == GrpcCode::kOk)
      << "what needs no reading is answered";
}

TEST_F(TroubleTest, CallsWithAResultReturnItAndTheOthersThrow) {
  damage();
  const auto simulated = node->simulate(*transaction_);
  ASSERT_FALSE(simulated.ok());
  EXPECT_EQ(simulated.error().code(), Code::kInternal);
  EXPECT_THROW(node->object(gas_coin), ChainTrouble);
  EXPECT_THROW(node->owned_by(me.address(), {}, {}, 10), ChainTrouble);
  EXPECT_THROW(node->transactions_after(0, 10), ChainTrouble);
  EXPECT_FALSE(node->act({}, [&](Call& call) -> Step {
                     (void)call.work.find(gas_coin);
                     return {};
                   }).ok());
}

TEST(ChainTroubleTest, OnlyADamagedFileIsFinal) {
  EXPECT_EQ(ChainTrouble(Error(Code::kIo, "disk I/O error")).told().code(), Code::kUnavailable);
  EXPECT_EQ(ChainTrouble(Error(Code::kCorrupt, "malformed")).told().code(), Code::kInternal);
}

}  // namespace
}  // namespace walrusfs::localnet::sui
