/** What an earlier run left in the outbox: sent, dropped or made again, by what the log has come to hold since. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Worker } from '../../../src/consumers/worker/worker-contract.js';
import type { StoredMessage } from '../../../src/store/tables/outbox.js';
import type { ConsumedTopic, ProfileFeaturesEvent } from '../../../src/topics.js';
import { candidatesOfAna, deliverValues, loneWorker, makeStateFile } from '../../support/lone-worker.js';

const NOW_MS = 1_795_900_000_000;

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tipstream-leftovers-'));
  makeStateFile(join(directory, 'partition-0000.db'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

interface Run {
  readonly worker: Worker;
  readonly outbox: StoredMessage[];
}

/** `ends`: what the log holds when the partition is assigned. */
async function run(ends: Partial<Record<ConsumedTopic, number>>, publishProfiles = true): Promise<Run> {
  const outbox: StoredMessage[] = [];
  const worker = loneWorker({
    path: join(directory, 'partition-0000.db'),
    ends,
    nowMs: NOW_MS,
    publishProfiles,
    shadow: 'egreedy-v2',
    committed: (committed) => outbox.push(...committed.outbox),
  });
  await worker.idle();
  return { worker, outbox };
}

const candidates = (decisionId: string) => candidatesOfAna(decisionId, NOW_MS - 5_000);

async function deliver({ worker }: Run, topic: ConsumedTopic, from: number, ...values: readonly string[]): Promise<void> {
  deliverValues(worker, topic, from, NOW_MS, values);
  await worker.idle();
}

const of = ({ outbox }: Run, topic: string) => outbox.filter((message) => message.topic === topic).map(({ value }) => value!.toString());

/** What the earlier run has applied. */
const APPLIED = { 'tip.served': 2, 'tip.candidates': 1 };

describe('messages that an earlier run left', () => {
  /** One that decides d1, scores the shadow, refuses a record, and ends before anything is acknowledged. */
  async function earlierRun(): Promise<Run> {
    const earlier = await run({});
    await deliver(earlier, 'tip.served', 0, JSON.stringify({ user_id: 'ana', tip_id: 'a', served_at_ms: NOW_MS - 9_000 }), '{');
    await deliver(earlier, 'tip.candidates', 0, candidates('d1'));
    expect(earlier.outbox.map(({ topic }) => topic).toSorted()).toEqual([
      'profile.features',
      'tip.scored',
      'tip.scored.shadow',
      'tip.served-dlt',
    ]);
    earlier.worker.close();
    return earlier;
  }

  it('are all sent where the log has none of them, and the profile as it is by now', async () => {
    const earlier = await earlierRun();
    const again = await run({ ...APPLIED, 'tip.served': 3 });
    expect(of(again, 'tip.scored')).toEqual(of(earlier, 'tip.scored'));
    expect(of(again, 'tip.scored.shadow')).toEqual(of(earlier, 'tip.scored.shadow'));
    expect(of(again, 'tip.served-dlt')).toEqual(['{']);
    expect(of(again, 'profile.features')).toEqual([]);
    await deliver(again, 'tip.served', 2, JSON.stringify({ user_id: 'ana', tip_id: 'b', served_at_ms: NOW_MS - 8_000 }));
    const volumes = of(again, 'profile.features').map((text) => (JSON.parse(text) as ProfileFeaturesEvent).features['tip_volume_30d']);
    expect(volumes).toEqual([2]);
    again.worker.close();
  });

  it('are dropped where they are decisions that the log has, be they those or those of another owner', async () => {
    const earlier = await earlierRun();
    const [scored, shadow] = [of(earlier, 'tip.scored')[0]!, of(earlier, 'tip.scored.shadow')[0]!];
    const another = scored.replace(/"scored_at_ms":(\d+)/, '"scored_at_ms":1795899999999');
    const again = await run({ ...APPLIED, 'tip.scored': 1, 'tip.scored.shadow': 1 });
    expect(again.outbox).toEqual([]);
    await deliver(again, 'tip.scored', 0, another);
    await deliver(again, 'tip.scored.shadow', 0, shadow);
    expect(of(again, 'tip.scored')).toEqual([]);
    expect(of(again, 'tip.scored.shadow')).toEqual([]);
    expect(of(again, 'tip.served-dlt')).toEqual(['{']);
    again.worker.close();
  });

  it('stay where they are when the run ends before the log was read, and what was acknowledged meanwhile goes', async () => {
    const earlier = await earlierRun();
    const short = await run({ ...APPLIED, 'tip.served': 3, 'tip.scored': 1 });
    await deliver(short, 'tip.served', 2, 'also bad');
    expect(short.outbox.map(({ topic }) => topic)).toEqual(['tip.served-dlt']);
    short.worker.published(short.outbox[0]!.seq);
    await short.worker.drain();
    short.worker.close();

    const again = await run({ ...APPLIED, 'tip.served': 3 });
    expect(of(again, 'tip.scored')).toEqual(of(earlier, 'tip.scored'));
    expect(of(again, 'tip.served-dlt')).toEqual(['{']);
    again.worker.close();
  });

  it('are no profiles when profiles are not published any more', async () => {
    await earlierRun();
    const again = await run(APPLIED, false);
    expect(of(again, 'profile.features')).toEqual([]);
    expect(of(again, 'tip.scored')).toHaveLength(1);
    await again.worker.drain();
    again.worker.close();
  });
});
