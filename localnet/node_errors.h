// The reasons that storage nodes give, each with its HTTP status (storage-node API, section 3.1).
#pragma once

#include "localnet/envelope.h"

namespace walrusfs::localnet::node_errors {

HttpAnswer not_registered();
HttpAnswer metadata_not_found_on_get();
HttpAnswer metadata_not_found_on_put();
HttpAnswer sliver_not_found();
HttpAnswer index_out_of_range(uint16_t shards);
HttpAnswer shard_not_assigned();
HttpAnswer missing_slivers();
HttpAnswer sliver_index_mismatch();
HttpAnswer invalid_sliver(const std::string& why);
HttpAnswer invalid_metadata(const std::string& why);
HttpAnswer invalid_blob();
HttpAnswer forbidden_blob();
HttpAnswer unsupported_encoding_type();
HttpAnswer cache_saturated();
HttpAnswer metadata_not_found_for_proof();
HttpAnswer invalid_proof(const std::string& why);
HttpAnswer no_symbols_specified();
HttpAnswer invalid_filter(const std::string& why);
HttpAnswer no_target_slivers_specified();
HttpAnswer recovery_symbol_out_of_range();
HttpAnswer symbol_not_present();
HttpAnswer invalid_content_type(const std::string& why);
HttpAnswer request_unauthorized();
HttpAnswer message_verification_failed(const std::string& why);
HttpAnswer invalid_epoch(uint32_t request_epoch, uint32_t server_epoch);
HttpAnswer sliver_count_exceeds_limit(uint64_t limit);
HttpAnswer unavailable(const std::string& why);

}  // namespace walrusfs::localnet::node_errors
