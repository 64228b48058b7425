// Wallet keys and signatures: addresses, `suiprivkey` text, signed messages. Spec "Walrus control plane on Sui"
// section 10.
#pragma once

#include <optional>

#include "base/crypto_sign.h"
#include "client/sui/types.h"

namespace walrusfs::sui {

// What a signature is for; it stands before what is signed, so that one cannot pass for another.
enum class IntentScope : uint8_t { kTransaction = 0, kPersonalMessage = 3 };

Address address_of(KeyScheme scheme, ByteView public_key);

// The 32 bytes that a key signs.
Digest signing_digest(IntentScope scope, ByteView message);

class Keypair {
 public:
  // kInvalidArgument when `secret` is not 32 bytes, or no scalar of the curve.
  static Result<Keypair> create(KeyScheme scheme, ByteView secret);
  // "suiprivkey1…". Messages never repeat the text.
  static Result<Keypair> parse(std::string_view suiprivkey);
  // A secret; wipe what is made of it.
  std::string to_suiprivkey() const;

  KeyScheme scheme() const { return key_.scheme(); }
  const Bytes& public_key() const { return key_.public_key(); }
  const Address& address() const { return address_; }

  // flag ‖ signature ‖ public key: as the chain takes it.
  Result<Bytes> sign(IntentScope scope, ByteView message) const;
  Result<Bytes> sign_transaction(ByteView bytes) const { return sign(IntentScope::kTransaction, bytes); }
  // Of UTF-8 text or any bytes: they are signed with their BCS length in front.
  Result<Bytes> sign_personal_message(ByteView message) const;

 private:
  explicit Keypair(SigningKey key) : key_(std::move(key)), address_(address_of(key_.scheme(), key_.public_key())) {}

  SigningKey key_;
  Address address_;
};

// Who signed: the address of the key in `signature`. kInvalidArgument when the signature is malformed, of a kind that
// is not spoken (multisig, zkLogin, passkey) or wrong.
Result<Address> verify_serialized_signature(IntentScope scope, ByteView message, ByteView signature);

}  // namespace walrusfs::sui
