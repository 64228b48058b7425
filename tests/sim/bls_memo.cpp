#include "bls_memo.h"

#include <cstring>
#include <functional>
#include <unordered_map>

#include "base/crypto.h"
#include "base/mutex.h"
#include "codec/bls/bls.h"

#define VERIFY "_ZN8walrusfs3bls6verifyERKNS0_9PublicKeyESt4spanIKhLm18446744073709551615EERKNS0_9SignatureE"
#define VERIFY_AGGREGATE                                                                           \
  "_ZN8walrusfs3bls16verify_aggregateESt4spanIKNS0_9PublicKeyELm18446744073709551615EES1_IKhLm1844" \
  "6744073709551615EERKNS0_9SignatureE"
#define PUBLIC_KEY "_ZNK8walrusfs3bls9SecretKey10public_keyEv"
#define SIGN "_ZNK8walrusfs3bls9SecretKey4signESt4spanIKhLm18446744073709551615EE"

namespace walrusfs::bls {

bool real_verify(const PublicKey& key, ByteView message, const Signature& signature) asm("__real_" VERIFY);
bool real_verify_aggregate(std::span<const PublicKey> keys, ByteView message,
                           const Signature& aggregate) asm("__real_" VERIFY_AGGREGATE);
PublicKey real_public_key(const SecretKey* key) asm("__real_" PUBLIC_KEY);
Signature real_sign(const SecretKey* key, ByteView message) asm("__real_" SIGN);

bool remembered_verify(const PublicKey& key, ByteView message, const Signature& signature) asm("__wrap_" VERIFY);
bool remembered_verify_aggregate(std::span<const PublicKey> keys, ByteView message,
                                 const Signature& aggregate) asm("__wrap_" VERIFY_AGGREGATE);
PublicKey remembered_public_key(const SecretKey* key) asm("__wrap_" PUBLIC_KEY);
Signature remembered_sign(const SecretKey* key, ByteView message) asm("__wrap_" SIGN);

namespace {

constexpr size_t kMostRemembered = 50'000;  // some 200 bytes each

struct HashOfDigest {
  size_t operator()(const Digest& digest) const {
    size_t out = 0;
    std::memcpy(&out, digest.data(), sizeof out);
    return out;
  }
};

template <typename Value>
class Memo {
 public:
  Value ask(const Digest& question, const std::function<Value()>& reckon) {
    if (auto known = find(question)) return *known;
    const Value answer = reckon();
    MutexLock lock(mutex_);
    if (known_.size() >= kMostRemembered) known_.clear();
    known_.emplace(question, answer);
    return answer;
  }
  sim::MemoCounts counts() {
    MutexLock lock(mutex_);
    return counts_;
  }

 private:
  std::optional<Value> find(const Digest& question) {
    MutexLock lock(mutex_);
    ++counts_.asked;
    auto found = known_.find(question);
    if (found == known_.end()) return std::nullopt;
    ++counts_.remembered;
    return found->second;
  }
  Mutex mutex_;
  std::unordered_map<Digest, Value, HashOfDigest> known_ GUARDED_BY(mutex_);
  sim::MemoCounts counts_ GUARDED_BY(mutex_);
};

Memo<bool>& verdicts() {
  static Memo<bool> memo;
  return memo;
}
Memo<PublicKey>& public_keys() {
  static Memo<PublicKey> memo;
  return memo;
}
Memo<Signature>& signatures() {
  static Memo<Signature> memo;
  return memo;
}

// All parts but the message have a length that does not vary.
Digest question(ByteView message, ByteView rest) {
  const Digest head = sha256(message);
  Bytes all = to_bytes(head);
  append(all, rest);
  return sha256(all);
}

}  // namespace

// Whoever aggregates two keys asks what one who has their sum asks, as far as the answer goes.
bool remembered_verify(const PublicKey& key, ByteView message, const Signature& signature) {
  Bytes rest = to_bytes(key.to_bytes());
  append(rest, signature.to_bytes());
  return verdicts().ask(question(message, rest), [&] { return real_verify(key, message, signature); });
}

bool remembered_verify_aggregate(std::span<const PublicKey> keys, ByteView message, const Signature& aggregated) {
  const auto sum = aggregate(keys);
  return sum ? remembered_verify(*sum, message, aggregated) : real_verify_aggregate(keys, message, aggregated);
}

PublicKey remembered_public_key(const SecretKey* key) {
  return public_keys().ask(question({}, key->to_bytes()), [&] { return real_public_key(key); });
}

Signature remembered_sign(const SecretKey* key, ByteView message) {
  return signatures().ask(question(message, key->to_bytes()), [&] { return real_sign(key, message); });
}

}  // namespace walrusfs::bls

namespace walrusfs::sim {

MemoCounts memo_counts() {
  const MemoCounts verdicts = bls::verdicts().counts(), signatures = bls::signatures().counts();
  return {verdicts.asked + signatures.asked, verdicts.remembered + signatures.remembered};
}

}  // namespace walrusfs::sim
