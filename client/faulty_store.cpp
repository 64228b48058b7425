#include "client/faulty_store.h"

#include "client/blob_checks.h"

namespace walrusfs {

void FaultyStore::set_rates(FaultRates rates) {
  MutexLock lock(mutex_);
  rates_ = rates;
}

void FaultyStore::fail_next(uint32_t count, Code code) {
  MutexLock lock(mutex_);
  fail_count_ = count;
  fail_code_ = code;
}

uint64_t FaultyStore::faults() const {
  MutexLock lock(mutex_);
  return faults_;
}

bool FaultyStore::happens(uint32_t FaultRates::*chance) {
  MutexLock lock(mutex_);
  if (rates_.*chance == 0 || rng_.below(1000) >= rates_.*chance) return false;
  ++faults_;
  return true;
}

Status FaultyStore::maybe_fail() {
  {
    MutexLock lock(mutex_);
    if (fail_count_ > 0) {
      --fail_count_;
      ++faults_;
      return Error(fail_code_, "this failure was ordered");
    }
  }
  if (happens(&FaultRates::unavailable)) return Error(Code::kUnavailable, "the faulty store was away");
  if (happens(&FaultRates::timeout)) return Error(Code::kTimeout, "the faulty store took too long");
  return ok_status();
}

Result<Bytes> FaultyStore::read(const BlobId& blob, ByteRange range, const Verifier& verify, Deadline deadline) {
  WFS_TRY(check_read(range, verify));
  WFS_TRY(maybe_fail());
  const bool wrong = !range.empty() && happens(&FaultRates::wrong_bytes);
  const bool cut = !range.empty() && happens(&FaultRates::short_bytes);
  if (!wrong && !cut) return inner_.read(blob, range, verify, deadline);

  WFS_ASSIGN(Bytes bytes, inner_.read(blob, range, accept_unverified, deadline));
  if (wrong) bytes[rng_.below(bytes.size())] ^= static_cast<uint8_t>(1u << rng_.below(8));
  if (cut) bytes.pop_back();
  if (auto verdict = verify(bytes); !verdict.ok()) {
    return Error(Code::kCorrupt,
                 "the faulty store served wrong bytes of blob " + blob.to_string() + ": " + verdict.error().message());
  }
  if (cut) return Error(Code::kCorrupt, "the faulty store served too few bytes of blob " + blob.to_string());
  return bytes;
}

Result<StoreReceipt> FaultyStore::store(const StoreRequest& request, Deadline deadline) {
  WFS_TRY(maybe_fail());
  WFS_ASSIGN(StoreReceipt receipt, inner_.store(request, deadline));
  if (happens(&FaultRates::lost_answer)) return Error(Code::kTimeout, "the answer to the upload was lost");
  return receipt;
}

Result<BlobStatus> FaultyStore::status(const BlobId& blob, Deadline deadline) {
  WFS_TRY(maybe_fail());
  return inner_.status(blob, deadline);
}

Status FaultyStore::extend(const std::string& blob_object, uint32_t epochs, Deadline deadline) {
  WFS_TRY(maybe_fail());
  return inner_.extend(blob_object, epochs, deadline);
}

Status FaultyStore::remove(const std::string& blob_object, Deadline deadline) {
  WFS_TRY(maybe_fail());
  return inner_.remove(blob_object, deadline);
}

}  // namespace walrusfs
