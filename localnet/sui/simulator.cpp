#include "localnet/sui/simulator.h"

#include "client/sui/objects.h"

namespace walrusfs::localnet::sui {
namespace {

ObjectId highest_id() {
  ObjectId id;
  id.bytes.fill(0xff);
  return id;
}

Object made_up_coin(const Address& owner) {
  const Coin coin{kMadeUpCoinId, kMadeUpMist};
  return {kMadeUpCoinId, 1, AddressOwner{owner}, coin_of(sui_coin_type()), bcs_encode(coin), {}, 0};
}

// The objects of the moment, and one more.
class WithOneMore final : public ObjectReader {
 public:
  WithOneMore(const ObjectReader& others, const Object& more) : others_(others), more_(more) {}
  std::optional<Object> find(const ObjectId& id) const override { return id == more_.id ? more_ : others_.find(id); }

 private:
  const ObjectReader& others_;
  const Object& more_;
};

}  // namespace

const ObjectId kMadeUpCoinId = highest_id();

Result<Execution> simulate(Rules rules, const TransactionData& data, Checks checks) {
  const SuiDigest digest = transaction_digest(data.encode());
  rules.any_owner = checks == Checks::kOff;
  if (!data.gas.payment.empty()) return execute(rules, data, digest);
  const Object coin = made_up_coin(data.gas.owner);
  const WithOneMore objects(rules.objects, coin);
  TransactionData paid = data;
  paid.gas.payment = {coin.ref()};
  return execute({rules.network, objects, rules.certificates, rules.now_ms, rules.any_owner}, paid, digest);
}

}  // namespace walrusfs::localnet::sui
