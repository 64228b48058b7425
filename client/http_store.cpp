#include "client/http_store.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "client/blob_checks.h"

namespace walrusfs {
namespace {

constexpr size_t kSuiAddressDigits = 64;

Result<std::string> checked_url(std::string url, const char* what) {
  const bool scheme = url.starts_with("http://") || url.starts_with("https://");
  const bool clean = std::all_of(url.begin(), url.end(), [](char c) { return c > 0x20 && c < 0x7f; });
  if (!scheme || !clean || url.find_first_of("?#") != std::string::npos) {
    return Error(Code::kInvalidArgument,
                 fmt::format("\"{}\" is no URL for {}: something like https://{}.example is wanted", url, what, what));
  }
  while (url.ends_with('/')) url.pop_back();
  return url;
}

Status check_address(const std::string& address) {
  if (address.empty()) return ok_status();
  const bool hex = std::all_of(address.begin() + std::min<ptrdiff_t>(2, std::ssize(address)), address.end(),
                               [](unsigned char c) { return std::isxdigit(c) != 0; });
  if (address.starts_with("0x") && hex && address.size() == 2 + kSuiAddressDigits) return ok_status();
  return Error(
      Code::kInvalidArgument,
      fmt::format("send_object_to \"{}\" is no Sui address: 0x and 64 hexadecimal digits are wanted", address));
}

Error needs_wallet(const char* what) {
  return Error(Code::kNotSupported, fmt::format("publishers and aggregators cannot {} a blob: only the wallet "
                                                "that owns the blob object can",
                                                what));
}

}  // namespace

Result<std::unique_ptr<HttpStore>> HttpStore::create(Transport& transport, Clock& clock, TokenSource* tokens,
                                                     HttpStoreOptions options) {
  if (options.aggregators.empty()) {
    return Error(Code::kInvalidArgument, "no aggregator is configured: name at least one to read from");
  }
  for (std::string& url : options.aggregators) {
    WFS_ASSIGN(url, checked_url(url, "aggregator"));
  }
  if (!options.publisher.empty()) {
    WFS_ASSIGN(options.publisher, checked_url(options.publisher, "publisher"));
  }
  WFS_TRY(check_address(options.send_object_to));
  return std::unique_ptr<HttpStore>(new HttpStore(transport, clock, tokens, std::move(options)));
}

HttpStore::HttpStore(Transport& transport, Clock& clock, TokenSource* tokens, HttpStoreOptions options)
    : options_(std::move(options)),
      aggregators_(transport, clock,
                   {.urls = options_.aggregators, .timeouts = options_.timeouts, .cancel = options_.cancel}),
      publisher_(transport, tokens,
                 {.url = options_.publisher,
                  .send_object_to = options_.send_object_to,
                  .timeouts = options_.timeouts,
                  .cancel = options_.cancel}) {}

Result<Bytes> HttpStore::read(const BlobId& blob, ByteRange range, const Verifier& verify, Deadline deadline) {
  WFS_TRY(check_read(range, verify));
  if (!range.empty()) return aggregators_.read(blob, range, verify, deadline);
  WFS_TRY(verify({}));
  return Bytes{};
}

Result<StoreReceipt> HttpStore::store(const StoreRequest& request, Deadline deadline) {
  if (options_.publisher.empty()) {
    return Error(Code::kReadOnly, "no publisher is configured: this network can only be read");
  }
  WFS_TRY(check_store(request, options_.max_blob_bytes));
  WFS_ASSIGN(StoreReceipt receipt, publisher_.store(request, deadline));
  aggregators_.note_stored(request.blob);
  return receipt;
}

Result<BlobStatus> HttpStore::status(const BlobId& blob, Deadline deadline) {
  WFS_ASSIGN(uint64_t size_bytes, aggregators_.size_bytes(blob, deadline));
  return BlobStatus{true, size_bytes, 0};
}

Status HttpStore::extend(const std::string&, uint32_t, Deadline) { return needs_wallet("extend"); }

Status HttpStore::remove(const std::string&, Deadline) { return needs_wallet("delete"); }

Result<uint32_t> HttpStore::shard_count(Deadline) {
  if (options_.shards != 0) return options_.shards;
  return Error(Code::kNotSupported,
               "the number of shards is not configured, and neither publishers nor aggregators tell it: set it to 1000 "
               "for mainnet and testnet");
}

}  // namespace walrusfs
