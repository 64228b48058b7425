// Blob IDs at 1000 shards: ours against the official encoder's WASM build. Both are timed inside their process, without
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

const encoder = new BlobEncoder(SHARDS);

function timeOfficial(blob) {
  const cpuBefore = process.cpuUsage();
  const before = performance.now();
  encoder.compute_metadata(blob);
  const wall = performance.now() - before;
  const cpu = process.cpuUsage(cpuBefore);
  return { wall, cpu: (cpu.user + cpu.system) / 1000 };
}

function timeOurs({ engine, threads }, bytes) {
  const args = ['codec', 'bench', '--json', '--operation', 'blob-id', '--runs', '1', '--shards', `${SHARDS}`];
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

const engines = fastestEngine();
FASTEST.engine = TWO.engine = engines.at(-1);
FASTEST.name = `${FASTEST.engine}`;
console.log(`node ${process.version}, engines here: ${engines.join(', ')}; ${values.rounds} rounds, one thread`);
if (!engines.includes('avx512')) console.log('this CPU cannot run the AVX-512 engine: its gates are not for here');

const figures = new Map(); // `${size} ${contender}` → milliseconds
for (const { title, bytes, contenders } of SIZES) {
  const usable = contenders.filter(({ engine }) => !engine || engines.includes(engine));
  const blob = new Uint8Array(bytes);
  for (let at = 0; at < bytes; at += 65536 * 1024) randomFillSync(blob, at, Math.min(65536 * 1024, bytes - at));
  timeOfficial(blob);
  const times = new Map(usable.map((contender) => [contender, []]));
  for (let round = 0; round < Number(values.rounds); ++round) {
    for (const contender of usable) {
      times.get(contender).push(contender === WASM ? timeOfficial(blob) : timeOurs(contender, bytes));
    }
  }
  for (const contender of usable) {
    const wall = median(times.get(contender).map((time) => time.wall));
    const cpu = median(times.get(contender).map((time) => time.cpu));
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
process.exitCode = missed === 0 ? 0 : 1;
