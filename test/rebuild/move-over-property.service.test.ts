/** State that was moved over to other definitions is what a fold from the log under them gives, and what the oracle says, bit for bit. */
import fc from 'fast-check';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { applyTipChange } from '../../src/projections/aggregate.js';
import { coreRegistry, type Registry } from '../../src/projections/registry.js';
import { foldFeedback, foldServed } from '../../src/projections/tip.js';
import { moveOver } from '../../src/rebuild/move-over.js';
import { readDefinitions } from '../../src/store/tables/definitions.js';
import { PreviousProfiles } from '../../src/store/rebuild/previous-profiles.js';
import { PartitionState } from '../../src/store/partition-state.js';
import { knownInOrder } from '../../src/store/queries/profiles.js';
import { PartitionReader } from '../../src/store/queries/partition-reader.js';
import { openStateForReading, type StateIdentity } from '../../src/store/state-file.js';
import type { FeedbackEvent, ServedEvent } from '../../src/topics.js';
import { byCodePoint, type OracleEvent } from '../oracle/profile.js';
import { asOfMs, eventOf, userId, WINDOW } from '../support/tip-generators.js';
import { runs } from '../support/embedded/directory.js';
import { added, everything, oracleOf, otherSql, otherWindow, removed } from '../support/other-definitions.js';

const registries = { coreRegistry, added, otherWindow, otherSql, removed, everything };
const registry = fc.constantFrom(...(Object.keys(registries) as (keyof typeof registries)[]));
const identityOf = (of: Registry): StateIdentity => ({
  partition: 0,
  partitions: 1,
  log: 'sqlite',
  topicPrefix: '',
  featureSet: of.featureSet,
});

function fold(path: string, of: Registry, events: readonly OracleEvent[], nowMs: number): void {
  const state = new PartitionState(path, identityOf(of), of);
  state.transaction(nowMs, () => {
    for (const { topic, value } of events) {
      const user = state.users.obtain(value.user_id);
      const entry = state.tips.obtain(user, value.tip_id);
      const before = entry.tip;
      const after = topic === 'tip.served' ? foldServed(before, value as ServedEvent) : foldFeedback(before, value as FeedbackEvent);
      if (after === before) continue;
      state.tips.change(user, entry, after, false);
      state.users.markDirty(user);
      applyTipChange(of, user.aggregate, before, after, nowMs);
    }
  });
  state.close();
}

/** A user with a time index: more than 128 tips, whose times lie on both sides of windows of 7, 14 and 30 days. */
const heavy: OracleEvent[] = Array.from({ length: 170 }, (_, i): OracleEvent[] => {
  const at = 2 * WINDOW + i * 25_000_000;
  const ids = { user_id: 'heavy', tip_id: `heavy-${i}` };
  const events: OracleEvent[] = [
    { topic: 'tip.served', value: { ...ids, served_at_ms: at, category: i % 3 === 0 ? undefined : `c${i % 5}` } },
  ];
  if (i % 2 === 0)
    events.push({
      topic: 'tip.feedback',
      value: {
        ...ids,
        action: (['done', 'dismiss', 'snooze'] as const)[i % 3]!,
        reacted_at_ms: at + (i % 7) * 10_000_000 - 5_000_000,
        utc_offset_min: 60,
      },
    });
  return events;
}).flat();

type Profiles = Iterable<{ readonly userId: string; readonly features: object }>;
const listed = (profiles: Profiles) => [...profiles].map(({ userId, features }) => [userId, features]);
const wanted = (of: Registry, events: readonly OracleEvent[], at: number) =>
  [...oracleOf(of, events, at)].sort((a, b) => byCodePoint(a[0], b[0]));

async function inDirectory(work: (directory: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'tipstream-move-'));
  try {
    await work(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

describe('moving over', () => {
  it('gives what a fold under the new definitions gives and the oracle says, before and after more events', async () => {
    const history = fc.record({
      from: registry,
      to: registry,
      before: fc.array(eventOf(userId), { maxLength: 30 }),
      after: fc.array(eventOf(userId), { maxLength: 6 }),
      withHeavy: fc.boolean(),
      folded: asOfMs,
      moved: asOfMs,
      later: asOfMs,
      asked: fc.array(asOfMs, { minLength: 1, maxLength: 4 }),
    });
    await fc.assert(
      fc.asyncProperty(history, async ({ from, to, before, after, withHeavy, folded, moved, later, asked }) => {
        if (from === to) return;
        await inDirectory(async (directory) => {
          const [live, next, anew] = ['live.db', 'next.db', 'anew.db'].map((name) => join(directory, name)) as [string, string, string];
          const [previous, current] = [registries[from], registries[to]];
          const first = withHeavy ? [...heavy, ...before] : before;
          fold(live, previous, first, folded);
          await moveOver(live, next, identityOf(previous), current, { nowMs: moved });
          fold(next, current, after, later);
          fold(anew, current, [...first, ...after], later);
          const all = [...first, ...after];
          for (const at of asked) {
            for (const path of [next, anew]) {
              const reader = new PartitionReader(path, current);
              const answers = listed(knownInOrder([reader], at));
              reader.close();
              expect(answers).toEqual(wanted(current, all, at));
            }
            // The live file still answers by the definitions that it was folded with, whose code it does not need.
            const db = openStateForReading(live);
            expect(listed(new PreviousProfiles(live, db).profilesAfter('', 1_000, at).filter(({ known }) => known))).toEqual(
              wanted(previous, first, at),
            );
            expect(readDefinitions(db)).toEqual(previous.definitions);
            db.close();
          }
        });
      }),
      { numRuns: runs(60) },
    );
  });
});
