// At 1000 shards, ours against the official encoder's WASM build: blob IDs, which have gates, and decoding 32 MiB; then
// what rebuilding one sliver of 256 MiB takes next to decoding all of it. Both are timed inside their process, without
// its start, after a run that does not count. Contenders take turns, so that what disturbs one disturbs all; a figure
// is the median of the rounds. The blobs are noise.
import { execFileSync } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';

// Packages lie where tests/interop/run put them, which is where this runs.
const { BlobEncoder } = createRequire(`${process.cwd()}/`)('@mysten/walrus-wasm');

const SHARDS = 1000;
const MB = 1_000_000;
const MIB = 1024 * 1024;
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '5' },
    cpu: { type: 'boolean', default: false },
    'max-size': { type: 'string', default: `${256 * MIB}` },
  },
});
const [binary] = positionals;

// size, engine ('' is the fastest one here), threads; and what it must reach against whom.
const WASM = { name: 'WASM' };
const FASTEST = { name: 'fastest', engine: '', threads: 1 };
const AVX2 = { name: 'AVX2', engine: 'avx2', threads: 1 };
const TWO = { name: 'two threads', engine: '', threads: 2 };
const SIZES = [
  { title: '1 MB', bytes: MB, contenders: [WASM, FASTEST] },
  { title: '32 MiB', bytes: 32 * MIB, contenders: [WASM, FASTEST, AVX2, TWO] },
  { title: '256 MiB', bytes: 256 * MIB, contenders: [WASM, FASTEST, TWO] },
].filter(({ bytes }) => bytes <= Number(values['max-size']));
const GATES = [
  { size: '1 MB', slower: WASM, faster: FASTEST, least: 12 },
  { size: '32 MiB', slower: WASM, faster: FASTEST, least: 15 },
  { size: '256 MiB', slower: WASM, faster: FASTEST, least: 25 },
  { size: '32 MiB', slower: WASM, faster: AVX2, least: 7 },
  { size: '32 MiB', slower: FASTEST, faster: TWO, least: 1.8 },
  { size: '256 MiB', slower: FASTEST, faster: TWO, least: 1.8 },
];

const ROWS = 334;
const COLUMNS = 667;
const encoder = new BlobEncoder(SHARDS);

function timed(work) {
  const cpuBefore = process.cpuUsage();
  const before = performance.now();
  work();
  const wall = performance.now() - before;
  const cpu = process.cpuUsage(cpuBefore);
  return { wall, cpu: (cpu.user + cpu.system) / 1000 };
}

const timeOfficial = (blob) => timed(() => encoder.compute_metadata(blob));

function timeOurs({ engine, threads }, bytes, operation = 'blob-id') {
  const args = ['codec', 'bench', '--json', '--operation', operation, '--runs', '1', '--shards', `${SHARDS}`];
  args.push('--size', `${bytes}`, '--threads', `${threads}`, '--engine', engine || FASTEST.engine);
  const [result] = JSON.parse(execFileSync(binary, args, { encoding: 'utf8' })).results;
  return { wall: result.median_ms, cpu: result.cpu_median_ms };
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return (sorted[Math.floor((sorted.length - 1) / 2)] + sorted[Math.ceil((sorted.length - 1) / 2)]) / 2;
}

// The last of the engines that this CPU can run is the one that the program chooses.
function fastestEngine() {
  const args = ['codec', 'bench', '--json', '--operation', 'blob-id', '--runs', '1', '--shards', '13', '--size', '1'];
  return JSON.parse(execFileSync(binary, args, { encoding: 'utf8' })).results.map(({ engine }) => engine);
}

function noise(bytes) {
  const blob = new Uint8Array(bytes);
  const step = 65536 * 1024;
  for (let at = 0; at < bytes; at += step) randomFillSync(blob, at, Math.min(step, bytes - at));
  return blob;
}

const symbolBytes = (bytes) => 2 * Math.ceil(bytes / (ROWS * COLUMNS * 2));

// Every third systematic primary sliver, and as many others as decoding takes: what ours is measured with, too.
function officialDecoding(blob) {
  const buffers = (symbols) =>
    Array.from({ length: SHARDS }, () => {
      const data = symbols * symbolBytes(blob.length);
      return new Uint8Array((data < 128 ? 1 : data < 16384 ? 2 : data < 2097152 ? 3 : 4) + data + 4);
    });
  const primary = buffers(COLUMNS);
  const [{ blob_id: id }] = encoder.encode(blob, primary, buffers(ROWS));
  const kept = primary.slice(0, ROWS).filter((_, index) => index % 3 === 0);
  kept.push(...primary.slice(ROWS, ROWS + ROWS - kept.length));
  const out = new Uint8Array(blob.length);
  return () => encoder.decode(id, BigInt(blob.length), kept, out);
}

function medians(times) {
  return { wall: median(times.map(({ wall }) => wall)), cpu: median(times.map(({ cpu }) => cpu)) };
}

function compareDecoding() {
  const bytes = 32 * MIB;
  const official = officialDecoding(noise(bytes));
  official();
  const times = { official: [], ours: [] };
  for (let round = 0; round < Number(values.rounds); ++round) {
    times.official.push(timed(official));
    times.ours.push(timeOurs(FASTEST, bytes, 'decode'));
  }
  const [slow, fast] = [medians(times.official), medians(times.ours)];
  console.log(
    `decoding 32 MiB, a third of the systematic slivers kept: ${FASTEST.name} ${fast.wall.toFixed(1)} ms, ` +
      `WASM ${slow.wall.toFixed(1)} ms: ${(timeOf(slow, 1) / timeOf(fast, 1)).toFixed(2)} ×`,
  );
}

function compareRecovery() {
  const bytes = 256 * MIB;
  const each = (operation) => {
    const rounds = Array.from({ length: Number(values.rounds) }, () => timeOurs(FASTEST, bytes, operation));
    return medians(rounds).wall;
  };
  const [one, all] = [each('recover'), each('decode')];
  const needed = COLUMNS * symbolBytes(bytes);
  console.log(
    `one primary sliver of 256 MiB rebuilt and verified: ${one.toFixed(2)} ms, ${needed} bytes needed; decoding ` +
      `all: ${all.toFixed(1)} ms, ${ROWS * needed} bytes: ${(all / one).toFixed(0)} × the time, ${ROWS} × the bytes`,
  );
}

const engines = fastestEngine();
FASTEST.engine = TWO.engine = engines.at(-1);
FASTEST.name = `${FASTEST.engine}`;
console.log(`node ${process.version}, engines here: ${engines.join(', ')}; ${values.rounds} rounds, one thread`);
if (!engines.includes('avx512')) console.log('this CPU cannot run the AVX-512 engine: its gates are not for here');

const figures = new Map(); // `${size} ${contender}` → milliseconds
for (const { title, bytes, contenders } of SIZES) {
  const usable = contenders.filter(({ engine }) => !engine || engines.includes(engine));
  const blob = noise(bytes);
  timeOfficial(blob);
  const times = new Map(usable.map((contender) => [contender, []]));
  for (let round = 0; round < Number(values.rounds); ++round) {
    for (const contender of usable) {
      times.get(contender).push(contender === WASM ? timeOfficial(blob) : timeOurs(contender, bytes));
    }
  }
  for (const contender of usable) {
    const { wall, cpu } = medians(times.get(contender));
    figures.set(`${title} ${contender.name}`, { wall, cpu });
    console.log(
      `${title.padEnd(8)} ${contender.name.padEnd(12)} ${wall.toFixed(1).padStart(9)} ms, ` +
        `CPU ${cpu.toFixed(1).padStart(9)} ms, ${(bytes / MIB / (wall / 1000)).toFixed(1).padStart(8)} MiB/s`,
    );
  }
}

// CPU time says nothing about threads.
const timeOf = ({ wall, cpu }, threads) => (values.cpu && threads === 1 ? cpu : wall);
let missed = 0;
for (const { size, slower, faster, least } of GATES) {
  const [slow, fast] = [slower, faster].map(({ name }) => figures.get(`${size} ${name}`));
  if (slow === undefined || fast === undefined) continue;
  const ratio = timeOf(slow, faster.threads) / timeOf(fast, faster.threads);
  const met = ratio >= least;
  missed += met ? 0 : 1;
  console.log(
    `${met ? 'met   ' : 'MISSED'} ${size.padEnd(8)} ${faster.name} over ${slower.name}: ` +
      `${ratio.toFixed(2)} ×, at least ${least} ×`,
  );
}
if (Number(values['max-size']) >= 32 * MIB) compareDecoding();
if (Number(values['max-size']) >= 256 * MIB) compareRecovery();
process.exitCode = missed === 0 ? 0 : 1;
