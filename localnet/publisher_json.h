// What the publisher answers to a store.
#pragma once

#include <optional>
#include <string>

#include "localnet/ledger.h"

namespace walrusfs::localnet {

// What was paid for to store a blob, with which object.
struct StoreOperation {
  enum class Kind {
    kRegisterFromScratch,
    kReuseRegistration,           // only the certificate is new
    kReuseAndExtend,              // it was certified, only not for long enough
    kReuseAndExtendNonCertified,  // both are new, the certificate and the rest of the time
  } kind = Kind::kRegisterFromScratch;
  uint32_t epochs = 0;  // bought: ahead, or in addition

  bool extends() const { return kind == Kind::kReuseAndExtend || kind == Kind::kReuseAndExtendNonCertified; }
};
std::string newly_created_json(const BlobObject& object, uint64_t cost_frost, const StoreOperation& operation);
// A store that failed although the request was answered: HTTP status 200.
std::string store_error_json(const std::optional<BlobId>& blob, const std::string& phase, const std::string& why);
std::string already_certified_event_json(const BlobId& blob, const TransactionEvent& event, uint32_t end_epoch);
std::string already_certified_object_json(const BlobId& blob, const std::string& object_id, uint32_t end_epoch);

}  // namespace walrusfs::localnet
