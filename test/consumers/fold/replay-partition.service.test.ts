/**
 * A replayed partition holds what the live one holds at the same offsets, however often the replay is ended, and takes over what the
 * live one owes.
 */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { replayPartition, type PartitionReplayOptions } from '../../../src/consumers/fold/replay-partition.js';
import { coreRegistry } from '../../../src/projections/registry.js';
import { carryOver } from '../../../src/store/rebuild/carry-over.js';
import { PartitionState } from '../../../src/store/partition-state.js';
import { PartitionReader } from '../../../src/store/queries/partition-reader.js';
import { CORE_TOPICS } from '../../../src/topics.js';
import { embeddedService } from '../../support/embedded/directory.js';
import { DEFAULT_SETTINGS, type EmbeddedService } from '../../support/embedded/service.js';
import { traffic, TRAFFIC_AS_OF_MS } from '../../support/embedded/traffic.js';
import { plant } from '../../support/planted-state.js';
import { stateContents, pendingWork } from '../../support/state-contents.js';

const clock = () => TRAFFIC_AS_OF_MS;
const SETTINGS = { shadow: 'egreedy-v2', shadowLearning: true } as const;

const positionsAt = (path: string): Map<string, number> => {
  const reader = new PartitionReader(path, coreRegistry);
  const positions = reader.positions();
  reader.close();
  return positions;
};

function openNew(embedded: EmbeddedService, partition: number): PartitionState {
  return new PartitionState(
    join(embedded.directory, `new-${partition}.db`),
    { partition, partitions: 2, log: 'sqlite', topicPrefix: '', featureSet: coreRegistry.featureSet },
    coreRegistry,
  );
}

function replay(
  embedded: EmbeddedService,
  state: PartitionState,
  partition: number,
  to: ReadonlyMap<string, number>,
  more: Partial<PartitionReplayOptions> = {},
): Promise<number> {
  return replayPartition({
    log: embedded.log,
    state,
    registry: coreRegistry,
    partition,
    topics: CORE_TOPICS,
    topicPrefix: '',
    group: 'test',
    rules: { partitioner: null, partitions: 2, maxValueBytes: 1_048_576 },
    scoring: { livePolicy: 'egreedy-v1', settings: { ...DEFAULT_SETTINGS, ...SETTINGS } },
    to,
    clock,
    ...more,
  });
}

async function withHistory(): Promise<EmbeddedService> {
  const embedded = await embeddedService({ partitions: 2, clock, settings: SETTINGS });
  const events = traffic(7);
  const at = TRAFFIC_AS_OF_MS - 86_400_000;
  const learners = Array.from({ length: 12 }, (_, i) => ({ user_id: `user-${i}`, tip_id: `learned-${i}` }));
  await embedded.produce(
    'tip.candidates',
    ...learners.map(({ user_id, tip_id }) => ({
      user_id,
      decision_id: `learned-${user_id}`,
      requested_at_ms: at,
      candidates: [{ tip_id, is_overdue: true, task_age_days: 3, priority: 4 }],
    })),
  );
  await embedded.produce('tip.served', ...learners.map((tip) => ({ ...tip, decision_id: `learned-${tip.user_id}`, served_at_ms: at + 1 })));
  await embedded.produce(
    'tip.feedback',
    ...learners.map((tip, i) => ({ ...tip, action: i % 3 === 0 ? 'dismiss' : 'done', reacted_at_ms: at + 60_000 })),
  );
  for (let i = 0; i < 3; i++) {
    await embedded.append(...events.next(400));
    await embedded.catchUp();
  }
  await embedded.produce('policy.control', { control_id: 'r', type: 'reset', user_id: 'user-1', effective_at_ms: 1_700_500_000_000 });
  await embedded.catchUp();
  await embedded.stop();
  return embedded;
}

describe('a replay of a partition', () => {
  it('gives the same state as the live fold, in batches of any size, and owes the log nothing', async () => {
    const embedded = await withHistory();
    for (const partition of [0, 1]) {
      for (const batchRecords of [7, 50_000]) {
        const state = openNew(embedded, partition);
        const to = positionsAt(embedded.statePath(partition));
        let passed = 0;
        let commits = 0;
        const folded = await replay(embedded, state, partition, to, {
          batchRecords,
          deadLetteredTo: to,
          onProgress: (offsets) => (passed += offsets),
          at: (point) => (commits += point === 'rebuild: batch committed' ? 1 : 0),
        });
        state.close();
        if (batchRecords === 7) {
          expect(folded).toBe([...to.values()].reduce((sum, offset) => sum + offset, 0));
          expect(passed).toBe(folded);
          expect(commits).toBeGreaterThan(folded / 7);
        } else {
          expect(folded).toBe(0); // of the second time
        }
        const live = stateContents(embedded.statePath(partition));
        expect(live.decisions.length).toBeGreaterThan(10);
        expect(live.sums.length).toBeGreaterThan(4);
        expect(stateContents(state.path)).toEqual(live);
        expect(pendingWork(state.path)).toEqual({ outbox: [], shadowPending: [], unread: [], unpublished: [] });
      }
    }
  });

  it('goes on from its last batch when it was aborted, or died', async () => {
    const embedded = await withHistory();
    const to = positionsAt(embedded.statePath(0));
    let folded = 0;
    let attempts = 0;
    for (let done = false; !done; attempts++) {
      const state = openNew(embedded, 0);
      const abort = new AbortController();
      let left = 3;
      const end = (point: string) => {
        if (point !== 'rebuild: batch committed' || --left > 0) return;
        if (attempts % 2 === 0) abort.abort(new Error('ended by the test'));
        else throw new Error('ended by the test');
      };
      await replay(embedded, state, 0, to, {
        batchRecords: 20,
        deadLetteredTo: to,
        signal: abort.signal,
        at: end,
        onProgress: (offsets) => (folded += offsets),
      }).then(
        () => (done = true),
        (error: unknown) => expect((error as Error).message).toBe('ended by the test'),
      );
      state.close();
    }
    expect(attempts).toBeGreaterThan(5);
    expect(folded).toBeLessThanOrEqual([...to.values()].reduce((sum, offset) => sum + offset, 0));
    expect(stateContents(join(embedded.directory, 'new-0.db'))).toEqual(stateContents(embedded.statePath(0)));
  });

  it('stops at the offsets asked for, and sends to the outbox what is rejected from the first offset that is news', async () => {
    const embedded = await withHistory();
    const live = positionsAt(embedded.statePath(0));
    const half = new Map([...live].map(([topic, offset]) => [topic, Math.floor(offset / 2)]));
    const state = openNew(embedded, 0);
    await replay(embedded, state, 0, half, { deadLetteredTo: half });
    expect(state.positions.all()).toEqual(half);
    expect(state.outbox.after(0, 1_000)).toHaveLength(0);
    const facts = new Map([...live].filter(([topic]) => topic !== 'tip.candidates'));
    await replay(embedded, state, 0, facts, { noteChanges: true });
    expect(state.positions.all()).toEqual(new Map([...facts, ['tip.candidates', half.get('tip.candidates')!]]));
    const letters = (await embedded.records('tip.served-dlt'))
      .concat(await embedded.records('tip.feedback-dlt'))
      .filter(({ partition }) => partition === 0);
    const offsetOf = (headers: readonly (readonly [string, Buffer | null])[]) =>
      headers
        .map(([name, value]) => [name, value!.toString()])
        .filter(([name]) => name === '__dlq.errors.topic' || name === '__dlq.errors.offset')
        .join();
    const news = letters.filter(
      ({ topic, headers }) =>
        Number(headers.find(([name]) => name === '__dlq.errors.offset')![1]!.toString()) >= half.get(topic.replace('-dlt', ''))!,
    );
    expect(news.length).toBeGreaterThan(0);
    expect(
      state.outbox
        .after(0, 1_000)
        .map(({ headers }) => offsetOf(headers))
        .sort(),
    ).toEqual(news.map(({ headers }) => offsetOf(headers)).sort());
    expect(state.changedProfiles.size).toBeGreaterThan(0);
    state.close();
  });

  it('repeats prunes exactly at their positions, as far as it goes', async () => {
    const embedded = await withHistory();
    const live = positionsAt(embedded.statePath(0));
    const at = (share: number) => new Map([...live].map(([topic, offset]) => [topic, Math.floor(offset * share)]));
    const seen: [number, Map<string, number>][] = [];
    const prunes = [0.25, 0.25, 0.5, 0.75].map((share) => ({
      positions: at(share),
      repeat: (state: PartitionState) => void seen.push([share, state.positions.all()]),
    }));
    const state = openNew(embedded, 0);
    await replay(embedded, state, 0, at(0.6), { prunes });
    expect(seen).toEqual([
      [0.25, at(0.25)],
      [0.25, at(0.25)],
      [0.5, at(0.5)],
    ]);
    expect(state.positions.all()).toEqual(at(0.6));
    state.close();
  });

  it('refuses a log that ends before', async () => {
    const embedded = await withHistory();
    const state = openNew(embedded, 0);
    await expect(replay(embedded, state, 0, new Map([['tip.served', 1_000_000]]))).rejects.toMatchObject({ code: 'offset_out_of_range' });
    state.close();
  });
});

describe('what is carried over', () => {
  it(
    'is what the live file owes: messages in order, unread decisions, waiting shadows, ' +
      'changed profiles; once, however often it is done',
    async () => {
      const embedded = await withHistory();
      await embedded.append(...traffic(8).next(300));
      await embedded.produce(
        'tip.candidates',
        ...Array.from({ length: 60 }, (_, i) => ({
          decision_id: `new-${i}`,
          user_id: `user-${i % 40}`,
          requested_at_ms: TRAFFIC_AS_OF_MS,
          candidates: [{ tip_id: 'x', is_overdue: false, task_age_days: 1, priority: 2 }],
        })),
      );
      await embedded.start();
      embedded.faults.failAppends(0, 'refused');
      const unread = () => Math.min(...[0, 1].map((partition) => pendingWork(embedded.statePath(partition)).unread.length));
      await expect.poll(unread, { timeout: 20_000 }).toBeGreaterThan(1);
      await embedded.kill();
      for (const user of ['user-1', 'user-2', 'user-3'])
        plant(embedded, user, 'INSERT INTO shadow_pending (job) VALUES (?)', JSON.stringify({ of: user }));
      for (const partition of [0, 1]) {
        const path = embedded.statePath(partition);
        const pending = pendingWork(path);
        const to = positionsAt(path);
        const state = openNew(embedded, partition);
        await replay(embedded, state, partition, to, { deadLetteredTo: to });
        for (let i = 0; i < 2; i++) carryOver(path, state, { nowMs: 1 });
        const deadLettered = state.positions.deadLetteredTo();
        state.close();
        expect(pendingWork(state.path)).toEqual(pending);
        expect(stateContents(state.path)).toEqual(stateContents(path));
        expect(deadLettered).toEqual(to);
        const again = openNew(embedded, partition);
        expect(again.outbox.after(0, 1_000)).toHaveLength(pending.outbox.length);
        const first = again.outbox.after(0, 1)[0]?.seq;
        again.close();
        if (first === undefined) continue; // the other one was first to fail
        const later = openNew(embedded, partition);
        carryOver(path, later, {
          nowMs: 1,
          publishedTo: embedded.query<{ seq: number }>(partition, 'SELECT min(seq) AS seq FROM outbox')[0]!.seq,
        });
        expect(later.outbox.after(0, 1_000)).toHaveLength(pending.outbox.length - 1);
        for (const { seq } of later.outbox.after(0, 1)) expect(seq).toBeGreaterThan(first);
        later.close();
      }
      const owed = [0, 1].map((partition) => pendingWork(embedded.statePath(partition)));
      expect(owed.some(({ outbox }) => outbox.length > 1)).toBe(true);
      const planted = owed
        .flatMap(({ shadowPending }) => shadowPending as { readonly job: string }[])
        .filter(({ job }) => job.startsWith('{"of"'));
      expect(planted).toHaveLength(3); // beside those that the shadow had still to score
      expect(owed.flatMap(({ unpublished }) => unpublished)).toContainEqual({ value: '1' });
    },
  );
});
