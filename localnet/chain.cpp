#include "localnet/chain.h"

#include "base/log.h"
#include "client/sui/walrus.h"
#include "localnet/chain_import.h"
#include "localnet/chain_ledger.h"
#include "localnet/node_keys.h"
#include "localnet/sui/walrus_state.h"

namespace walrusfs::localnet {
namespace {

// Until the nodes run, nobody is told where they are.
constexpr const char* kNowhere = "127.0.0.1:0";

std::string wallet_path(const std::string& folder) { return folder + "/wallet.key"; }
std::string ledger_path(const std::string& folder) { return folder + "/ledger"; }

struct ChainNode {
  sui::ObjectId id;
  bls::PublicKey key;
  Bytes network_key;
};

// In the order of the committee.
Result<std::vector<ChainNode>> read_nodes(World world, const std::string& folder, const Committee& committee) {
  std::vector<ChainNode> nodes;
  for (size_t i = 0; i < committee.members().size(); ++i) {
    const Member& member = committee.members()[i];
    WFS_ASSIGN(const sui::ObjectId id, sui::ObjectId::parse(member.id));
    WFS_ASSIGN(const SigningKey network, load_network_key(world.files, world.rng, node_folder(folder, i)));
    nodes.push_back({id, member.key.value(), network.public_key()});
  }
  return nodes;
}

Bytes sum_of(const std::vector<bls::PublicKey>& keys) { return to_bytes(bls::aggregate(keys).value().to_bytes()); }

// The publisher's wallet owns the nodes and their first stake.
sui::FirstState first_state(World world, const Committee& committee, const std::vector<ChainNode>& nodes,
                            const sui::Address& wallet, uint32_t epoch) {
  sui::Genesis genesis;
  genesis.staker = wallet;
  world.rng.fill(genesis.seed);
  genesis.time_ms = static_cast<uint64_t>(world.clock.now().ns / 1'000'000);
  genesis.epoch = epoch;
  genesis.n_shards = committee.shape().n();
  genesis.longest_reservation = kMaxEpochsAhead;
  std::vector<bls::PublicKey> keys;
  for (size_t i = 0; i < nodes.size(); ++i) {
    sui::GenesisNode node{nodes[i].id, "node " + std::to_string(i), kNowhere,
                          to_bytes(nodes[i].key.to_uncompressed_bytes()), nodes[i].network_key, {}, {}};
    node.operator_address = wallet;
    for (const ShardIndex shard : committee.members()[i].shards) node.shards.push_back(raw(shard));
    genesis.nodes.push_back(std::move(node));
    keys.push_back(nodes[i].key);
  }
  genesis.total_aggregated_key = sum_of(keys);
  return make_first_state(genesis);
}

// Nothing for folders that have none.
Result<std::optional<OldLedger>> find_old_ledger(Files& files, const std::string& folder) {
  WFS_ASSIGN(const bool exists, files.exists(ledger_path(folder)));
  if (!exists) return std::optional<OldLedger>();
  WFS_ASSIGN(OldLedger old, read_old_ledger(files, ledger_path(folder)));
  return std::optional<OldLedger>(std::move(old));
}

Status put_away_old_ledger(Files& files, const std::string& folder) {
  WFS_TRY(files.rename(ledger_path(folder), ledger_path(folder) + ".old"));
  return files.sync_directory(folder);
}

// The member's key in System, and the sum of all; true when that changed anything.
bool follow_key(sui::BlsCommittee& committee, const ChainNode& node) {
  const Bytes key = to_bytes(node.key.to_uncompressed_bytes());
  for (sui::BlsMember& member : committee.members) {
    if (member.node_id != node.id || member.public_key.bytes == key) continue;
    member.public_key = {key};
    std::vector<bls::PublicKey> keys;
    for (const sui::BlsMember& each : committee.members)
      keys.push_back(bls::PublicKey::parse(each.public_key.bytes).value());
    committee.total_aggregated_key = {sum_of(keys)};
    return true;
  }
  return false;
}

// The node's pool as it is to be; nothing when it tells that already, or is not on the chain.
std::optional<sui::Object> follow_pool(const sui::FullNode& chain, const ChainNode& node, const std::string& address) {
  auto object = chain.object(node.id);
  if (!object) return std::nullopt;
  auto pool = bcs_decode<sui::StakingPool>(object->contents, "a node's pool").value();
  sui::NodeInfo& info = pool.node_info;
  sui::NodeInfo wanted = info;
  wanted.network_address = address;
  wanted.public_key = {to_bytes(node.key.to_uncompressed_bytes())};
  wanted.network_public_key = node.network_key;
  if (wanted == info) return std::nullopt;
  info = wanted;
  object->contents = bcs_encode(pool);
  return object;
}

}  // namespace

Error told_of_chain(const Error& error, const std::string& folder) {
  if (error.code() != Code::kCorrupt) return error.with_context("the chain of the local network");
  return Error(Code::kCorrupt, "the chain of the local network, " + folder + "/chain.sqlite, is damaged (" +
                                   error.message() +
                                   "); it and all that the nodes store were left as they are. Only a backup of it "
                                   "helps: it says which blobs there are");
}

Result<std::unique_ptr<Chain>> Chain::open(World world, const std::string& folder, const Committee& committee,
                                           Age age) {
  WFS_ASSIGN(const auto old, find_old_ledger(world.files, folder));
  WFS_ASSIGN(const auto nodes, read_nodes(world, folder, committee));
  WFS_ASSIGN(const sui::Keypair wallet, load_wallet_key(world.files, world.rng, wallet_path(folder)));
  auto store = sui::ChainStore::open(world.files, folder + "/chain.sqlite", [&]() -> Result<sui::FirstState> {
    if (age == Age::kOld && !old) return Error(Code::kCorrupt, "it is empty");
    return first_state(world, committee, nodes, wallet.address(), old ? old->epoch : 1);
  });
  if (!store) return told_of_chain(store.error(), folder);
  WFS_TRY(world.files.sync_directory(folder));
  std::unique_ptr<Chain> chain(new Chain(world, folder, std::move(*store)));
  WFS_ASSIGN(chain->wallet_, ChainWallet::open(world.files, world.rng, wallet_path(folder), chain->node_));
  if (old) {
    WFS_TRY(import_old_ledger(chain->node_, *old, chain->wallet_->address()));
    WFS_TRY(put_away_old_ledger(world.files, folder));
    log_info("local network: the blobs of its ledger are on its chain now; the file is kept as ledger.old");
  }
  WFS_ASSIGN(chain->ledger_, open_chain_ledger(chain->node_, *chain->wallet_));
  return chain;
}

Status Chain::place_nodes(const Committee& committee, const std::vector<std::string>& addresses) {
  WFS_ASSIGN(const auto nodes, read_nodes(world_, folder_, committee));
  const sui::Network network = node_.network();
  auto system = node_.object(sui::inner_state_id(network.system, network.packages.walrus_version)).value();
  auto field = bcs_decode<sui::SystemField>(system.contents, "System").value();
  std::vector<sui::Object> changed;
  bool new_key = false;
  for (size_t i = 0; i < nodes.size(); ++i) {
    new_key |= follow_key(field.value.committee, nodes[i]);
    if (auto pool = follow_pool(node_, nodes[i], addresses[i])) changed.push_back(std::move(*pool));
  }
  if (new_key) {
    system.contents = bcs_encode(field);
    changed.push_back(std::move(system));
  }
  return changed.empty() ? ok_status() : put_on_chain(node_, changed, {});
}

ChainInfo Chain::info() const {
  const sui::Network network = node_.network();
  ChainInfo out;
  out.chain_id = network.chain.to_string();
  out.system_object = network.system.to_string();
  out.staking_object = network.staking.to_string();
  out.exchange_object = network.exchange.to_string();
  out.wal_type = network.packages.wal_type().to_string();
  out.wallet = wallet_->address().to_string();
  return out;
}

}  // namespace walrusfs::localnet
