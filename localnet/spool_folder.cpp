#include "localnet/spool_folder.h"

namespace walrusfs::localnet {

namespace {

constexpr const char* kSuffix = ".spool";

}  // namespace

Status SpoolFolder::prepare(Files& files, const std::string& folder) {
  WFS_TRY(files.make_directories(folder));
  WFS_ASSIGN(const auto items, files.list(folder));
  for (const auto& item : items)
    if (item.name.ends_with(kSuffix)) WFS_TRY(files.remove(folder + "/" + item.name));
  return {};
}

std::unique_ptr<ByteSpool> SpoolFolder::spool() {
  return std::make_unique<ByteSpool>(files_, path_ + std::to_string(spools_++) + kSuffix, limits_.memory_bytes, room_);
}

std::optional<HttpAnswer> refusal_of_body(const Error& error) {
  if (error.code() == Code::kTooLarge) return text_answer(413, "length limit exceeded");
  if (error.code() == Code::kInvalidArgument) return text_answer(400, error.message());
  if (error.code() == Code::kBusy) return text_answer(429, error.message());
  return std::nullopt;
}

}  // namespace walrusfs::localnet
