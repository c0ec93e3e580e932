/**
 * What folding an event costs in CPU time, as a multiple of reference work that is done in turns with it: JSON.parse of the same event, and
 * one row of its user read and written in SQLite. Both slow down together on a busy machine, so their ratio hardly moves.
 *
 *   node --import ./test/support/typescript-register.mjs bench/fold-cost.ts [--slower SHARE]
 *
 * Prints {ratio, fold_us, reference_us, node} as JSON. `--slower .2` wastes a fifth of the fold's own time, to see that it is noticed.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import Database from 'better-sqlite3';
import type { LogRecord } from '../src/log/port.js';
import { upstreamEvents } from './events.js';
import { median } from './latencies.js';
import { LoneFold, rulesOf } from './lone-fold.js';

const EVENTS = 160_000;
const USERS = 8_000;
/** Records in a transaction, of either work. */
const BLOCK = 4_000;
/** Blocks that only warm up the compiler and the caches. */
const WARM_UP = 10;

interface Work {
  (block: readonly LogRecord[]): void;
}

const { values } = parseArgs({ options: { slower: { type: 'string', default: '0' } } });
const slower = Number(values.slower);
const folder = mkdtempSync(join(tmpdir(), 'tipstream-fold-cost-'));
try {
  const [fold, reference] = [folding(join(folder, 'state.db')), parsing(join(folder, 'reference.db'))];
  const costs: { readonly fold: number; readonly reference: number }[] = [];
  for (const block of blocks()) costs.push({ reference: cpuOf(reference, block), fold: cpuOf(wasteful(fold, slower), block) });
  const counted = costs.slice(WARM_UP);
  const eachUs = (us: number) => Math.round((us * 100) / BLOCK) / 100;
  const found = {
    ratio: Math.round(median(counted.map((cost) => cost.fold / cost.reference)) * 1_000) / 1_000,
    fold_us: eachUs(median(counted.map((cost) => cost.fold))),
    reference_us: eachUs(median(counted.map((cost) => cost.reference))),
    node: process.version,
  };
  process.stdout.write(`${JSON.stringify(found)}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
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

function folding(path: string): Work {
  const lone = new LoneFold(path, '', 0, rulesOf(1));
  return (block) => lone.fold(block);
}

function parsing(path: string): Work {
  const db = new Database(path);
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = NORMAL');
  db.exec('CREATE TABLE last (user_id TEXT PRIMARY KEY, event TEXT NOT NULL) STRICT, WITHOUT ROWID');
  const get = db.prepare<[string], string>('SELECT event FROM last WHERE user_id = ?').pluck();
  const put = db.prepare<[string, string]>('INSERT INTO last VALUES (?, ?) ON CONFLICT DO UPDATE SET event = excluded.event');
  return db.transaction((block: readonly LogRecord[]) => {
    for (const { value } of block) {
      const text = value!.toString();
      const { user_id: userId } = JSON.parse(text) as { user_id: string };
      if (get.get(userId) !== text) put.run(userId, text);
    }
  });
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
