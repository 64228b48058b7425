#include "localnet/chain_transactions.h"

namespace walrusfs::localnet {
namespace {

std::optional<Bytes> first_pure_input(const sui::TransactionData& data) {
  const auto& inputs = data.programmable.inputs;
  if (inputs.empty()) return std::nullopt;
  const auto* pure = std::get_if<sui::Pure>(&inputs.front());
  return pure != nullptr ? std::optional(pure->bytes) : std::nullopt;
}

}  // namespace

Result<TransactionFacts> ChainTransactions::transaction(const sui::SuiDigest& digest) const {
  const auto record = node_.transaction(digest);
  // Grants of the faucet have no bytes: they are not transactions of somebody.
  if (!record || record->bytes.empty()) return Error(Code::kNotFound, "there is no such transaction");
  WFS_ASSIGN(const sui::TransactionData data, sui::TransactionData::decode(record->bytes));
  TransactionFacts facts;
  facts.first_input = first_pure_input(data);
  facts.time_ms = record->time_ms;
  for (const sui::BalanceChange& change : record->effects.balance_changes)
    if (change.coin_type == sui::sui_coin_type())
      facts.sui_changes.push_back({change.address, change.negative, change.amount});
  return facts;
}

}  // namespace walrusfs::localnet
