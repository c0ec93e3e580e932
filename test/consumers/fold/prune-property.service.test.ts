/**
 * Pruning against an oracle that goes through the recorded prunes with plain lists: for every time from the horizon + 30 days on,
 * digests are its digests; what was learned is what it says; a replay that repeats the prunes comes to the same state; and `verify`
 * agrees, until a row is put back or taken.
 */
import fc from 'fast-check';
import Database from 'better-sqlite3';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { repeatPrune } from '../../../src/consumers/fold/prune.js';
import { replayPartition } from '../../../src/consumers/fold/replay-partition.js';
import { partitionFunction } from '../../../src/log/partitioner.js';
import { decodeState } from '../../../src/policies/ridge-codec.js';
import { exactFromMs, StagedTips } from '../../../src/projections/prune.js';
import { coreRegistry } from '../../../src/projections/registry.js';
import { foldFeedback, foldServed } from '../../../src/projections/tip.js';
import { textFromSql } from '../../../src/projections/sql-text.js';
import { decisionPrompts } from '../../../src/store/queries/decision-prompts.js';
import { digestDocument } from '../../../src/store/queries/profiles.js';
import { PartitionReader } from '../../../src/store/queries/partition-reader.js';
import { PartitionState } from '../../../src/store/partition-state.js';
import { CORE_TOPICS } from '../../../src/topics.js';
import { oraclePromptVersion } from '../../oracle/policy.js';
import { oracleDigest, oracleProfiles } from '../../oracle/profile.js';
import { runs, RUNS_WITHIN_MS, withEmbeddedService } from '../../support/embedded/directory.js';
import { dimensionOf, inPartition, readHistory, type History } from '../../support/embedded/history.js';
import { numbersFrom, shuffled } from '../../support/embedded/scenario.js';
import { DEFAULT_SETTINGS, type EmbeddedService } from '../../support/embedded/service.js';
import { named, verified } from '../../support/planted-state.js';
import {
  DAY_MS,
  PRUNED_USERS,
  recordedPrunes,
  recordsAround,
  remainingProfileEvents,
  remainsOf,
  sumsAfterPrunes,
} from '../../support/prune-history.js';
import { stateContents } from '../../support/state-contents.js';

const POLICIES = ['egreedy-v1', 'egreedy-v2-shadow'];
const WINDOW_MS = 30 * DAY_MS;

/** The clock's next stand, and what comes then. */
const step = (nowMs: number) =>
  fc.record({ nowMs: fc.constant(nowMs), records: recordsAround(nowMs), restart: fc.boolean(), shuffle: fc.integer() });
const year = fc.array(fc.integer({ min: 1, max: 70 }), { minLength: 3, maxLength: 6 }).chain((days) => {
  let now = 160 * DAY_MS;
  return fc.tuple(...days.map((by) => step((now += by * DAY_MS + 1))));
});
const scenario = fc.record({
  year,
  partitions: fc.integer({ min: 1, max: 2 }),
  retainDays: fc.integer({ min: 31, max: 90 }),
  shadowLearning: fc.boolean(),
  limits: fc.constantFrom({ rows: 1, tips: 1 }, { rows: 60, tips: 4 }, { rows: 1_000, tips: 30 }, { rows: 200_000, tips: 10_000 }),
  asked: fc.array(fc.integer({ min: 0, max: 120 * 24 }), { minLength: 2, maxLength: 4 }),
  row: fc.nat(),
  cut: fc.option(
    fc.record({
      topics: fc.subarray(['tip.served', 'tip.feedback', 'tip.scored'], { minLength: 1 }),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
    { nil: undefined },
  ),
  batch: fc.constantFrom(1, 7, 50_000),
});

let [prunes, closings] = [0, 0];
afterAll(() =>
  expect(Math.min(prunes, closings), 'nothing was ever pruned, or no prompt version with it: the test shows nothing').toBeGreaterThan(0),
);

describe('pruning', () => {
  it(
    'leaves what the definitions give for what is left, however it is cut into slices, replayed and verified',
    async () => {
      await fc.assert(
        fc.asyncProperty(scenario, ({ year: steps, partitions, retainDays, shadowLearning, limits, asked, row, cut, batch }) => {
          let nowMs = 0;
          const settings = { shadow: 'egreedy-v2', shadowLearning };
          return withEmbeddedService(
            { partitions, settings, retainMs: retainDays * DAY_MS, pruneLimits: limits, clock: () => nowMs, maxTaskIdleMs: 1 },
            async (embedded) => {
              for (const { nowMs: at, records, restart, shuffle } of steps) {
                nowMs = at;
                await embedded.append(
                  ...shuffled(records, numbersFrom(shuffle)).map((record) => ({
                    topic: record.topic,
                    key: record.key,
                    value: record.value,
                  })),
                );
                await embedded.catchUp();
                if (restart) await embedded.stop();
              }
              await embedded.catchUp();
              await embedded.stop();
              const history = await readHistory(embedded);
              const here = Array.from({ length: partitions }, (_, partition) => {
                const own = inPartition(history, partition);
                const recorded = recordedPrunes(embedded, partition);
                prunes += recorded.length;
                const remains = remainsOf(own, recorded);
                expect(recorded.map(({ tips }) => tips)).toEqual(remains.taken);
                checkSums(embedded, partition, own, remains);
                checkPrompts(embedded, partition, own, remains);
                return { own, recorded, remains };
              });
              const horizonMs = Math.max(-WINDOW_MS, ...here.flatMap(({ recorded }) => recorded.map((prune) => prune.horizonMs)));
              const events = here.flatMap(({ own, remains }) => remainingProfileEvents(own, remains));
              for (const asOfMs of [...asked.map((hours) => horizonMs + WINDOW_MS + hours * 3_600_000), nowMs]) {
                expect(embedded.digest(asOfMs).digest).toBe(oracleDigest(oracleProfiles(events, asOfMs)));
                expect(named(await verified(embedded, { asOfMs }, { shadowLearning }))).toEqual([]);
              }
              if (horizonMs >= 0)
                expect(() => embedded.digest(horizonMs + WINDOW_MS - 1)).toThrow(expect.objectContaining({ code: 'as_of_pruned' }));
              for (let partition = 0; partition < partitions; partition++) {
                await checkReplay(embedded, partition, batch, shadowLearning, horizonMs + WINDOW_MS);
                checkStagedTips(embedded, partition, here[partition]!.own);
              }
              await checkTruncated(embedded, cut, nowMs, shadowLearning);
              if (cut === undefined)
                await checkPlanted(
                  embedded,
                  row,
                  here.flatMap(({ recorded }, partition) => (recorded.length > 0 ? [partition] : [])),
                  nowMs,
                  shadowLearning,
                );
            },
          );
        }),
        { numRuns: runs(25) },
      );
    },
    RUNS_WITHIN_MS,
  );
});

/** Of decisions that are closed, and of those that are not, on what is left. */
function checkPrompts(
  embedded: EmbeddedService,
  partition: number,
  { scored }: History,
  { events, closedPrompts }: ReturnType<typeof remainsOf>,
): void {
  const text = (stored: string | Buffer | null) => (stored === null ? null : textFromSql(stored));
  const rows = embedded.query<{ user_id: string; decision_id: string; prompt_version: string | Buffer | null }>(
    partition,
    'SELECT user_id, decision_id, prompt_version FROM closed_decision JOIN user USING (uid)',
  );
  expect(new Map(rows.map((row) => [`${row.user_id} ${row.decision_id}`, text(row.prompt_version)]))).toEqual(closedPrompts);
  closings += rows.filter((row) => row.prompt_version !== null).length;
  const counted = new Map(
    [...decisionPrompts(embedded.statePath(partition))].map(({ userId, decisionId, promptVersion }) => [
      `${userId} ${decisionId}`,
      promptVersion,
    ]),
  );
  const first = new Map([...scored].reverse().map(({ event }) => [`${event.user_id} ${event.decision_id}`, event]));
  for (const [name, { user_id, decision_id, features }] of first) {
    const own = events.filter((event) => event.userId === user_id);
    const expected = closedPrompts.has(name)
      ? closedPrompts.get(name)!
      : oraclePromptVersion(decision_id, Object.keys(features.vectors), own);
    expect(counted.get(name) ?? null, name).toBe(expected);
  }
}

function checkSums(embedded: EmbeddedService, partition: number, history: History, remains: ReturnType<typeof remainsOf>): void {
  const rows = embedded.query<{ user_id: string; policy: string; state: Buffer }>(
    partition,
    'SELECT user_id, policy, state FROM policy_state JOIN user USING (uid)',
  );
  for (const userId of PRUNED_USERS) {
    for (const policy of POLICIES) {
      const expected = sumsAfterPrunes(history, remains, userId, policy);
      const row = rows.find((one) => one.user_id === userId && one.policy === policy);
      if (row === undefined) {
        expect(expected.updates, `${userId} ${policy} has learned nothing`).toBe(0);
        continue;
      }
      const found = decodeState(row.state, dimensionOf(policy));
      expect({ updates: found.updates, g: [...found.g], b: [...found.b] }).toEqual({
        updates: expected.updates,
        g: expected.g.flatMap((entries, i) => entries.slice(0, i + 1)),
        b: expected.b,
      });
    }
  }
}

/** Folded anew, topic after topic, with the recorded prunes repeated at their positions. */
async function checkReplay(
  embedded: EmbeddedService,
  partition: number,
  batchRecords: number,
  shadowLearning: boolean,
  fromMs: number,
): Promise<void> {
  const live = embedded.statePath(partition);
  const reader = new PartitionReader(live, coreRegistry);
  const copy = join(embedded.directory, `replayed-${partition}.db`);
  const original = new PartitionState(live, reader.identity, coreRegistry);
  const recorded = original.prunes.all();
  original.close();
  const state = new PartitionState(copy, reader.identity, coreRegistry);
  try {
    await replayPartition({
      log: embedded.log,
      state,
      registry: coreRegistry,
      partition,
      topics: CORE_TOPICS.map((topic) => embedded.topic(topic)),
      topicPrefix: '',
      group: 'test',
      clock: () => 0,
      batchRecords,
      rules: { maxValueBytes: 1_048_576, partitions: reader.identity.partitions, partitioner: partitionFunction('murmur2') },
      scoring: { livePolicy: 'egreedy-v1', settings: { ...DEFAULT_SETTINGS, shadowLearning } },
      to: reader.positions(),
      prunes: recorded.map((prune) => ({
        positions: prune.positions,
        repeat: (again: PartitionState) => expect(repeatPrune(again, coreRegistry, prune)).toEqual({ tips: prune.tips, rows: new Map() }),
      })),
    });
    expect(state.prunes.all()).toEqual(recorded);
  } finally {
    state.close();
  }
  const again = new PartitionReader(copy, coreRegistry);
  const learned = (path: string) => {
    const { sums, users, ...rest } = stateContents(path) as unknown as Record<string, { policy?: string; state?: string }[]>;
    // Sums that have gone back to nothing and sums that never were teach the same.
    return {
      ...rest,
      users,
      sums: sums!.filter((row) => decodeState(Buffer.from(row.state!, 'hex'), dimensionOf(row.policy!)).updates > 0),
    };
  };
  expect(learned(copy)).toEqual(learned(live));
  const closings = (path: string) => {
    const db = new Database(path, { readonly: true });
    try {
      return db
        .prepare(
          'SELECT user_id, decision_id, reward_tip_id, reward, prompt_version FROM closed_decision ' +
            'JOIN user USING (uid) ORDER BY user_id, decision_id',
        )
        .all();
    } finally {
      db.close();
    }
  };
  expect(closings(copy)).toEqual(closings(live));
  for (const asOfMs of [fromMs, fromMs + 9 * DAY_MS]) {
    const digest = (one: PartitionReader) => digestDocument(new Map([[partition, one]]), asOfMs, coreRegistry.featureSet).digest;
    expect(digest(again)).toBe(digest(reader));
  }
  reader.close();
  again.close();
}

/** One user's tips at a time, as the job that mends a user replays them. */
function checkStagedTips(embedded: EmbeddedService, partition: number, { served, feedback }: History): void {
  const state = new PartitionState(
    embedded.statePath(partition),
    new PartitionReader(embedded.statePath(partition), coreRegistry).identity,
    coreRegistry,
  );
  try {
    for (const userId of PRUNED_USERS) {
      const staged = new StagedTips(userId, state.prunes.all());
      for (const { offset, event } of feedback)
        if (event.user_id === userId) staged.add('tip.feedback', offset, event.tip_id, (tip) => foldFeedback(tip, event));
      for (const { offset, event } of served)
        if (event.user_id === userId) staged.add('tip.served', offset, event.tip_id, (tip) => foldServed(tip, event));
      const rows = embedded.query<Record<string, number | string | null>>(
        partition,
        'SELECT tip.* FROM tip JOIN user USING (uid) WHERE user_id = ?',
        userId,
      );
      expect([...staged.finish()].map(([tipId, tip]) => [tipId, ...(Object.values(tip) as unknown[])]).sort()).toEqual(
        rows
          .map((row) => [
            row.tip_id,
            row.served_at_ms,
            row.served_category,
            row.done_at_ms,
            row.done_utc_offset_min,
            row.dismiss_at_ms,
            row.snooze_at_ms,
          ])
          .sort(),
      );
    }
  } finally {
    state.close();
  }
}

/** The log loses its beginning: what the state says of it cannot be proven, and is not called different. */
async function checkTruncated(
  embedded: EmbeddedService,
  cut: { readonly topics: readonly string[]; readonly share: number } | undefined,
  asOfMs: number,
  shadowLearning: boolean,
): Promise<void> {
  for (const topic of cut?.topics ?? []) {
    for (const [partition, { end }] of await embedded.log.offsets(topic))
      await embedded.log.truncateBefore(topic, partition, Math.floor(end * cut!.share));
  }
  if (cut !== undefined) expect(named(await verified(embedded, { asOfMs }, { shadowLearning }))).toEqual([]);
}

/** A row put back where a prune had taken it, or one that should have stayed: `verify` names it. */
async function checkPlanted(
  embedded: EmbeddedService,
  row: number,
  pruned: readonly number[],
  asOfMs: number,
  shadowLearning: boolean,
): Promise<void> {
  const partition = pruned[row % Math.max(1, pruned.length)];
  if (partition === undefined) return;
  const db = new Database(embedded.statePath(partition));
  try {
    const [horizonMs, user] = [
      db.prepare<[], number>('SELECT max(horizon_ms) FROM prune').pluck().get()!,
      db.prepare<[], { uid: number; user_id: string }>('SELECT uid, user_id FROM user ORDER BY uid').get()!,
    ];
    db.prepare("INSERT INTO tip (uid, tip_id, served_at_ms, linked) VALUES (?, 'back again', ?, 0)").run(
      user.uid,
      Math.max(0, horizonMs - 1),
    );
    db.prepare('UPDATE user SET tips = tips + 1 WHERE uid = ?').run(user.uid);
    expect(named(await verified(embedded, { asOfMs }, { shadowLearning }))).toContain(`${user.user_id} tip back again row`);
    db.prepare("DELETE FROM tip WHERE tip_id = 'back again'").run();
    db.prepare('UPDATE user SET tips = tips - 1 WHERE uid = ?').run(user.uid);
    expect(named(await verified(embedded, { asOfMs }, { shadowLearning }))).toEqual([]);
    const kept = db
      .prepare<[], { uid: number; user_id: string; tip_id: string }>(
        'SELECT uid, user_id, tip_id FROM tip JOIN user USING (uid) ORDER BY uid, tip_id',
      )
      .all();
    const gone = kept[row % Math.max(1, kept.length)];
    if (gone === undefined) return;
    db.prepare('DELETE FROM tip WHERE uid = ? AND tip_id = ?').run(gone.uid, gone.tip_id);
    expect(named(await verified(embedded, { asOfMs }, { shadowLearning }))).toContain(`${gone.user_id} tip ${gone.tip_id} row`);
  } finally {
    db.close();
  }
}

it('the horizon and a window are the first exact time', () => {
  expect(exactFromMs(5)).toBe(5 + WINDOW_MS);
});
