#include "client/sui/keys.h"

#include "base/bech32.h"
#include "base/crypto.h"

namespace walrusfs::sui {
namespace {

constexpr std::string_view kSecretPrefix = "suiprivkey";
constexpr uint8_t kIntentVersion = 0, kAppSui = 0;

std::optional<KeyScheme> scheme_of(uint8_t flag) {
  if (flag > static_cast<uint8_t>(KeyScheme::kSecp256r1)) return std::nullopt;
  return static_cast<KeyScheme>(flag);
}

Error refused(std::string_view why) {
  return Error(Code::kInvalidArgument, "the signature is refused: " + std::string(why));
}

}  // namespace

Address address_of(KeyScheme scheme, ByteView public_key) {
  Bytes preimage = {static_cast<uint8_t>(scheme)};
  append(preimage, public_key);
  return {blake2b256(preimage)};
}

Digest signing_digest(IntentScope scope, ByteView message) {
  const uint8_t intent[] = {static_cast<uint8_t>(scope), kIntentVersion, kAppSui};
  Blake2b256 hash;
  hash.update(intent);
  hash.update(message);
  return hash.finish();
}

Result<Keypair> Keypair::create(KeyScheme scheme, ByteView secret) {
  WFS_ASSIGN(SigningKey key, SigningKey::create(scheme, secret));
  return Keypair(std::move(key));
}

Result<Keypair> Keypair::parse(std::string_view suiprivkey) {
  WFS_ASSIGN(Bytes flagged, from_bech32(kSecretPrefix, suiprivkey));
  const auto scheme = flagged.empty() ? std::nullopt : scheme_of(flagged[0]);
  auto key = scheme ? create(*scheme, ByteView(flagged).subspan(1))
                    : Result<Keypair>(Error(Code::kInvalidArgument, "this key is of a kind that is not spoken here"));
  wipe(flagged);
  return key;
}

std::string Keypair::to_suiprivkey() const {
  Bytes flagged = {static_cast<uint8_t>(scheme())};
  append(flagged, key_.secret());
  std::string text = to_bech32(kSecretPrefix, flagged);
  wipe(flagged);
  return text;
}

Result<Bytes> Keypair::sign(IntentScope scope, ByteView message) const {
  WFS_ASSIGN(const Bytes signature, key_.sign(signing_digest(scope, message)));
  Bytes out = {static_cast<uint8_t>(scheme())};
  append(out, signature);
  append(out, public_key());
  return out;
}

Result<Bytes> Keypair::sign_personal_message(ByteView message) const {
  return sign(IntentScope::kPersonalMessage, bcs_encode(to_bytes(message)));
}

Result<Address> verify_serialized_signature(IntentScope scope, ByteView message, ByteView signature) {
  const auto scheme = signature.empty() ? std::nullopt : scheme_of(signature[0]);
  if (!scheme) return refused("its kind is not spoken here");
  if (signature.size() != 1 + kSignatureBytes + public_key_bytes(*scheme)) return refused("its length is wrong");
  const ByteView raw = signature.subspan(1, kSignatureBytes);
  const ByteView public_key = signature.subspan(1 + kSignatureBytes);
  if (!verify_signature(*scheme, public_key, signing_digest(scope, message), raw)) {
    return refused("it is not one of this message by its key");
  }
  return address_of(*scheme, public_key);
}

}  // namespace walrusfs::sui
