// The chain's objects and transactions in one SQLite file: what was answered survives a crash.
//
// One thread at a time. Errors: kCorrupt for a file that is no such ledger, kIo and kNoSpace from the disk.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/files.h"
#include "localnet/sui/executor.h"
#include "localnet/sui/genesis.h"

namespace walrusfs::localnet::sui {

// A finished transaction. Faucet grants have no bytes and no signatures.
struct Record {
  Bytes bytes;
  std::vector<Bytes> signatures;
  Effects effects;
  uint64_t checkpoint = 0;  // each transaction makes one
  uint64_t time_ms = 0;
  static auto bcs_fields(auto& self) {
    return std::tie(self.bytes, self.signatures, self.effects, self.checkpoint, self.time_ms);
  }
};

class ChainStore final : public ObjectReader {
 public:
  // The chain in `path`; a new one begins with what `first` makes.
  static Result<std::unique_ptr<ChainStore>> open(Files& files, const std::string& path,
                                                  const std::function<Result<FirstState>()>& first);
  ~ChainStore() override;

  const Network& network() const;
  // Of the last transaction; 0 for a new chain.
  uint64_t height() const;

  // Nothing for what does not exist. These throw ChainTrouble when the file cannot be read.
  std::optional<Object> find(const ObjectId& id) const override;
  // By id, beginning after `after`. Of accounts or of parent objects, whichever `owner` is.
  std::vector<Object> owned_by(const Address& owner, const std::optional<TypeTag>& type,
                               const std::optional<ObjectId>& after, size_t limit) const;
  std::optional<Record> transaction(const SuiDigest& digest) const;
  // By checkpoint, beginning after `checkpoint`.
  std::vector<Record> transactions_after(uint64_t checkpoint, size_t limit) const;

  // All of it or nothing. Gives the record its checkpoint.
  Status apply(const Execution& execution, Record& record);

 private:
  struct Impl;
  explicit ChainStore(std::unique_ptr<Impl> impl);
  [[noreturn]] void give_up(const Error& error) const;
  // What was read, or the end of the look.
  template <typename T>
  T got(Result<T> read) const;
  std::unique_ptr<Impl> impl_;
};

}  // namespace walrusfs::localnet::sui
