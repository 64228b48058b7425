// Wallet keys from a recovery phrase, as Sui's wallets derive them: BIP-39 without a passphrase, then SLIP-10 for
// Ed25519 and BIP-32 for the others, also for secp256r1, whose secret is derived on secp256k1. Spec "Walrus control
// plane on Sui" section 10.
#pragma once

#include "client/sui/keys.h"

namespace walrusfs::sui {

// 64 bytes; a secret. The phrase is taken as it is: neither its words nor its checksum are looked at.
Bytes seed_of_phrase(std::string_view phrase);

// "m/44'/784'/0'/0'/0'" and its like: up to ten steps of less than 2^31, with ' when hardened. kInvalidArgument for
// other text, and for steps that Ed25519 cannot take because they are not hardened.
Result<Keypair> derive_keypair(KeyScheme scheme, ByteView seed, std::string_view path);

// The path that wallets begin with.
std::string_view default_path(KeyScheme scheme);

}  // namespace walrusfs::sui
