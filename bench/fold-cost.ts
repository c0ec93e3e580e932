/**
 * What folding an event costs in CPU time, to what it cost when bench/baseline was made: both fold the same blocks in turns, in one
 * process. Whatever slows down one of them slows down the other, so that their ratio says little about the machine.
 *
 *   node --import ./test/support/typescript-register.mjs bench/fold-cost.ts [--slower SHARE]
 *
 * Prints {ratio, fold_us, baseline_us, node} as JSON. `--slower .15` wastes so much of the fold's own time, to see that it is noticed.
 * `node scripts/build-fold-baseline.mjs` makes bench/baseline from the fold as it is.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { LogRecord } from '../src/log/port.js';
import { upstreamEvents } from './events.js';
import { median } from './latencies.js';
import { LoneFold, rulesOf } from './lone-fold.js';

type Fold = typeof LoneFold;

const EVENTS = 160_000;
const USERS = 8_000;
/** Records in a transaction, of either fold. */
const BLOCK = 1_000;
/** Blocks that only warm up the compiler and the caches. */
const WARM_UP = 40;

interface Work {
  (block: readonly LogRecord[]): void;
}

const { values } = parseArgs({ options: { slower: { type: 'string', default: '0' } } });
const slower = Number(values.slower);
const folder = mkdtempSync(join(tmpdir(), 'tipstream-fold-cost-'));
try {
  const baseline = (await import(new URL('./baseline/fold.min.js', import.meta.url).href)) as { readonly LoneFold: Fold };
  const fold = wasteful(folding(LoneFold, 'state.db'), slower);
  const before = folding(baseline.LoneFold, 'baseline.db');
  const costs: { readonly fold: number; readonly baseline: number }[] = [];
  for (const block of blocks()) {
    // Whoever comes second finds the block's bytes in the caches.
    if (costs.length % 2 === 0) costs.push({ baseline: cpuOf(before, block), fold: cpuOf(fold, block) });
    else costs.push({ fold: cpuOf(fold, block), baseline: cpuOf(before, block) });
  }
  const counted = costs.slice(WARM_UP);
  const eachUs = (us: number) => Math.round((us * 100) / BLOCK) / 100;
  const found = {
    ratio: Math.round(median(pairs(counted)) * 1_000) / 1_000,
    fold_us: eachUs(median(counted.map((cost) => cost.fold))),
    baseline_us: eachUs(median(counted.map((cost) => cost.baseline))),
    node: process.version,
  };
  process.stdout.write(`${JSON.stringify(found)}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Of two blocks after each other, so that each fold came first once. */
function pairs(costs: readonly { readonly fold: number; readonly baseline: number }[]): number[] {
  return costs.slice(0, -1).map(({ fold, baseline }, index) => (fold + costs[index + 1]!.fold) / (baseline + costs[index + 1]!.baseline));
}

/** In the order in which they arrive, all of one partition. */
function* blocks(): Generator<LogRecord[]> {
  const offsets = { 'tip.served': 0, 'tip.feedback': 0 };
  let block: LogRecord[] = [];
  for (const { topic, userId, arrivedAtMs, value } of upstreamEvents({
    events: EVENTS,
    users: USERS,
    endMs: Date.now() - 3_600_000,
    withDecisions: false,
  })) {
    const bytes = { key: Buffer.from(userId), value: Buffer.from(value) };
    block.push({ topic, partition: 0, offset: offsets[topic]++, timestampMs: arrivedAtMs, headers: [], ...bytes });
    if (block.length < BLOCK) continue;
    yield block;
    block = [];
  }
}

function folding(Lone: Fold, file: string): Work {
  const lone = new Lone(join(folder, file), '', 0, rulesOf(1));
  return (block) => lone.fold(block);
}

/** Microseconds of this process. */
function cpuOf(work: Work, block: readonly LogRecord[]): number {
  const before = process.cpuUsage();
  work(block);
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

function wasteful(work: Work, share: number): Work {
  if (share === 0) return work;
  return (block) => {
    const before = process.cpuUsage();
    work(block);
    const worked = process.cpuUsage(before);
    const untilUs = (worked.user + worked.system) * (1 + share);
    for (;;) {
      const now = process.cpuUsage(before);
      if (now.user + now.system >= untilUs) return;
    }
  };
}
