#include "localnet/faulty_ledger.h"

namespace walrusfs::localnet {
namespace {

// `call` as far as the faults let it through; its answer, unless that gets lost.
template <typename Call>
auto transact(Faults& faults, std::string_view name, const Call& call) -> decltype(call()) {
  WFS_TRY(faults.before(name));
  auto outcome = call();
  WFS_TRY(faults.after(name));
  return outcome;
}

}  // namespace

std::optional<BlobObject> FaultyLedger::object(const std::string& object_id) const {
  if (faults_.strike(FaultKind::kStale, "object")) return std::nullopt;
  return inner_.object(object_id);
}

std::vector<BlobObject> FaultyLedger::objects_of(const BlobId& blob) const {
  if (faults_.strike(FaultKind::kStale, "object")) return {};
  return inner_.objects_of(blob);
}

Result<Registration> FaultyLedger::register_blob(const RegisterRequest& request) {
  return transact(faults_, "register", [&] { return inner_.register_blob(request); });
}

Result<BlobObject> FaultyLedger::certify(const std::string& object_id, const BlobCertificate& certificate,
                                         const AfterStore& then) {
  return transact(faults_, "certify", [&] { return inner_.certify(object_id, certificate, then); });
}

Status FaultyLedger::invalidate(const BlobId& blob, const BlobCertificate& certificate) {
  return transact(faults_, "invalidate", [&] { return inner_.invalidate(blob, certificate); });
}

Result<uint64_t> FaultyLedger::extend(const std::string& object_id, uint32_t epochs) {
  return transact(faults_, "extend", [&] { return inner_.extend(object_id, epochs); });
}

Status FaultyLedger::remove(const std::string& object_id) {
  return transact(faults_, "remove", [&] { return inner_.remove(object_id); });
}

}  // namespace walrusfs::localnet
