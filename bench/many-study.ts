/**
 * What large logs cost `evaluate`, in time and memory: `npm run study:many`. A million rows as compressed CSV for one verdict, and a
 * million decisions with eight candidates each, compressed, for twelve policies and settings at once. docs/policies.md quotes it. The
 * files are made first and are not measured; they take about 90 MB of the temporary folder.
 */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { createGzip } from 'node:zlib';
import { randomStream, type Random } from '../src/random.js';
import { MAIN } from './catch-up.js';
import { startNode } from './measured-process.js';

const { values } = parseArgs({ options: { decisions: { type: 'string', default: '1000000' } } });
const decisions = Number(values.decisions);
const CANDIDATES = 8;
const EPSILON = 0.1;
const USERS = 2_000;
const PIECE_CHARACTERS = 1_000_000;

/** The new policy prefers what is done more often, so the verdict is PROMOTE and the command ends with 0. */
function row(random: Random, i: number): string {
  const explored = random.chance(EPSILON);
  const [reward, logged, next] = [random.chance(explored ? 0.6 : 0.4) ? 1 : 0, ...(explored ? [0.1, 0.9] : [0.9, 0.1])];
  return `d${i},${reward},${logged},${next},${i % 3 === 0 ? 'light' : 'heavy'}\n`;
}

function context(random: Random, i: number): string {
  const highest = random.integer(0, CANDIDATES - 1);
  const chosen = random.chance(EPSILON) ? random.integer(0, CANDIDATES - 1) : highest;
  const candidates = Array.from({ length: CANDIDATES }, (_, k) => ({
    tip_id: `t${k}`,
    is_overdue: random.chance(0.3),
    task_age_days: random.integer(0, 300) / 10,
    priority: random.integer(1, 4),
    propensity: (k === highest ? 1 - EPSILON : 0) + EPSILON / CANDIDATES,
  }));
  const requestedAtMs = 1_795_000_000_000 + i * 2_000;
  return `${JSON.stringify({
    decision_id: `d${i}`,
    user_id: `u${i % USERS}`,
    requested_at_ms: requestedAtMs,
    reacted_at_ms: requestedAtMs + 60_000,
    profile_features: { tip_volume_30d: 30, completion_rate_30d: 0.4, dismiss_rate_30d: 0.2 },
    candidates,
    chosen_tip_id: `t${chosen}`,
    reward: random.chance(0.2 + 0.1 * candidates[chosen]!.priority) ? 1 : 0,
  })}\n`;
}

async function write(path: string, header: string, lineOf: (random: Random, i: number) => string): Promise<void> {
  const random = randomStream(1, path.slice(path.lastIndexOf('/')));
  const gzip = createGzip({ level: 1 });
  const file = gzip.pipe(createWriteStream(path));
  let piece = header;
  for (let i = 0; i < decisions; i++) {
    piece += lineOf(random, i);
    if (piece.length < PIECE_CHARACTERS) continue;
    if (!gzip.write(piece)) await once(gzip, 'drain');
    piece = '';
  }
  gzip.end(piece);
  await finished(file);
}

async function measure(what: string, args: readonly string[]): Promise<void> {
  const running = await startNode([MAIN, ...args]);
  const { startedAtMs, endedAtMs, usage } = await running.finished;
  const seconds = (endedAtMs - startedAtMs) / 1_000;
  console.log(`${what}: ${seconds.toFixed(0)} s, ${usage.cpuSeconds.toFixed(0)} s of CPU, at most ${usage.peakRssMib.toFixed(0)} MiB`);
}

const folder = await mkdtemp(join(tmpdir(), 'tipstream-many-study-'));
try {
  const [rows, contexts] = [join(folder, 'rows.csv.gz'), join(folder, 'contexts.ndjson.gz')];
  await write(rows, 'decision_id,reward,logged_propensity,new_propensity,segments.persona\n', row);
  await write(contexts, '', context);
  await measure(`a verdict on ${decisions} rows of compressed CSV`, ['evaluate', rows]);
  const grid = ['--policies', 'egreedy-v1,egreedy-v3', '--epsilon', '.05,.1', '--lambda', '.5,1,2'];
  await measure(`12 policies and settings on ${decisions} decisions`, ['evaluate', contexts, ...grid]);
} finally {
  await rm(folder, { recursive: true, force: true });
}
