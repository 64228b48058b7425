#include "codec/pack/age.h"

#include "base/limits.h"
#include "tests/pack/pack_support.h"

namespace walrusfs::pack::testing {
namespace {

// The pair of the age specification's test kit.
constexpr char kKnownIdentity[] = "AGE-SECRET-KEY-1XMWWC06LY3EE5RYTXM9MFLAZ2U56JJJ36S0MYPDRWSVLUL66MV4QX3S7F6";

Bytes encrypt(ByteView plain, const AgeRecipient& recipient, uint64_t seed = 7) {
  MemorySink sink;
  SeededRng rng(seed);
  auto encryptor = must(AgeEncryptor::create(recipient, rng, sink));
  for (size_t at = 0; at < plain.size(); at += 10'007) {
    must(encryptor->write(plain.subspan(at, std::min<size_t>(10'007, plain.size() - at))));
  }
  must(encryptor->finish());
  return sink.take();
}

const std::vector<size_t> kSizes = {0, 1, 65'535, 65'536, 65'537, 131'072, 131'073, 200'000};

TEST(AgeKeys, TextFormsGoBothWays) {
  AgeIdentity identity = must(AgeIdentity::parse(kKnownIdentity));
  EXPECT_EQ(identity.print(), kKnownIdentity);
  EXPECT_EQ(must(AgeRecipient::parse(identity.recipient().to_string())), identity.recipient());
  EXPECT_EQ(must(AgeIdentity::parse("# created: today\n\n  " + identity.print() + "\r\n")).print(), kKnownIdentity);
}

TEST(AgeKeys, StockKeygenAgreesOnTheRecipient) {
  for (uint64_t seed = 1; seed <= 8; ++seed) {
    SeededRng rng(seed);
    AgeIdentity identity = AgeIdentity::generate(rng);
    Outcome keygen = run({"age-keygen", "-y"}, as_bytes(identity.print() + "\n"));
    EXPECT_EQ(as_text(keygen.out), identity.recipient().to_string() + "\n") << keygen.err;
  }
}

TEST(AgeKeys, EveryMistypedCharacterIsNoticed) {
  std::string text = kKnownIdentity;
  for (size_t at = 0; at < text.size(); ++at) {
    std::string wrong = text;
    wrong[at] = wrong[at] == 'Q' ? 'P' : 'Q';
    auto parsed = AgeIdentity::parse(wrong);
    ASSERT_FALSE(parsed.ok()) << at;
    EXPECT_EQ(parsed.error().message().find(text.substr(20, 10)), std::string::npos) << "the secret is in the message";
  }
  for (const char* wrong : {"", "age1", "AGE-SECRET-KEY-1", "age1qqqqqqqq", "# only a comment\n"}) {
    EXPECT_FALSE(AgeIdentity::parse(wrong).ok()) << wrong;
    EXPECT_FALSE(AgeRecipient::parse(wrong).ok()) << wrong;
  }
  EXPECT_FALSE(AgeIdentity::parse(text.substr(0, 30) + "q" + text.substr(31)).ok()) << "mixed case";
  EXPECT_FALSE(AgeIdentity::parse(text + "\n" + text).ok()) << "two keys";
  EXPECT_FALSE(AgeRecipient::parse(text).ok()) << "an identity is no recipient";
}

TEST(AgeFile, StockAgeOpensOurs) {
  TempFolder temp;
  std::string key = temp.write("key", as_bytes(test_identity().print() + "\n"));
  for (size_t size : kSizes) {
    Bytes plain = random_bytes(size, size);
    Outcome age = run({"age", "-d", "-i", key}, encrypt(plain, test_identity().recipient()));
    EXPECT_EQ(age.exit_code, 0) << age.err;
    EXPECT_EQ(age.out, plain) << size;
  }
}

TEST(AgeFile, WeOpenWhatStockAgeMade) {
  SeededRng rng(99);
  AgeIdentity other = AgeIdentity::generate(rng);
  for (size_t size : kSizes) {
    Bytes plain = random_bytes(size, size);
    Outcome age =
        run({"age", "-r", other.recipient().to_string(), "-r", test_identity().recipient().to_string()}, plain);
    ASSERT_EQ(age.exit_code, 0) << age.err;
    EXPECT_EQ(must(age_decrypt(age.out, test_identity())), plain) << size;
    EXPECT_EQ(must(age_decrypt(age.out, other)), plain) << size;
  }
  Outcome armored = run({"age", "-a", "-r", other.recipient().to_string()}, prose(5000));
  EXPECT_EQ(must(age_decrypt(armored.out, other)), prose(5000));
}

TEST(AgeFile, AnotherKeyIsRefusedAsSuch) {
  SeededRng rng(5);
  auto opened = age_decrypt(encrypt(prose(10), test_identity().recipient()), AgeIdentity::generate(rng));
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code(), Code::kWrongKey);
}

TEST(AgeFile, EveryFlippedBitIsNoticed) {
  Bytes file = encrypt(prose(100), test_identity().recipient());
  for (size_t bit = 0; bit < file.size() * 8; ++bit) {
    Bytes wrong = file;
    wrong[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    ASSERT_FALSE(age_decrypt(wrong, test_identity()).ok()) << "bit " << bit;
  }
}

TEST(AgeFile, EveryTruncationIsNoticed) {
  Bytes file = encrypt(random_bytes(131'072, 1), test_identity().recipient());
  for (size_t length = 0; length < file.size(); length += length < 400 ? 1 : 6'553) {
    ASSERT_FALSE(age_decrypt(ByteView(file).first(length), test_identity()).ok()) << length;
  }
  // Exactly after a chunk: what is left looks whole but for the mark of the last chunk.
  EXPECT_FALSE(age_decrypt(ByteView(file).first(file.size() - kAgeSealedChunkBytes), test_identity()).ok());
  file.push_back(0);
  EXPECT_FALSE(age_decrypt(file, test_identity()).ok());
}

TEST(AgePayload, SizesGoBothWays) {
  for (uint64_t plain = 0; plain < 300'000; plain += plain % 65'536 < 3 || plain % 65'536 > 65'530 ? 1 : 997) {
    ASSERT_EQ(must(age_plain_bytes(age_sealed_bytes(plain))), plain);
  }
  for (uint64_t impossible : {uint64_t{0}, uint64_t{15}, kAgeSealedChunkBytes + 1, kAgeSealedChunkBytes + 16}) {
    EXPECT_FALSE(age_plain_bytes(impossible).ok()) << impossible;
  }
}

TEST(AgePayload, AnyRangeIsTheSameAsTheWhole) {
  Bytes plain = random_bytes(300'000, 2);
  SeededRng rng(3);
  auto fresh = must(AgePayloadKey::create(test_identity().recipient(), rng));
  Bytes file = encrypt(plain, test_identity().recipient(), 3);
  ASSERT_TRUE(equal(ByteView(file).first(fresh.head.size()), fresh.head));
  ByteView sealed = ByteView(file).subspan(fresh.head.size());
  AgePayloadKey key = must(AgePayloadKey::open(fresh.head, test_identity()));
  for (int round = 0; round < 200; ++round) {
    ByteRange range{rng.below(plain.size()), 0};
    range.length = rng.below(plain.size() - range.offset + 1);
    ByteRange chunks = AgePayloadKey::sealed_range(range, plain.size());
    Bytes got = must(key.open_range(range, plain.size(), sealed.subspan(chunks.offset, chunks.length)));
    ASSERT_TRUE(equal(got, ByteView(plain).subspan(range.offset, range.length)));
  }
}

TEST(AgePayload, ASwappedChunkIsNamed) {
  Bytes plain = random_bytes(200'000, 2);
  Bytes file = encrypt(plain, test_identity().recipient(), 3);
  AgePayloadKey key = must(AgePayloadKey::open(ByteView(file).first(184), test_identity()));
  ByteView second = ByteView(file).subspan(184 + kAgeSealedChunkBytes, kAgeSealedChunkBytes);
  EXPECT_TRUE(key.open_range({65'536, 65'536}, plain.size(), second).ok());
  auto wrong = key.open_range({0, 65'536}, plain.size(), second);
  ASSERT_FALSE(wrong.ok());
  EXPECT_NE(wrong.error().message().find("chunk 0"), std::string::npos) << wrong.error().message();
}

TEST(AgePassphrase, GoesBothWaysAndTellsAWrongOne) {
  SeededRng rng(8);
  Bytes file = must(wrap_identity(test_identity(), "walrus and carpenter", rng, 10));
  EXPECT_EQ(must(unwrap_identity(file, "walrus and carpenter")).print(), test_identity().print());
  EXPECT_EQ(unwrap_identity(file, "walrus").error().code(), Code::kWrongKey);
  EXPECT_FALSE(wrap_identity(test_identity(), "", rng, 10).ok());
  for (size_t length = 0; length < file.size(); ++length) {
    ASSERT_FALSE(unwrap_identity(ByteView(file).first(length), "walrus and carpenter").ok()) << length;
  }
}

TEST(AgePassphrase, AnAbsurdWorkFactorIsNotTried) {
  SeededRng rng(8);
  std::string text(as_text(must(wrap_identity(test_identity(), "x", rng, 10))));
  text.replace(text.find(" 10\n"), 4, " 23\n");
  EXPECT_EQ(unwrap_identity(as_bytes(text), "x").error().code(), Code::kTooLarge);
}

TEST(AgePassphrase, StockAgeOpensOurs) {
  TempFolder temp;
  SeededRng rng(8);
  std::string wrapped = temp.write("key.age", must(wrap_identity(test_identity(), "walrus", rng, 12)));
  Outcome age = run_on_terminal({"age", "-d", "-o", temp / "key", wrapped}, {"walrus"});
  EXPECT_EQ(age.exit_code, 0) << as_text(age.out);
  EXPECT_EQ(as_text(read_whole(temp / "key")), test_identity().print() + "\n");
}

TEST(AgePassphrase, WeOpenWhatStockAgeMade) {
  TempFolder temp;
  std::string key = temp.write("key", as_bytes("# a comment\n" + test_identity().print() + "\n"));
  for (bool armor : {false, true}) {
    std::string wrapped = temp / (armor ? "armored" : "binary");
    std::vector<std::string> command = {"age", "-p", "-o", wrapped, key};
    if (armor) command.insert(command.begin() + 1, "-a");
    Outcome age = run_on_terminal(command, {"walrus", "walrus"});
    ASSERT_EQ(age.exit_code, 0) << as_text(age.out);
    EXPECT_EQ(must(unwrap_identity(read_whole(wrapped), "walrus")).print(), test_identity().print());
  }
}

}  // namespace
}  // namespace walrusfs::pack::testing
