// A full node of Sui as a client sees it: objects, coins, transactions, over gRPC-web on a Transport.
//
// Safe to call from any thread; each call is one request and blocks its caller. Errors are those of the Transport and
// of gRPC (client/sui/grpc.h): kUnavailable and kTimeout may be tried again, with the same bytes; kCorrupt: the answer
// is none. Retrying is not done here. What a transaction did is told by its effects, also when it failed there.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "client/sui/grpc.h"
#include "client/sui/types.h"
#include "client/transport.h"

namespace google::protobuf {
class MessageLite;
}

namespace walrusfs {

struct SuiOwner {
  enum class Kind { kUnknown, kAddress, kObject, kShared, kImmutable };
  Kind kind = Kind::kUnknown;
  sui::Address address;                 // account or parent object
  uint64_t initial_shared_version = 0;  // of shared ones
};

struct SuiObject {
  sui::ObjectRef ref;
  SuiOwner owner;
  sui::TypeTag type;
  Bytes contents;  // BCS of the Move struct
};

struct SuiServiceInfo {
  sui::SuiDigest chain;
  uint64_t epoch = 0;  // of Sui, not of Walrus
  uint64_t checkpoint_height = 0;
};

struct SuiAbort {
  std::string module, function;
  uint64_t code = 0;
};

// Why a transaction failed while it ran.
struct SuiFailure {
  int32_t kind = 0;  // as on the wire; 13 is an abort of Move code
  std::optional<uint64_t> command;
  std::string description;
  std::optional<SuiAbort> abort;
};

struct SuiChange {
  enum class Operation { kNone, kCreated, kDeleted };
  sui::ObjectId id;
  std::optional<sui::ObjectRef> after;  // nothing when it is gone, or wrapped in another object
  Operation operation = Operation::kNone;
  SuiOwner owner;  // after
  sui::TypeTag type;
};

struct SuiEffects {
  sui::SuiDigest digest;  // of the transaction
  std::optional<SuiFailure> failure;
  uint64_t gas_mist = 0;  // charged: computation + storage − rebate, 0 when the rebate was more
  std::vector<SuiChange> changes;
  std::optional<uint64_t> checkpoint;  // once the node knows it

  // The created objects of that type.
  std::vector<sui::ObjectRef> created(const sui::TypeTag& type) const;
};

struct SuiPage {
  std::vector<SuiObject> objects;
  std::string next;  // empty at the end
};

class SuiClient {
 public:
  // `url` without a path: "http://127.0.0.1:9000". The transport must outlive the client.
  SuiClient(Transport& transport, std::string url) : transport_(transport), url_(std::move(url)) {}

  Result<SuiServiceInfo> service_info(Deadline deadline);
  // MIST per unit.
  Result<uint64_t> reference_gas_price(Deadline deadline);

  // kNotFound when it does not exist (any more) or is wrapped.
  Result<SuiObject> object(const sui::ObjectId& id, Deadline deadline);
  // In the order asked; nothing for those that do not exist.
  Result<std::vector<std::optional<SuiObject>>> objects(const std::vector<sui::ObjectId>& ids, Deadline deadline);
  // A page of what an account owns, of that type; `next` of the page before, or empty.
  Result<SuiPage> owned(const sui::Address& owner, const sui::TypeTag& type, const std::string& next,
                        Deadline deadline);
  Result<uint64_t> balance(const sui::Address& owner, const sui::TypeTag& coin_type, Deadline deadline);

  // Sends these very bytes. An error says nothing about whether they were executed: see transaction().
  Result<SuiEffects> execute(ByteView transaction, const std::vector<Bytes>& signatures, Deadline deadline);
  // What it would do; no signature is needed.
  Result<SuiEffects> simulate(ByteView transaction, Deadline deadline);
  // kNotFound: this node has not seen it, which is no proof that it never executes.
  Result<SuiEffects> transaction(const sui::SuiDigest& digest, Deadline deadline);

 private:
  Status call(std::string_view method, const google::protobuf::MessageLite& request,
              google::protobuf::MessageLite* response, Deadline deadline);

  Transport& transport_;
  const std::string url_;
};

}  // namespace walrusfs
