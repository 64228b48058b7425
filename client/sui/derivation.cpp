#include "client/sui/derivation.h"

#include <algorithm>
#include <charconv>

#include "base/crypto.h"
#include "base/crypto_derive.h"

namespace walrusfs::sui {
namespace {

constexpr uint32_t kPhraseRounds = 2048;
constexpr uint32_t kHardened = 0x8000'0000;
constexpr size_t kMostSteps = 10;

Error bad_path(std::string_view why) {
  return Error(Code::kInvalidArgument, "this is no derivation path: " + std::string(why));
}

Result<uint32_t> parse_step(std::string_view text) {
  const bool hardened = text.ends_with('\'');
  if (hardened) text.remove_suffix(1);
  uint32_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || parsed.ec != std::errc() || parsed.ptr != text.data() + text.size() || number >= kHardened)
    return bad_path("a step is no number below 2^31");
  return hardened ? number | kHardened : number;
}

Result<std::vector<uint32_t>> parse_path(std::string_view text) {
  if (!text.starts_with("m")) return bad_path("it does not begin with m");
  text.remove_prefix(1);
  std::vector<uint32_t> steps;
  while (!text.empty()) {
    if (!text.starts_with('/') || steps.size() == kMostSteps) return bad_path("it has a strange end");
    text.remove_prefix(1);
    const size_t end = std::min(text.find('/'), text.size());
    WFS_ASSIGN(const uint32_t step, parse_step(text.substr(0, end)));
    steps.push_back(step);
    text.remove_prefix(end);
  }
  return steps;
}

// A secret and what its children are mixed with.
class Node {
 public:
  explicit Node(Bytes both)
      : secret_(both.begin(), both.begin() + kSecretKeyBytes), chain_code_(both.begin() + kSecretKeyBytes, both.end()) {
    wipe(both);
  }
  ~Node() { wipe(secret_); }
  Node(Node&&) = delete;
  Node& operator=(Node&& other) noexcept {
    secret_.swap(other.secret_);
    chain_code_.swap(other.chain_code_);
    return *this;
  }

  const Bytes& secret() const { return secret_; }
  Status step_ed25519(uint32_t step);
  Status step_secp256k1(uint32_t step);

 private:
  // HMAC over what stands for the parent, and the step.
  Bytes mix(ByteView parent, uint32_t step) const;

  Bytes secret_, chain_code_;
};

Bytes Node::mix(ByteView parent, uint32_t step) const {
  Bytes data = to_bytes(parent);
  for (const int shift : {24, 16, 8, 0}) data.push_back(static_cast<uint8_t>(step >> shift));
  Bytes mixed = hmac_sha512(chain_code_, data);
  wipe(data);
  return mixed;
}

Bytes private_form(const Bytes& secret) {
  Bytes out(1 + secret.size());
  std::copy(secret.begin(), secret.end(), out.begin() + 1);
  return out;
}

Status Node::step_ed25519(uint32_t step) {
  if ((step & kHardened) == 0) return bad_path("Ed25519 has hardened steps only");
  Bytes parent = private_form(secret_);
  *this = Node(mix(parent, step));
  wipe(parent);
  return ok_status();
}

Status Node::step_secp256k1(uint32_t step) {
  Bytes parent = private_form(secret_);
  if ((step & kHardened) == 0) {
    WFS_ASSIGN(const SigningKey key, SigningKey::create(KeyScheme::kSecp256k1, secret_));
    wipe(parent);
    parent = key.public_key();
  }
  Node mixed(mix(parent, step));
  wipe(parent);
  WFS_ASSIGN(mixed.secret_, add_secrets(KeyScheme::kSecp256k1, mixed.secret_, secret_));
  *this = std::move(mixed);
  return ok_status();
}

}  // namespace

Bytes seed_of_phrase(std::string_view phrase) { return pbkdf2_sha512(phrase, as_bytes("mnemonic"), kPhraseRounds); }

Result<Keypair> derive_keypair(KeyScheme scheme, ByteView seed, std::string_view path) {
  WFS_ASSIGN(const std::vector<uint32_t> steps, parse_path(path));
  const bool ed25519 = scheme == KeyScheme::kEd25519;
  Node node(hmac_sha512(as_bytes(ed25519 ? "ed25519 seed" : "Bitcoin seed"), seed));
  for (const uint32_t step : steps) WFS_TRY(ed25519 ? node.step_ed25519(step) : node.step_secp256k1(step));
  return Keypair::create(scheme, node.secret());
}

std::string_view default_path(KeyScheme scheme) {
  switch (scheme) {
    case KeyScheme::kEd25519: return "m/44'/784'/0'/0'/0'";
    case KeyScheme::kSecp256k1: return "m/54'/784'/0'/0/0";
    case KeyScheme::kSecp256r1: return "m/74'/784'/0'/0/0";
  }
  return {};
}

}  // namespace walrusfs::sui
