#include "localnet/node_errors.h"

namespace walrusfs::localnet::node_errors {
namespace {

HttpAnswer invalid_argument(const char* reason, std::string message) {
  return error_answer({400, "INVALID_ARGUMENT", reason, kNodeDomain, std::move(message)});
}
HttpAnswer failed_precondition(const char* reason, std::string message) {
  return error_answer({400, "FAILED_PRECONDITION", reason, kNodeDomain, std::move(message)});
}
HttpAnswer not_found(const char* reason, std::string message) {
  return error_answer({404, "NOT_FOUND", reason, kNodeDomain, std::move(message)});
}

}  // namespace

HttpAnswer not_registered() {
  return failed_precondition("NOT_REGISTERED", "the blob is not registered, or has expired");
}
HttpAnswer metadata_not_found_on_get() {
  return not_found("METADATA_NOT_FOUND", "the requested metadata is not stored on this node");
}
HttpAnswer metadata_not_found_on_put() {
  return failed_precondition("METADATA_NOT_FOUND", "the metadata must be stored before the slivers");
}
HttpAnswer sliver_not_found() {
  return not_found("SLIVER_NOT_FOUND", "the requested sliver is not stored on this node");
}
HttpAnswer index_out_of_range(uint16_t shards) {
  return invalid_argument("INDEX_OUT_OF_RANGE", "the index must be below " + std::to_string(shards));
}
HttpAnswer shard_not_assigned() {
  return invalid_argument("SHARD_NOT_ASSIGNED", "the shard of this sliver pair is not assigned to this node");
}
HttpAnswer missing_slivers() {
  return failed_precondition("MISSING_SLIVERS", "at least one sliver of the node's shards is not stored");
}
HttpAnswer sliver_index_mismatch() {
  return invalid_argument("SLIVER_INDEX_MISMATCH", "the sliver's index does not belong to the pair in the URL");
}
HttpAnswer invalid_sliver(const std::string& why) { return invalid_argument("INVALID_SLIVER", why); }
HttpAnswer invalid_metadata(const std::string& why) { return invalid_argument("INVALID_METADATA", why); }
HttpAnswer invalid_blob() {
  return failed_precondition("INVALID_BLOB", "the blob was found to be encoded wrongly and is marked as invalid");
}
HttpAnswer forbidden_blob() {
  return error_answer({451, "UNAVAILABLE_FOR_LEGAL_REASONS", "FORBIDDEN_BLOB", kNodeDomain,
                       "the operator of this node blocks the blob"});
}
HttpAnswer unsupported_encoding_type() {
  return invalid_argument("UNSUPPORTED_ENCODING_TYPE", "the only supported encoding type is RS2");
}
HttpAnswer cache_saturated() {
  return failed_precondition("CACHE_SATURATED",
                             "the buffer for uploads ahead of registration has no room; register first");
}
HttpAnswer metadata_not_found_for_proof() {
  return failed_precondition("METADATA_NOT_FOUND", "without the metadata of the blob nothing can be proved about it");
}
HttpAnswer invalid_proof(const std::string& why) { return invalid_argument("INVALID_PROOF", why); }
HttpAnswer no_symbols_specified() {
  return invalid_argument("NO_SYMBOLS_SPECIFIED", "name symbols by id, or a target sliver");
}
HttpAnswer invalid_filter(const std::string& why) { return invalid_argument("INVALID_FILTER", why); }
HttpAnswer no_target_slivers_specified() {
  return invalid_argument("NO_TARGET_SLIVERS_SPECIFIED", "no target slivers were named");
}
HttpAnswer recovery_symbol_out_of_range() {
  return invalid_argument("RECOVERY_SYMBOL_OUT_OF_RANGE", "only source slivers can be asked for");
}
HttpAnswer symbol_not_present() {
  return invalid_argument("SYMBOL_NOT_PRESENT_AT_SHARDS", "this node holds neither sliver of the symbol");
}
HttpAnswer invalid_content_type(const std::string& why) { return invalid_argument("INVALID_CONTENT_TYPE", why); }
HttpAnswer request_unauthorized() {
  return error_answer({403, "PERMISSION_DENIED", "REQUEST_UNAUTHORIZED", kNodeDomain,
                       "the caller is not a member of the committee"});
}
HttpAnswer message_verification_failed(const std::string& why) {
  return invalid_argument("MESSAGE_VERIFICATION_FAILED", "the request does not verify: " + why);
}
HttpAnswer invalid_epoch(uint32_t request_epoch, uint32_t server_epoch) {
  ApiError error{400, "INVALID_ARGUMENT", "INVALID_EPOCH", kNodeDomain, "the request is for another epoch"};
  error.numbers = {{"request_epoch", request_epoch}, {"server_epoch", server_epoch}};
  return error_answer(error);
}
HttpAnswer sliver_count_exceeds_limit(uint64_t limit) {
  return invalid_argument("SLIVER_COUNT_EXCEEDS_LIMIT",
                          "at most " + std::to_string(limit) + " slivers can be asked for at a time");
}
HttpAnswer unavailable(const std::string& why) {
  return error_answer({503, "UNAVAILABLE", "UNAVAILABLE", kGlobalDomain, why});
}

}  // namespace walrusfs::localnet::node_errors
