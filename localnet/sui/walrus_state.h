// What the Move functions of Walrus share: the inner state of System, payment, storage accounting, certificates,
// attributes. Rules and abort codes: spec "Walrus control plane on Sui" sections 7 and 12.
#pragma once

#include "client/sui/walrus.h"
#include "localnet/sui/call.h"

namespace walrusfs::localnet::sui {

using SystemField = Field<uint64_t, SystemStateInner>;
using PoolField = Field<uint64_t, StoragePoolInner>;
using AttributesField = Field<Bytes, Metadata>;
using PoolEntryField = Field<BlobId, ObjectId>;

TypeTag system_field_type(const Packages& packages);
TypeTag staking_field_type(const Packages& packages);

SystemField load_system(Call& call);
void save_system(Call& call, const SystemField& system);

// ---- money

// Takes WAL out of the coin at argument `coin`; aborts when it has less.
Step pay(Call& call, size_t coin, uint64_t frost);

// ---- storage

// Epochs [start, end), of `bytes` each.
struct Span {
  uint32_t start = 0, end = 0;
  uint64_t bytes = 0;
};

// Reserves and charges it: 1 <= epochs ahead <= ring length, room in every epoch, money in the coin.
Step buy_storage(Call& call, SystemField& system, const Span& span, size_t coin);
// The fee for writing a blob, into this epoch's rewards.
Step pay_for_writing(Call& call, SystemField& system, uint64_t encoded_bytes, size_t coin);

Storage new_storage(Call& call, const Span& span);

// ---- blobs

struct BlobDescription {
  BlobId id;
  Digest root{};
  uint64_t size = 0;
  uint8_t encoding = 0;
  bool deletable = false;
};
// From six arguments, the first of which stands at `first`.
BlobDescription describe_blob(const Call& call, size_t first);
// Encoding and derivation of the id; then the encoded size of the blob.
Step check_description(Call& call, const BlobDescription& blob, uint32_t shards, uint64_t* encoded_bytes);

// The message of a certificate that at least a quorum of the committee signed; where it says that a blob is invalid, so
// many that one of them is honest. Arguments `first` to first + 2 are
// aggregate signature, bitmap and message.
Step check_certificate(Call& call, const SystemField& system, size_t first, uint8_t type, Bytes* message);
Step check_confirmation(Call& call, const SystemField& system, size_t first, Confirmation* confirmation);

// ---- attributes: they hang off any object

std::optional<Metadata> attributes_of(Call& call, const ObjectId& object);
void set_attributes(Call& call, const ObjectId& object, Metadata metadata);
void drop_attributes(Call& call, const ObjectId& object);
// An existing key moves to the end, as Move's VecMap has it.
void insert_or_update(Metadata& metadata, const std::string& key, const std::string& value);
// False when there was no such key.
bool erase_key(Metadata& metadata, const std::string& key);

}  // namespace walrusfs::localnet::sui
