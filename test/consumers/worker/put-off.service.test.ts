/** What follows a batch: the shadow's look at its decisions, and the deletion of what the log has acknowledged. */
import Database from 'better-sqlite3';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Committed, Worker } from '../../../src/consumers/worker/worker-contract.js';
import type { CandidatesEvent, ConsumedTopic, ScoredEvent } from '../../../src/topics.js';
import { candidatesOfAna, deliverValues, loneWorker, makeStateFile, turns } from '../../support/lone-worker.js';

const NOW_MS = 1_795_900_000_000;
/** Turns until what was delivered is folded. Time stands still meanwhile, and only tests let it pass. */
const SOON = 20;
const A_WHILE_MS = 50;

let directory: string;
let path: string;
let worker: Worker;
let commits: Committed[];
let offsets: Map<string, number>;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  directory = mkdtempSync(join(tmpdir(), 'tipstream-put-off-'));
  path = join(directory, 'partition-0000.db');
  makeStateFile(path);
  begin({});
});
afterEach(() => {
  worker.close();
  vi.useRealTimers();
  rmSync(directory, { recursive: true, force: true });
});

function begin(ends: Partial<Record<ConsumedTopic, number>>): void {
  commits = [];
  offsets = new Map(Object.entries(ends));
  worker = loneWorker({
    path,
    ends,
    nowMs: NOW_MS,
    publishProfiles: false,
    shadow: 'egreedy-v2',
    committed: (committed) => commits.push(committed),
  });
}

async function pass(ms: number): Promise<void> {
  vi.advanceTimersByTime(ms);
  await turns(SOON);
}

async function deliver(topic: ConsumedTopic, ...values: readonly string[]): Promise<void> {
  const from = offsets.get(topic) ?? 0;
  offsets.set(topic, from + values.length);
  deliverValues(worker, topic, from, NOW_MS, values);
  await turns(SOON);
}

const candidates = (decisionId: string) => candidatesOfAna(decisionId, NOW_MS - 5_000);
const served = (tipId: string) => JSON.stringify({ user_id: 'ana', tip_id: tipId, served_at_ms: NOW_MS - 9_000 });

/** Topics of the messages of each commit that has any. */
const messages = () => commits.map(({ outbox }) => outbox.map(({ topic }) => topic)).filter((topics) => topics.length > 0);
const sent = (topic: string) => commits.flatMap(({ outbox }) => outbox).find((message) => message.topic === topic)!;

function rows(table: 'outbox' | 'shadow_pending'): number {
  const db = new Database(path, { readonly: true });
  const count = db.prepare<[], number>(`SELECT count(*) FROM ${table}`).pluck().get()!;
  db.close();
  return count;
}

describe('the shadow', () => {
  it('scores after the live answer is on its way, without waiting for another batch', async () => {
    await deliver('tip.candidates', candidates('d1'));
    expect(messages()).toEqual([['tip.scored'], ['tip.scored.shadow']]);
    expect(rows('shadow_pending')).toBe(0);
  });

  it('scores what HTTP asked for at once too', async () => {
    await turns(SOON);
    await worker.decide({ candidates: JSON.parse(candidates('d1')) as CandidatesEvent });
    await turns(SOON);
    expect(messages()).toEqual([['tip.scored'], ['tip.scored.shadow']]);
  });

  it('is asked once for each of many decisions, whichever of them memory has', async () => {
    const ids = Array.from({ length: 450 }, (_, index) => `d${index}`);
    for (let from = 0; from < ids.length; from += 150) await deliver('tip.candidates', ...ids.slice(from, from + 150).map(candidates));
    await worker.idle();
    const shadows = commits.flatMap(({ outbox }) => outbox).filter(({ topic }) => topic === 'tip.scored.shadow');
    expect(shadows.map(({ value }) => (JSON.parse(value!.toString()) as ScoredEvent).decision_id)).toEqual(ids);
    expect(rows('shadow_pending')).toBe(0);
  });
});

describe('messages that the log has acknowledged', () => {
  it('are deleted by the next batch', async () => {
    await deliver('tip.served', 'bad');
    worker.published(sent('tip.served-dlt').seq);
    await turns(SOON);
    expect(rows('outbox')).toBe(1);
    await deliver('tip.served', served('a'));
    expect(rows('outbox')).toBe(0);
  });

  it('are deleted by themselves when no batch comes, and when somebody waits until nothing is left to do', async () => {
    await deliver('tip.served', 'bad');
    worker.published(sent('tip.served-dlt').seq);
    await turns(SOON);
    await pass(A_WHILE_MS - 1);
    expect(rows('outbox')).toBe(1);
    await pass(1);
    expect(rows('outbox')).toBe(0);
    await deliver('tip.served', 'worse');
    worker.published(commits.at(-1)!.outbox[0]!.seq);
    await worker.idle();
    expect(rows('outbox')).toBe(0);
  });
});
