// What the publisher answers to a store.
#pragma once

#include <optional>
#include <string>

#include "localnet/ledger.h"

namespace walrusfs::localnet {

// `reused`: the registration existed before, only the certificate is new.
std::string newly_created_json(const BlobObject& object, uint64_t cost_frost, uint32_t epochs_ahead, bool reused);
// A store that failed although the request was answered: HTTP status 200.
std::string store_error_json(const std::optional<BlobId>& blob, const std::string& phase, const std::string& why);
std::string already_certified_event_json(const BlobId& blob, const TransactionEvent& event, uint32_t end_epoch);
std::string already_certified_object_json(const BlobId& blob, const std::string& object_id, uint32_t end_epoch);

}  // namespace walrusfs::localnet
