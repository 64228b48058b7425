#include "localnet/spool_folder.h"

namespace walrusfs::localnet {

std::unique_ptr<ByteSpool> SpoolFolder::spool() {
  return std::make_unique<ByteSpool>(files_, path_ + std::to_string(spools_++), limits_.memory_bytes, room_);
}

std::optional<HttpAnswer> refusal_of_body(const Error& error) {
  if (error.code() == Code::kTooLarge) return text_answer(413, "length limit exceeded");
  if (error.code() == Code::kInvalidArgument) return text_answer(400, error.message());
  if (error.code() == Code::kBusy) return text_answer(429, error.message());
  return std::nullopt;
}

}  // namespace walrusfs::localnet
