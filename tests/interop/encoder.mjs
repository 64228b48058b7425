// Compares `walrusfs codec encode` with the official encoder: blob ID, metadata and every sliver, byte for byte.
//
//   tests/interop/run encoder.mjs BINARY [--cases N] [--seed S]
//
// The first cases are the edges of symbol sizes and of rows; the others are drawn from the seed.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Official } from './official.mjs';

const SHARDS = 1000;
const LARGEST_RANDOM = 6 * 1024 * 1024;
const official = new Official(SHARDS);
const STEP = official.rows * official.columns * 2; // a blob of so many bytes more has larger symbols

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { cases: { type: 'string', default: '10' }, seed: { type: 'string', default: '1' } },
});
const [binary] = positionals;
if (binary === undefined) throw new Error('usage: encoder.mjs BINARY [--cases N] [--seed S]');

// xorshift64*: repeatable, and as quick as this needs.
class Random {
  constructor(seed) {
    this.state = BigInt.asUintN(64, BigInt(seed) * 0x9e3779b97f4a7c15n + 1n);
  }
  next() {
    let x = this.state;
    x ^= x >> 12n;
    x = BigInt.asUintN(64, x ^ (x << 25n));
    x ^= x >> 27n;
    this.state = x;
    return BigInt.asUintN(64, x * 0x2545f4914f6cdd1dn);
  }
  below(bound) {
    return Number(this.next() % BigInt(bound));
  }
}

const CONTENTS = {
  noise(blob, random) {
    for (let at = 0; at + 8 <= blob.length; at += 8) blob.writeBigUInt64LE(random.next(), at);
    for (let at = blob.length - (blob.length % 8); at < blob.length; ++at) blob[at] = random.below(256);
  },
  zeros() {},
  ones: (blob) => blob.fill(0xff),
  period: (blob, random) => blob.fill(Buffer.from(`${random.next()} `)),
  sparse(blob, random) {
    for (let i = 0; i < 100; ++i) blob[random.below(blob.length)] = random.below(256);
  },
  // Data in front, zeros behind: rows of pure padding and of zeros that count must come out alike.
  trailing(blob, random) {
    CONTENTS.noise(blob.subarray(0, random.below(blob.length)), random);
  },
};

const EDGES = [1, STEP - 1, STEP, STEP + 1, 2, official.columns * 2, official.columns * 2 + 1, 1024 * 1024];

function drawCase(number, random) {
  const kinds = Object.keys(CONTENTS);
  if (number < EDGES.length) return { size: EDGES[number], kind: 'noise' };
  const size = 1 + Math.floor(LARGEST_RANDOM ** (random.below(1_000_000) / 1_000_000));
  return { size, kind: kinds[random.below(kinds.length)] };
}

function expectEqual(what, ours, theirs) {
  if (Buffer.compare(ours, theirs) === 0) return;
  const at = ours.findIndex((byte, i) => byte !== theirs[i]);
  throw new Error(`${what} differs: ${ours.length} bytes of ours, ${theirs.length} of theirs, first at ${at}`);
}

function compare(blob, folder) {
  const file = join(folder, 'blob');
  const slivers = join(folder, 'slivers');
  writeFileSync(file, blob);
  const encode = ['codec', 'encode', '--json', '--shards', `${SHARDS}`, '-o', slivers, file];
  const said = JSON.parse(execFileSync(binary, encode, { encoding: 'utf8' }));
  const theirs = official.encode(blob);

  expectEqual('the blob ID', Buffer.from(said.blob_id, 'base64url'), theirs.blobId);
  expectEqual('the metadata', readFileSync(join(slivers, 'metadata.bcs')), theirs.metadata);
  for (const axis of ['primary', 'secondary']) {
    theirs[axis].forEach((sliver, index) => {
      const name = `${axis}-${String(index).padStart(5, '0')}.bcs`;
      expectEqual(name, readFileSync(join(slivers, name)), sliver);
    });
  }
  const files = readdirSync(slivers).length;
  if (files !== 2 * SHARDS + 1) throw new Error(`there are ${files} files, not ${2 * SHARDS + 1}`);
  rmSync(slivers, { recursive: true });
}

const random = new Random(values.seed);
const folder = mkdtempSync(join(tmpdir(), 'walrusfs-interop-'));
let failed = 0;
let bytes = 0;
try {
  for (let number = 0; number < Number(values.cases); ++number) {
    const { size, kind } = drawCase(number, random);
    const blob = Buffer.alloc(size);
    CONTENTS[kind](blob, random);
    try {
      compare(blob, folder);
    } catch (problem) {
      ++failed;
      console.log(`case ${number} of seed ${values.seed} (${size} bytes of ${kind}): ${problem.message}`);
      rmSync(join(folder, 'slivers'), { recursive: true, force: true });
    }
    bytes += size;
  }
} finally {
  rmSync(folder, { recursive: true });
}
console.log(`${values.cases} cases (seed ${values.seed}, ${bytes} bytes of blobs, ${SHARDS} shards): ${failed} differ`);
process.exitCode = failed === 0 ? 0 : 1;
