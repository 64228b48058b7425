// A chain whose file cannot be read: whoever asks is told, and the process goes on.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <set>

#include "chain.h"
#include "localnet/sui/chain_trouble.h"
#include "localnet/sui/rpc_service.h"
#include "meta/sqlite.h"

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
  EXPECT_FALSE(node->act({},
                         [&](Call& call) -> Step {
                           (void)call.work.find(gas_coin);
                           return {};
                         })
                   .ok());
}

// A file of which any bit may be another one.
class FlippedBitTest : public ChainTest {
 protected:
  FlippedBitTest() : path_(folder / "chain.sqlite") {
    certified_blob(TestBlob("a blob"), true);
    for (int i = 0; i < 20; ++i) EXPECT_TRUE(node->grant(me.address(), 1, 1).ok());
    restart();
    seen_ = seen();
    close();
    std::ifstream file(path_, std::ios::binary);
    content_.assign(std::istreambuf_iterator<char>(file), {});
  }
  void close() {
    node.reset();
    store.reset();
  }
  // What anybody can see of the chain.
  Bytes seen() {
    Bytes all;
    std::set<ObjectId> ids;
    for (const Record& record : node->transactions_after(0, 1'000)) {
      append(all, bcs_encode(record));
      append(all, bcs_encode(node->transaction(record.effects.transaction).value()));
      for (const ObjectChange& change : record.effects.changed) ids.insert(change.id);
    }
    for (const ObjectId& id : ids) append_object(all, node->object(id));
    for (const Object& mine : node->owned_by(me.address(), {}, {}, 1'000)) append_object(all, mine);
    return all;
  }
  static void append_object(Bytes& all, const std::optional<Object>& object) {
    if (!object) return;
    append(all, object->id.bytes);
    append(all, object->contents);
  }
  void write(const std::string& content) {
    for (const char* suffix : {"-wal", "-shm"}) std::filesystem::remove(path_ + suffix);
    std::ofstream(path_, std::ios::binary) << content;
  }
  // Nothing when it could be opened and read.
  std::optional<Error> trouble() {
    auto opened = ChainStore::open(system_files(), path_, [this] { return make_first_state(nodes.genesis); });
    if (!opened.ok()) return opened.error();
    store = std::move(*opened);
    node = std::make_unique<FullNode>(*store, certificates, clock);
    try {
      EXPECT_EQ(seen(), seen_) << "damage that nobody was told of";
    } catch (const ChainTrouble& trouble) {
      return trouble.cause();
    }
    return std::nullopt;
  }

  const std::string path_;
  Bytes seen_;
  std::string content_;
};

TEST_F(FlippedBitTest, IsToldOrChangesNothing) {
  constexpr size_t kPageBytes = 4096;  // the first one says of which kind the file is, and of which version
  std::mt19937_64 dice(1);
  int told = 0;
  constexpr int kRounds = 300;
  for (int round = 0; round < kRounds; ++round) {
    const size_t at = kPageBytes + dice() % (content_.size() - kPageBytes);
    SCOPED_TRACE(at);
    std::string flipped = content_;
    flipped[at] = static_cast<char>(flipped[at] ^ (1 << dice() % 8));
    write(flipped);
    if (const auto what = trouble()) {
      EXPECT_EQ(what->code(), Code::kCorrupt) << what->to_string();
      ++told;
    }
    close();
  }
  EXPECT_GT(told, kRounds / 2) << "the rest is room that nobody uses";
  write(content_);
  EXPECT_FALSE(trouble());
}

// Rows of the format before had no sums. They are read, and what comes to them is checked.
TEST_F(FlippedBitTest, AFileWithoutSumsIsTaken) {
  {
    auto db = std::move(*sqlite::Connection::open(path_, sqlite::Connection::Mode::kReadWrite));
    for (const char* table : {"objects", "transactions", "network"})
      ASSERT_TRUE(db->execute(std::string("ALTER TABLE ") + table + " DROP COLUMN sum").ok());
    ASSERT_TRUE(db->execute("PRAGMA user_version = 2").ok());
  }
  EXPECT_FALSE(trouble());
  EXPECT_TRUE(node->grant(me.address(), 1, 1).ok());
  const auto all = node->transactions_after(0, 1'000).size();
  restart();
  EXPECT_EQ(node->transactions_after(0, 1'000).size(), all);
}

TEST(ChainTroubleTest, OnlyADamagedFileIsFinal) {
  EXPECT_EQ(ChainTrouble(Error(Code::kIo, "disk I/O error")).told().code(), Code::kUnavailable);
  EXPECT_EQ(ChainTrouble(Error(Code::kCorrupt, "malformed")).told().code(), Code::kInternal);
}

}  // namespace
}  // namespace walrusfs::localnet::sui
