// The upload relay: spreads a blob over the storage nodes for a client that has registered it itself, and answers with
// the certificate. Routes: GET /v1/tip-config, POST /v1/blob-upload-relay. Errors are plain text. HTTP API, section 4.
//
// It remembers no transaction: within its freshness the same tip pays for the same blob again. Bodies of up to a GiB
// wait in a file. No sockets here. Safe to call from any thread.
#pragma once

#include <string>

#include "base/files.h"
#include "codec/signed_messages.h"
#include "localnet/blob_writer.h"
#include "localnet/gate.h"
#include "localnet/http_types.h"
#include "localnet/ledger.h"
#include "localnet/relay_tip.h"
#include "localnet/spool_folder.h"

namespace walrusfs::localnet {

struct RelayOptions {
  Tip tip;
  Millis freshness{3'600'000};              // of a transaction with a tip
  uint64_t max_body_bytes = 1 << 30;        // the official limit
  std::string scratch_folder;               // exists, the relay's own
  unsigned encode_threads = 2;
};

class UploadRelay {
 public:
  // All must outlive the relay.
  UploadRelay(const Membership& membership, BlobWriter& writer, const NodeDirectory& nodes,
              const BlobRegistry& registry, const TransactionSource& transactions, Files& files, Clock& clock,
              RelayOptions options);

  HttpAnswer answer(HttpCall& call);

 private:
  struct Wish;

  static Result<Wish> parse_wish(const std::string& query_text);
  HttpAnswer upload(HttpCall& call);
  HttpAnswer upload_body(const Wish& wish, ByteView content);
  std::optional<RelayRefusal> check_paid(const Wish& wish, ByteView content, uint64_t encoded_bytes);
  bool becomes_registered(const Wish& wish);
  Result<Certificate> spread(const Wish& wish, const BlobMetadata& metadata, ByteView content);
  // kUnavailable when too few nodes confirm.
  Result<Certificate> confirm(const Wish& wish, const SpreadOutcome& outcome);

  const CodeShape shape_;
  BlobWriter& writer_;
  const NodeDirectory& nodes_;
  const BlobRegistry& registry_;
  const TransactionSource& transactions_;
  Clock& clock_;
  const RelayOptions options_;
  SpoolFolder spools_;
  Gate gate_;  // entered once the body is there
};

}  // namespace walrusfs::localnet
