/**
 * `verify` says nothing of a state that the service made, whatever the order, duplicates, refused records, heavy users, crashes and
 * controls; and finds a time that was moved in any row of it.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import Database from 'better-sqlite3';
import { defaultRegistry } from '../../src/projections/registry.js';
import { MAX_TIME_MS } from '../../src/topics.js';
import { asOfMs } from '../support/tip-generators.js';
import { NOW_MS, policyRecords } from '../support/embedded/decision-events.js';
import { runs, withEmbeddedService } from '../support/embedded/directory.js';
import { refusedRecord, scoringRequest, tipEvents } from '../support/embedded/events.js';
import { live, life } from '../support/embedded/scenario.js';
import { named, verified } from '../support/planted-state.js';

const eventsInMemory = fc.constantFrom(3, 40, 50_000);

describe('verify', () => {
  it('agrees with the service on profiles, and finds any one time that is moved', async () => {
    const scenario = fc.record({
      life,
      events: tipEvents,
      requests: fc.array(scoringRequest, { maxLength: 6 }),
      refused: fc.array(refusedRecord, { maxLength: 6 }),
      nowMs: asOfMs.map((ms) => Math.min(ms, MAX_TIME_MS)),
      asked: asOfMs,
      eventsInMemory,
      row: fc.nat(),
      by: fc.constantFrom(-1, 1),
      column: fc.constantFrom('served_at_ms', 'done_at_ms', 'dismiss_at_ms', 'snooze_at_ms'),
    });
    await fc.assert(
      fc.asyncProperty(scenario, (one) =>
        withEmbeddedService({ partitions: one.life.partitions, registry: defaultRegistry }, async (embedded) => {
          await live(embedded, [...one.events, ...one.requests, ...one.refused.map((record) => record(one.life.partitions))], one.life, [
            one.nowMs,
          ]);
          for (const asked of [one.asked, one.nowMs])
            expect(named(await verified(embedded, { asOfMs: asked, eventsInMemory: one.eventsInMemory }))).toEqual([]);
          await embedded.stop();
          const moved = move(embedded.statePath(0), one.column, one.row, one.by);
          if (moved !== undefined)
            expect(named(await verified(embedded, { asOfMs: one.asked }))).toContain(`${moved.user_id} tip ${moved.tip_id} ${one.column}`);
        }),
      ),
      { numRuns: runs(25) },
    );
  });

  it('agrees with the service on decisions, rewards and sums, the shadow and controls included', async () => {
    const scenario = fc.record({
      life,
      records: policyRecords,
      shadow: fc.constantFrom(null, 'egreedy-v2'),
      shadowLearning: fc.boolean(),
      eventsInMemory,
    });
    await fc.assert(
      fc.asyncProperty(scenario, ({ life: plan, records, shadow, shadowLearning, eventsInMemory }) =>
        withEmbeddedService({ partitions: plan.partitions, settings: { shadow, shadowLearning } }, async (embedded) => {
          await live(embedded, records(plan.partitions), plan, [NOW_MS]);
          expect(named(await verified(embedded, { asOfMs: NOW_MS, eventsInMemory }, { shadowLearning }))).toEqual([]);
        }),
      ),
      { numRuns: runs(25) },
    );
  });
});

/** Moves one kept time of one of the rows that have it. */
function move(path: string, column: string, row: number, by: number): { user_id: string; tip_id: string } | undefined {
  const db = new Database(path);
  try {
    const rows = db
      .prepare<[], { uid: number; user_id: string; tip_id: string }>(
        `SELECT uid, user_id, tip_id FROM tip JOIN user USING (uid) WHERE ${column} IS NOT NULL ORDER BY uid, tip_id`,
      )
      .all();
    if (rows.length === 0) return undefined;
    const chosen = rows[row % rows.length]!;
    db.prepare(`UPDATE tip SET ${column} = ${column} + ? WHERE uid = ? AND tip_id = ?`).run(by, chosen.uid, chosen.tip_id);
    return chosen;
  } finally {
    db.close();
  }
}
