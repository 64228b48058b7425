// The official TypeScript client, unmodified, against the local Sui full node: it reads the committee, buys storage,
// registers, certifies with signatures that it checks and adds up itself, extends, sets attributes, deletes; it stakes,
// and takes the network to its next epoch.
//   ledger.mjs SERVE      SERVE is the program of tests/sui_node/serve.cpp
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { SuiGrpcClient } from '@mysten/sui/grpc';
import { Ed25519Keypair } from '@mysten/sui/keypairs/ed25519';
import { Secp256k1Keypair } from '@mysten/sui/keypairs/secp256k1';
import { Secp256r1Keypair } from '@mysten/sui/keypairs/secp256r1';
import { coinWithBalance, Transaction } from '@mysten/sui/transactions';
import { walrus } from '@mysten/walrus';

const BLOB = new TextEncoder().encode('A blob that the official client stores.');
const MUCH = 1_000_000_000_000;

async function firstLine(stream) {
  for await (const line of createInterface({ input: stream })) return line;
  throw new Error('the full node ended before it said where it is');
}

async function postJson(url, body) {
  const answer = await fetch(url, { method: 'POST', body: JSON.stringify(body) });
  assert.equal(answer.status, 200);
  return answer.json();
}

class Session {
  constructor(node, signer) {
    this.node = node;
    this.signer = signer;
    this.owner = signer.toSuiAddress();
    const packageConfig = { systemObjectId: node.system, stakingPoolId: node.staking, exchangeIds: [node.exchange] };
    // The plug-in knows two names of networks and wants one of them; what counts is packageConfig.
    this.client = new SuiGrpcClient({ network: 'testnet', baseUrl: node.url }).$extend(walrus({ packageConfig }));
    this.walrus = this.client.walrus;
  }

  async balance(coinType) {
    const { balance } = await this.client.core.getBalance({ owner: this.owner, coinType });
    return BigInt(balance.balance);
  }

  async run(transaction) {
    const result = await this.client.core.signAndExecuteTransaction({
      transaction,
      signer: this.signer,
      include: { effects: true, balanceChanges: true },
    });
    const done = result.Transaction ?? result.FailedTransaction;
    await this.client.core.waitForTransaction({ digest: done.digest });
    return done;
  }

  // As it is now: the client keeps what it has read.
  blobObject(id) {
    this.walrus.reset();
    return this.walrus.getBlobObject(id);
  }

  // What each node would have answered.
  async confirmations(blobId, blobObjectId) {
    const { committee } = await this.walrus.systemState();
    const id = Buffer.from(blobId, 'base64url');
    const epoch = Buffer.alloc(4);
    epoch.writeUInt32LE(committee.epoch);
    const object = Buffer.from(blobObjectId.slice(2), 'hex');
    const message = Buffer.concat([Buffer.from([1, 0, 3]), epoch, id, Buffer.from([1]), object]).toString('base64');
    const signatures = await postJson(`${this.node.url}/test/sign`, { message });
    return signatures.map((signature) => ({ serializedMessage: message, signature }));
  }
}

async function readsTheSystem(session) {
  const system = await session.walrus.systemState();
  assert.equal(system.committee.n_shards, 10);
  assert.deepEqual(system.committee.members.map(({ weight }) => weight), [3, 3, 2, 2]);
  assert.equal(system.future_accounting.length, 53);
  const staking = await session.walrus.stakingState();
  assert.equal(staking.epoch, system.committee.epoch);
  const { storageCost, writeCost } = await session.walrus.storageCost(BLOB.length, 3);
  assert.deepEqual([storageCost, writeCost], [33_000n, 20_000n]);
}

async function paysAndSendsSui(session) {
  const before = await session.balance('0x2::sui::SUI');
  const transaction = new Transaction();
  transaction.transferObjects([transaction.splitCoins(transaction.gas, [1234])], '0x99');
  const { status, effects, balanceChanges } = await session.run(transaction);
  assert.equal(status.success, true);
  const { computationCost, storageCost, storageRebate } = effects.gasUsed;
  const gas = BigInt(computationCost) + BigInt(storageCost) - BigInt(storageRebate);
  assert.equal(await session.balance('0x2::sui::SUI'), before - 1234n - gas);
  assert.equal(balanceChanges.length, 2);
}

async function buysWal(session) {
  const before = await session.balance(session.node.wal);
  const transaction = new Transaction();
  const { type } = (await session.client.core.getObject({ objectId: session.node.exchange })).object;
  const [sui] = transaction.splitCoins(transaction.gas, [5000]);
  const target = `${type.split('::')[0]}::wal_exchange::exchange_all_for_wal`;
  const wal = transaction.moveCall({ target, arguments: [transaction.object(session.node.exchange), sui] });
  transaction.transferObjects([wal], session.owner);
  assert.equal((await session.run(transaction)).status.success, true);
  assert.equal(await session.balance(session.node.wal), before + 5000n);
}

async function registers(session) {
  const { blobId, rootHash } = await session.walrus.computeBlobMetadata({ bytes: BLOB });
  const { blob } = await session.walrus.executeRegisterBlobTransaction({
    signer: session.signer,
    owner: session.owner,
    size: BLOB.length,
    epochs: 3,
    blobId,
    rootHash,
    deletable: true,
    attributes: { 'content-type': 'text/plain' },
  });
  assert.equal(blob.certified_epoch, null);
  assert.equal(blob.storage.end_epoch, 4);
  return { blobId, id: blob.id };
}

async function certifies(session, { blobId, id }) {
  const confirmations = await session.confirmations(blobId, id);
  const certify = () =>
    session.walrus.executeCertifyBlobTransaction({
      signer: session.signer,
      blobId,
      blobObjectId: id,
      confirmations,
      deletable: true,
    });
  await certify();
  assert.equal((await session.blobObject(id)).certified_epoch, 1);
  await assert.rejects(certify(), /certify_with_certified_msg|abort.*5/i); // certified already
}

async function extendsAndDescribes(session, { id }) {
  const signer = session.signer;
  await session.walrus.executeExtendBlobTransaction({ signer, blobObjectId: id, epochs: 2 });
  assert.equal((await session.blobObject(id)).storage.end_epoch, 6);
  const attributes = { 'content-type': null, title: 'a blob' };
  await session.walrus.executeWriteBlobAttributesTransaction({ signer, blobObjectId: id, attributes });
  assert.deepEqual(await session.walrus.readBlobAttributes({ blobObjectId: id }), { title: 'a blob' });
}

async function deletes(session, { id }) {
  await session.walrus.executeDeleteBlobTransaction({
    signer: session.signer,
    owner: session.owner,
    blobObjectId: id,
  });
  await assert.rejects(session.blobObject(id), /not found/i);
  const owned = await session.client.core.listOwnedObjects({ owner: session.owner });
  assert.equal(owned.objects.filter(({ type }) => type.endsWith('::storage_resource::Storage')).length, 1);
}

// Calls one function of the staking module; the rest of the transaction is the caller's.
function staking(session, transaction, name, ...rest) {
  const target = `${session.node.package}::staking::${name}`;
  return transaction.moveCall({ target, arguments: [transaction.object(session.node.staking), ...rest] });
}

async function stake(session, wal) {
  const transaction = new Transaction();
  const { committee } = await session.walrus.stakingState();
  const coin = transaction.add(coinWithBalance({ type: session.node.wal, balance: wal }));
  const nodeId = committee[0].contents[0].key;
  const staked = staking(session, transaction, 'stake_with_pool', coin, transaction.pure.id(nodeId));
  transaction.transferObjects([staked], session.owner);
  assert.equal((await session.run(transaction)).status.success, true);
  const type = `${session.node.original}::staked_wal::StakedWal`;
  const { objects } = await session.client.core.listOwnedObjects({ owner: session.owner, type });
  assert.equal(objects.length, 1);
  return objects[0].objectId;
}

async function stakesAndTakesItBack(session) {
  const before = await session.balance(session.node.wal);
  const id = await stake(session, 2_000_000_000n);
  assert.equal(await session.balance(session.node.wal), before - 2_000_000_000n);
  const transaction = new Transaction();
  const wal = staking(session, transaction, 'withdraw_stake', transaction.object(id));
  transaction.transferObjects([wal], session.owner);
  assert.equal((await session.run(transaction)).status.success, true);
  assert.equal(await session.balance(session.node.wal), before);
}

// Anybody may do it once it is time, and the test's chain began years ago.
async function changesTheEpoch(session) {
  await stake(session, 2_000_000_000n);
  const select = new Transaction();
  staking(session, select, 'voting_end', select.object.clock());
  assert.equal((await session.run(select)).status.success, true);
  session.walrus.reset();
  const selected = await session.walrus.stakingState();
  assert.deepEqual(selected.next_committee, selected.committee);
  const change = async () => {
    const transaction = new Transaction();
    const system = transaction.object(session.node.system);
    staking(session, transaction, 'initiate_epoch_change', system, transaction.object.clock());
    return session.run(transaction);
  };
  assert.equal((await change()).status.success, true);
  session.walrus.reset();
  const { committee } = await session.walrus.systemState();
  assert.equal(committee.epoch, 2);
  assert.equal((await session.walrus.stakingState()).epoch, 2);
  await assert.rejects(change(), /staking_inner.*initiate_epoch_change/i);  // the nodes have to finish this one first
}

async function lifeOfABlob(node, signer) {
  const session = new Session(node, signer);
  await postJson(`${node.url}/v1/faucet`, { recipient: session.owner, sui: MUCH, wal: MUCH });
  await readsTheSystem(session);
  await paysAndSendsSui(session);
  await buysWal(session);
  const blob = await registers(session);
  await certifies(session, blob);
  await extendsAndDescribes(session, blob);
  await deletes(session, blob);
  await stakesAndTakesItBack(session);
  return session;
}

const folder = await mkdtemp(join(tmpdir(), 'walrusfs-interop-'));
const serve = spawn(process.argv[2], [folder], { stdio: ['pipe', 'pipe', 'inherit'] });
try {
  const node = JSON.parse(await firstLine(serve.stdout));
  const secret = Uint8Array.from({ length: 32 }, (_, i) => i + 1);
  let session;
  for (const Keypair of [Ed25519Keypair, Secp256k1Keypair, Secp256r1Keypair]) {
    session = await lifeOfABlob(node, Keypair.fromSecretKey(secret));
    console.log(`${Keypair.name}: a blob's whole life, by the official client`);
  }
  await changesTheEpoch(session);
  console.log('the next epoch, by the official client');
} finally {
  serve.stdin.end();
  await rm(folder, { recursive: true, force: true });
}
