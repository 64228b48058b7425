#include "localnet/sui/field_mask.h"

#include <algorithm>

namespace walrusfs::localnet::sui {
namespace {

// Field → message that it holds; empty for plain ones, "*" for what has fields of its own that nobody here fills.
using Fields = std::map<std::string_view, std::string_view>;

const std::map<std::string_view, Fields>& schema() {
  static const std::map<std::string_view, Fields> all = {
      {"Bcs", {{"name", ""}, {"value", ""}}},
      {"Owner", {{"kind", ""}, {"address", ""}, {"version", ""}}},
      {"Timestamp", {{"seconds", ""}, {"nanos", ""}}},
      {"Package",
       {{"storage_id", ""},
        {"original_id", ""},
        {"version", ""},
        {"modules", "*"},
        {"type_origins", "*"},
        {"linkage", "*"}}},
      {"Object",
       {{"bcs", "Bcs"},
        {"object_id", ""},
        {"version", ""},
        {"digest", ""},
        {"owner", "Owner"},
        {"object_type", ""},
        {"has_public_transfer", ""},
        {"contents", "Bcs"},
        {"package", "Package"},
        {"previous_transaction", ""},
        {"storage_rebate", ""},
        {"json", "*"},
        {"balance", ""},
        {"display", "*"}}},
      {"DynamicField",
       {{"kind", ""},
        {"parent", ""},
        {"field_id", ""},
        {"field_object", "Object"},
        {"name", "Bcs"},
        {"value", "Bcs"},
        {"value_type", ""},
        {"child_id", ""},
        {"child_object", "Object"}}},
      {"GasPayment", {{"objects", "*"}, {"owner", ""}, {"price", ""}, {"budget", ""}}},
      {"Transaction",
       {{"bcs", "Bcs"},
        {"digest", ""},
        {"version", ""},
        {"kind", "*"},
        {"sender", ""},
        {"gas_payment", "GasPayment"},
        {"expiration", "*"}}},
      {"UserSignature", {{"bcs", "Bcs"}, {"scheme", ""}, {"signature", "*"}}},
      {"GasCostSummary",
       {{"computation_cost", ""}, {"storage_cost", ""}, {"storage_rebate", ""}, {"non_refundable_storage_fee", ""}}},
      {"ChangedObject",
       {{"object_id", ""},
        {"input_state", ""},
        {"input_version", ""},
        {"input_digest", ""},
        {"input_owner", "Owner"},
        {"output_state", ""},
        {"output_version", ""},
        {"output_digest", ""},
        {"output_owner", "Owner"},
        {"id_operation", ""},
        {"object_type", ""},
        {"accumulator_write", "*"}}},
      {"TransactionEffects",
       {{"bcs", "Bcs"},
        {"digest", ""},
        {"version", ""},
        {"status", "*"},
        {"epoch", ""},
        {"gas_used", "GasCostSummary"},
        {"transaction_digest", ""},
        {"gas_object", "ChangedObject"},
        {"events_digest", ""},
        {"dependencies", ""},
        {"lamport_version", ""},
        {"changed_objects", "ChangedObject"},
        {"unchanged_consensus_objects", "*"},
        {"auxiliary_data_digest", ""},
        {"unchanged_loaded_runtime_objects", "*"}}},
      {"Event",
       {{"package_id", ""}, {"module", ""}, {"sender", ""}, {"event_type", ""}, {"contents", "Bcs"}, {"json", "*"}}},
      {"TransactionEvents", {{"bcs", "Bcs"}, {"digest", ""}, {"events", "Event"}}},
      {"ObjectSet", {{"objects", "Object"}}},
      {"ExecutedTransaction",
       {{"digest", ""},
        {"transaction", "Transaction"},
        {"signatures", "UserSignature"},
        {"effects", "TransactionEffects"},
        {"events", "TransactionEvents"},
        {"checkpoint", ""},
        {"timestamp", "Timestamp"},
        {"balance_changes", "*"},
        {"objects", "ObjectSet"},
        {"transaction_index", ""}}},
      {"SimulateTransactionResponse",
       {{"transaction", "ExecutedTransaction"}, {"command_outputs", "*"}, {"suggested_gas_price", ""}}},
      {"Epoch",
       {{"epoch", ""},
        {"committee", "*"},
        {"system_state", "*"},
        {"first_checkpoint", ""},
        {"last_checkpoint", ""},
        {"start", "Timestamp"},
        {"end", "Timestamp"},
        {"reference_gas_price", ""},
        {"protocol_config", "*"}}},
  };
  return all;
}

bool is_known(std::string_view path, std::string_view message) {
  if (path == "*" || message == "*") return true;
  const auto fields = schema().find(message);
  const std::string_view name = path.substr(0, path.find('.'));
  if (fields == schema().end() || !fields->second.contains(name)) return false;
  if (name.size() == path.size()) return true;
  return is_known(path.substr(name.size() + 1), fields->second.at(name));
}

}  // namespace

Result<FieldMask> FieldMask::parse(const std::vector<std::string>& paths, std::string_view message) {
  FieldMask mask;
  mask.all_ = false;
  for (const std::string& path : paths) {
    if (!is_known(path, message))
      return Error(Code::kInvalidArgument, "invalid read_mask path: " + path.substr(0, 200));
    mask.add(path);
  }
  return mask;
}

void FieldMask::add(std::string_view path) {
  if (path == "*") all_ = true;
  if (all_) return;
  const std::string_view name = path.substr(0, path.find('.'));
  const auto [child, is_new] = children_.try_emplace(std::string(name));
  if (is_new) child->second.all_ = false;
  if (name.size() == path.size()) {
    child->second.all_ = true;
  } else {
    child->second.add(path.substr(name.size() + 1));
  }
}

const FieldMask& FieldMask::of(std::string_view field) const {
  static const FieldMask everything;
  const auto child = children_.find(field);
  return child == children_.end() ? everything : child->second;
}

}  // namespace walrusfs::localnet::sui
