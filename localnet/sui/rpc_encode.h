// Our records as messages of the API, as far as a mask wants them.
#pragma once

#include "client/sui/rpc.pb.h"
#include "localnet/sui/chain_store.h"
#include "localnet/sui/field_mask.h"

namespace walrusfs::localnet::sui {

namespace rpc = walrusfs::sui::rpc;

void encode_object(const Object& object, const FieldMask& mask, rpc::Object* out);
void encode_package(const ObjectId& id, const Packages& packages, const FieldMask& mask, rpc::Object* out);
void encode_transaction(const TransactionData& data, const FieldMask& mask, rpc::Transaction* out);
void encode_effects(const Effects& effects, const FieldMask& mask, rpc::TransactionEffects* out);
void encode_output(const CommandOutput& output, rpc::CommandResult* out);
// `with_checkpoint`: right after execution a node does not know it yet.
void encode_record(const Record& record, const FieldMask& mask, bool with_checkpoint, rpc::ExecutedTransaction* out);
rpc::Timestamp to_timestamp(uint64_t ms);

}  // namespace walrusfs::localnet::sui
