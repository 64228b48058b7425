#include "localnet/publisher_json.h"

#include <nlohmann/json.hpp>

namespace walrusfs::localnet {
namespace {

using nlohmann::ordered_json;

ordered_json blob_object(const BlobObject& o) {
  ordered_json storage = {{"id", o.storage_id},
                          {"startEpoch", o.start_epoch},
                          {"endEpoch", o.end_epoch},
                          {"storageSize", o.encoded_length}};
  return {{"id", o.id},
          {"registeredEpoch", o.registered_epoch},
          {"blobId", o.blob.to_string()},
          {"size", o.size_bytes},
          {"encodingType", "RS2"},
          {"certifiedEpoch", o.certified_epoch ? ordered_json(*o.certified_epoch) : ordered_json(nullptr)},
          {"storage", std::move(storage)},
          {"deletable", o.deletable}};
}

ordered_json operation_json(const StoreOperation& operation, uint64_t encoded_length) {
  using Kind = StoreOperation::Kind;
  ordered_json details = {{"encodedLength", encoded_length}};
  if (operation.kind == Kind::kRegisterFromScratch) details["epochsAhead"] = operation.epochs;
  if (operation.extends()) details["epochsExtended"] = operation.epochs;
  ordered_json out;
  switch (operation.kind) {
    case Kind::kRegisterFromScratch: out["registerFromScratch"] = std::move(details); break;
    case Kind::kReuseRegistration: out["reuseRegistration"] = std::move(details); break;
    case Kind::kReuseAndExtend: out["reuseAndExtend"] = std::move(details); break;
    case Kind::kReuseAndExtendNonCertified: out["reuseAndExtendNonCertified"] = std::move(details); break;
  }
  return out;
}

}  // namespace

std::string newly_created_json(const BlobObject& object, uint64_t cost_frost, const StoreOperation& operation) {
  ordered_json out;
  out["newlyCreated"] = {{"blobObject", blob_object(object)},
                         {"resourceOperation", operation_json(operation, object.encoded_length)},
                         {"cost", cost_frost}};
  if (!object.shared_id.empty()) out["newlyCreated"]["sharedBlobObject"] = object.shared_id;
  return out.dump();
}

std::string store_error_json(const std::optional<BlobId>& blob, const std::string& phase, const std::string& why) {
  ordered_json out;
  out["error"] = {{"blobId", blob ? ordered_json(blob->to_string()) : ordered_json(nullptr)},
                  {"failurePhase", phase},
                  {"errorMsg", why}};
  return out.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

std::string already_certified_event_json(const BlobId& blob, const TransactionEvent& event, uint32_t end_epoch) {
  ordered_json out;
  out["alreadyCertified"] = {
      {"blobId", blob.to_string()},
      {"event", {{"txDigest", event.tx_digest}, {"eventSeq", std::to_string(event.event_seq)}}},
      {"endEpoch", end_epoch}};
  return out.dump();
}

std::string already_certified_object_json(const BlobId& blob, const std::string& object_id, uint32_t end_epoch) {
  ordered_json out;
  out["alreadyCertified"] = {{"blobId", blob.to_string()}, {"object", object_id}, {"endEpoch", end_epoch}};
  return out.dump();
}

}  // namespace walrusfs::localnet
