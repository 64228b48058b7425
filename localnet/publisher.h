// The publisher: stores blobs for HTTP clients, as the official one does. It encodes, registers with the
// ledger, sends metadata and slivers to the storage nodes over HTTP, collects their signed confirmations, and has the
// ledger certify the blob with a certificate made of those of a quorum. Routes: PUT /v1/blobs and /v1/quilts, /status,
// /v1/api. No sockets here.
//
// Safe to call from any thread.
#pragma once

#include <optional>
#include <string>

#include "base/files.h"
#include "localnet/blob_writer.h"
#include "localnet/confirmations.h"
#include "localnet/gate.h"
#include "localnet/http_types.h"
#include "localnet/jwt.h"
#include "localnet/ledger.h"
#include "localnet/publisher_json.h"
#include "localnet/publisher_query.h"
#include "localnet/spool_folder.h"

namespace walrusfs::localnet {

struct PublisherOptions {
  uint64_t max_body_bytes = 10'240 * 1024;  // the official default
  uint64_t max_quilt_bytes = 100 << 20;     // of the form, all its files together; the official limit
  std::string scratch_folder;               // exists, the publisher's own
  unsigned encode_threads = 2;
  JwtGuard* guard = nullptr;  // who may store; null: everybody. Must outlive the publisher
};

class Publisher {
 public:
  // All must outlive the publisher.
  Publisher(const Membership& membership, BlobWriter& writer, const NodeDirectory& nodes, Ledger& ledger, Files& files,
            PublisherOptions options);

  HttpAnswer answer(HttpCall& call);

 private:
  HttpAnswer put(HttpCall& call, bool quilt);
  HttpAnswer store_quilt(const StoreWish& wish, const std::optional<JwtClaims>& claims,
                         const std::string& content_type, ByteView form);
  // Tells `id` which blob it is, once that is known.
  HttpAnswer store(const StoreWish& wish, ByteView content, BlobId* id = nullptr);
  std::optional<HttpAnswer> already_certified(const BlobId& blob, const StoreWish& wish) const;
  // What is to become of which object.
  struct Plan {
    BlobObject object;
    uint64_t cost_frost = 0;  // until now
    StoreOperation operation;
  };
  // With an object of the publisher's own that never was certified, or ends too early, when the wish allows to use it.
  std::optional<Plan> reuse(const BlobId& blob, const StoreWish& wish) const;
  Result<Plan> register_anew(const BlobMetadata& metadata, uint64_t size_bytes, const StoreWish& wish);
  // kUnavailable when too few nodes confirm.
  Result<BlobObject> certify(const BlobObject& object, const BlobMetadata& metadata, ByteView content,
                             SpreadOutcome spread, const AfterStore& then);
  Result<BlobObject> certify_once(const BlobObject& object, const Persistence& persistence,
                                  const SpreadOutcome& spread, const AfterStore& then);
  HttpAnswer carry_out(Plan plan, const BlobMetadata& metadata, const StoreWish& wish, ByteView content);
  // Nothing when the blob is certified now.
  std::optional<HttpAnswer> spread_and_certify(BlobObject& object, const BlobMetadata& metadata, const StoreWish& wish,
                                               ByteView content);

  const CodeShape shape_;
  BlobWriter& writer_;
  const NodeDirectory& nodes_;
  Ledger& ledger_;
  const PublisherOptions options_;
  SpoolFolder spools_;
  Gate gate_;  // entered once the body is there
};

}  // namespace walrusfs::localnet
