/**
 * Moving state over to other definitions: what is said of them, where the new state comes from and why, and that it survives being
 * ended anywhere.
 */
import Database from 'better-sqlite3';
import { closeSync, existsSync, openSync, rmSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { FaultPoint } from '../../src/fault-points.js';
import { changesBetween } from '../../src/projections/definitions.js';
import { defineFeature } from '../../src/projections/feature.js';
import { createRegistry, coreRegistry, type Registry } from '../../src/projections/registry.js';
import { DAY_MS } from '../../src/projections/window.js';
import { moveOver, type MoveProgress } from '../../src/rebuild/move-over.js';
import { ownerHasPreviousDefinitions, planSource } from '../../src/rebuild/source-plan.js';
import { PreviousProfiles } from '../../src/store/rebuild/previous-profiles.js';
import { PartitionState } from '../../src/store/partition-state.js';
import { PartitionReader } from '../../src/store/queries/partition-reader.js';
import { digestDocument } from '../../src/store/queries/profiles.js';
import { openStateForReading, type StateIdentity } from '../../src/store/state-file.js';
import { embeddedService } from '../support/embedded/directory.js';
import type { EmbeddedOptions, EmbeddedService } from '../support/embedded/service.js';
import { traffic, TRAFFIC_AS_OF_MS } from '../support/embedded/traffic.js';
import { added, everything, otherSql, otherWindow, removed, snoozed7d } from '../support/other-definitions.js';
import { stateContents, pendingWork } from '../support/state-contents.js';

const NOW_MS = TRAFFIC_AS_OF_MS;
const identityOf = (registry: Registry, partition = 0): StateIdentity => ({
  partition,
  partitions: 1,
  log: 'sqlite',
  topicPrefix: '',
  featureSet: registry.featureSet,
});

function alter(path: string, sql: string): void {
  const db = new Database(path);
  db.exec(sql);
  db.pragma('wal_checkpoint(TRUNCATE)');
  db.close();
}

/** Stopped, with one partition of traffic and decisions. */
async function withTraffic(more: EmbeddedOptions = {}): Promise<EmbeddedService> {
  const embedded = await embeddedService({ partitions: 1, clock: () => NOW_MS, ...more });
  await embedded.append(...traffic(3).next(1_500));
  await embedded.catchUp();
  await embedded.stop();
  return embedded;
}

const digestOf = (path: string, registry: Registry, asOfMs = NOW_MS): string => {
  const reader = new PartitionReader(path, registry);
  try {
    return digestDocument(new Map([[0, reader]]), asOfMs, registry.featureSet).digest;
  } finally {
    reader.close();
  }
};

/** What a fold of the same log under `registry` gives. */
async function foldedAnew(embedded: EmbeddedService, registry: Registry): Promise<string> {
  const other = await embeddedService({ partitions: 1, clock: () => NOW_MS, registry });
  for (const topic of ['tip.served', 'tip.feedback']) {
    await other.append(...(await embedded.records(topic)).map(({ key, value }) => ({ topic, key, value })));
  }
  await other.catchUp();
  await other.stop();
  return digestOf(other.statePath(0), registry);
}

const plan = (path: string, registry: Registry, nowMs = NOW_MS) => planSource(path, registry, { nowMs });

describe('where the new state comes from', () => {
  it('is the tip rows, when they hold all that the definitions read', async () => {
    const embedded = await withTraffic();
    expect(plan(embedded.statePath(0), everything)).toEqual({
      source: 'tips',
      comparison: 'previous',
      repeatPrunes: true,
      otherOptions: [],
      changes: changesBetween(coreRegistry.definitions, everything.definitions),
      reason: expect.stringContaining('added: snoozed_7d; changed: mean_dwell_ms_30d (window 30 d -> 14 d') as string,
    });
  });

  it('is the log, when nothing has changed: a rebuild then is a proof', async () => {
    const embedded = await withTraffic();
    expect(plan(embedded.statePath(0), coreRegistry)).toMatchObject({
      source: 'log',
      comparison: 'same',
      changes: { added: [], changed: [], removed: [] },
      reason: expect.stringContaining('proof') as string,
    });
  });

  it.each<[string, (path: string) => void, RegExp]>([
    ['missing', (path) => rmSync(path), /no state file/],
    ['not SQLite', (path) => writeFileSync(path, 'Dear diary, today the disk ...'), /damaged/],
    ['cut off', (path) => truncateSync(path, 5 * 4_096 + 17), /damaged|integrity check/],
    ['holed', hole, /integrity check|damaged/],
    ["somebody else's", (path) => alter(path, 'PRAGMA application_id = 7'), /not a tipstream state file/],
    ['of an older schema', (path) => alter(path, 'PRAGMA user_version = 0'), /schema version 0/],
    ['of a newer schema', (path) => alter(path, 'PRAGMA user_version = 99'), /schema version 99/],
  ])('is the log, when the file is %s, and there is nothing to compare with', async (_, damage, reason) => {
    const embedded = await withTraffic();
    damage(embedded.statePath(0));
    const planned = plan(embedded.statePath(0), added);
    expect(planned).toMatchObject({ source: 'log', comparison: 'none', changes: null, repeatPrunes: true });
    expect(planned.reason).toMatch(reason);
    expect(planned.reason).not.toContain(embedded.directory);
  });

  it.each<[string, string, RegExp, boolean]>([
    ['does not say what it was folded with', "DELETE FROM meta WHERE name = 'definitions'", /does not say/, true],
    ['says it in no way that can be read', "UPDATE meta SET value = '{' WHERE name = 'definitions'", /does not say/, true],
    [
      'was folded by other rules',
      "UPDATE meta SET value = json_set(value, '$.semantics_version', 0) WHERE name = 'definitions'",
      /other rules.*version 0 -> 1/,
      true,
    ],
    ['lacks a column that a feature reads', 'ALTER TABLE tip RENAME COLUMN snooze_at_ms TO something_else', /snooze_at_ms/, true],
    [
      'has lost tips in the window to a prune',
      `INSERT INTO prune VALUES (1, ${NOW_MS - 29 * DAY_MS}, '', NULL, '{}', 4, 0)`,
      /have been pruned.*30 days/,
      false,
    ],
  ])('is the log, when the file %s', async (_, sql, reason, repeatPrunes) => {
    const embedded = await withTraffic();
    alter(embedded.statePath(0), `PRAGMA writable_schema = ON; DROP VIEW user_profile_features; ${sql}`);
    const planned = plan(embedded.statePath(0), added);
    expect(planned).toMatchObject({ source: 'log', comparison: 'previous', repeatPrunes });
    expect(planned.reason).toMatch(reason);
  });

  it('is the tip rows still, when what was pruned is older than any window', async () => {
    const embedded = await withTraffic();
    alter(embedded.statePath(0), `INSERT INTO prune VALUES (1, ${NOW_MS - 30 * DAY_MS}, '', NULL, '{}', 4, 0)`);
    expect(plan(embedded.statePath(0), added).source).toBe('tips');
    expect(plan(embedded.statePath(0), added, NOW_MS - 1).source).toBe('log');
  });

  it('is an error, when the file is whole and of something else', async () => {
    const embedded = await withTraffic();
    for (const [identity, code] of [
      [{ log: 'kafka' }, 'state_mismatch'],
      [{ partition: 1 }, 'state_mismatch'],
      [{ topicPrefix: 'x.' }, 'state_mismatch'],
      [{ partitions: 2 }, 'partition_count_changed'],
    ] as const) {
      expect(() => planSource(embedded.statePath(0), added, { identity, nowMs: NOW_MS })).toThrow(
        expect.objectContaining({ code }) as Error,
      );
    }
  });
});

/** Zeroes a page that is in use, whatever the file has free: the one that the tips begin with. */
function hole(path: string): void {
  const db = new Database(path);
  const page = db.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'tip'").pluck().get() as number;
  db.close();
  const file = openSync(path, 'r+');
  writeSync(file, Buffer.alloc(4_096), 0, 4_096, (page - 1) * 4_096);
  closeSync(file);
}

describe('state that is moved over', () => {
  it.each(Object.entries({ added, otherWindow, otherSql, removed, everything }))(
    'to %s is a fold of the log under it, keeps what it knew, and owes nothing',
    async (_, registry) => {
      const embedded = await withTraffic();
      const [live, next] = [embedded.statePath(0), join(embedded.directory, 'next.db')];
      const before = stateContents(live);
      await moveOver(live, next, identityOf(coreRegistry), registry, { nowMs: NOW_MS });
      expect(existsSync(`${next}-wal`), 'one file, to open or to copy').toBe(false);
      expect(digestOf(next, registry)).toBe(await foldedAnew(embedded, registry));
      expect(stateContents(next)).toMatchObject({ tips: before.tips, decisions: before.decisions, sums: before.sums });
      expect(pendingWork(next)).toMatchObject({ outbox: [], shadowPending: [] });
      // A worker goes on with it, and owes everybody's profile.
      const state = new PartitionState(next, identityOf(registry), registry);
      expect(state.changedProfiles.size).toBe(state.users.count);
      expect(state.users.count).toBeGreaterThan(5);
      state.close();
      // The view is of the new definitions too.
      const shared = openStateForReading(next);
      const reader = new PartitionReader(next, registry, 'refuse', shared);
      expect(new PreviousProfiles(next, shared).profilesAfter('', 1_000, NOW_MS).filter(({ known }) => known)).toEqual(
        reader.profilesAfter('', 1_000, NOW_MS).filter(({ known }) => known),
      );
      reader.close();
      const db = new Database(next, { readonly: true });
      expect(db.prepare("SELECT value FROM meta WHERE name = 'definitions'").pluck().get()).toBe(JSON.stringify(registry.definitions));
      expect(db.prepare("SELECT count(*) FROM meta WHERE name = 'moving_over'").pluck().get()).toBe(0);
      db.close();
    },
  );

  it('leaves what is owed to whoever carries it over', async () => {
    const embedded = await withTraffic();
    const [live, next] = [embedded.statePath(0), join(embedded.directory, 'next.db')];
    alter(live, "INSERT INTO outbox (topic, value) VALUES ('t', x'00'); INSERT INTO shadow_pending (job) VALUES ('{}')");
    await moveOver(live, next, identityOf(coreRegistry), added, { nowMs: NOW_MS });
    expect(pendingWork(next)).toMatchObject({ outbox: [], shadowPending: [] });
    expect(pendingWork(live).outbox).toHaveLength(1);
  });

  const points: FaultPoint[] = ['move over: copied', 'move over: begun', 'move over: users committed', 'move over: finished'];
  it.each(points)('and was ended at "%s" goes on from there', async (point) => {
    const embedded = await withTraffic();
    const [live, next] = [embedded.statePath(0), join(embedded.directory, 'next.db')];
    const ended = new Error('ended');
    const move = (more: object = {}) => moveOver(live, next, identityOf(coreRegistry), everything, { nowMs: NOW_MS, ...more });
    await expect(
      move({
        at: (reached: FaultPoint) => {
          if (reached === point) throw ended;
        },
      }),
    ).rejects.toBe(ended);
    // Until it is complete, nobody takes it for a state of either set.
    if (point !== 'move over: finished')
      expect(() => new PartitionReader(next, everything)).toThrow(expect.objectContaining({ code: 'state_mismatch' }) as Error);
    if (point === 'move over: users committed')
      expect(() => new PartitionReader(next, coreRegistry)).toThrow(expect.objectContaining({ code: 'state_mismatch' }) as Error);
    const seen: MoveProgress[] = [];
    await move({ onProgress: (progress: MoveProgress) => seen.push(progress) });
    expect(seen.filter(({ phase }) => phase === 'copying')).toEqual([]);
    expect(digestOf(next, everything)).toBe(await foldedAnew(embedded, everything));
  });

  it('half way to one set of definitions begins anew for another', async () => {
    const embedded = await withTraffic();
    const [live, next] = [embedded.statePath(0), join(embedded.directory, 'next.db')];
    const identity = identityOf(coreRegistry);
    await expect(
      moveOver(live, next, identity, added, {
        nowMs: NOW_MS,
        at: (point) => {
          if (point === 'move over: users committed') throw new Error('ended');
        },
      }),
    ).rejects.toThrow('ended');
    await moveOver(live, next, identity, removed, { nowMs: NOW_MS });
    expect(digestOf(next, removed)).toBe(await foldedAnew(embedded, removed));
    await moveOver(live, next, identity, otherWindow, { nowMs: NOW_MS });
    expect(digestOf(next, otherWindow)).toBe(await foldedAnew(embedded, otherWindow));
  });

  it('is left alone when it is complete, and made anew when the log could not bring it up to date or it is damaged', async () => {
    const embedded = await withTraffic();
    const [live, next] = [embedded.statePath(0), join(embedded.directory, 'next.db')];
    const phases = async (lowEnds?: ReadonlyMap<string, number>): Promise<Set<string>> => {
      const seen = new Set<string>();
      await moveOver(live, next, identityOf(coreRegistry), added, {
        nowMs: NOW_MS,
        lowEnds,
        onProgress: ({ phase }) => seen.add(phase),
      });
      return seen;
    };
    const all = new Set(['copying', 'recomputing']);
    expect(await phases()).toEqual(all);
    expect(await phases(new Map([['tip.served', 1]]))).toEqual(new Set());
    expect(await phases(new Map([['tip.served', 1_000_000]]))).toEqual(all);
    hole(next);
    truncateSync(next, 3 * 4_096);
    expect(await phases()).toEqual(all);
    expect(digestOf(next, added)).toBe(await foldedAnew(embedded, added));
  });

  it('can be interrupted while it is copied and while it is recomputed', async () => {
    const embedded = await withTraffic();
    const [live, next] = [embedded.statePath(0), join(embedded.directory, 'next.db')];
    for (const phase of ['copying', 'recomputing']) {
      const control = new AbortController();
      const reason = new Error(`in ${phase}`);
      const moving = moveOver(live, next, identityOf(coreRegistry), added, {
        nowMs: NOW_MS,
        signal: control.signal,
        onProgress: (progress) => progress.phase === phase && control.abort(reason),
      });
      await expect(moving).rejects.toBe(reason);
      expect(existsSync(`${next}.copying`)).toBe(false);
    }
    await moveOver(live, next, identityOf(coreRegistry), added, { nowMs: NOW_MS });
    expect(digestOf(next, added)).toBe(await foldedAnew(embedded, added));
  });

  it('is consistent while the worker goes on writing the live file', async () => {
    const embedded = await embeddedService({ partitions: 1, clock: () => NOW_MS });
    const events = traffic(9);
    await embedded.append(...events.next(800));
    await embedded.start();
    await embedded.service.caughtUp();
    const writing = (async () => {
      for (let i = 0; i < 10; i++) {
        await embedded.append(...events.next(60));
        await embedded.service.caughtUp();
      }
    })();
    const next = join(embedded.directory, 'next.db');
    await moveOver(embedded.statePath(0), next, identityOf(coreRegistry), added, { nowMs: NOW_MS });
    await writing;
    const state = new PartitionState(next, identityOf(added), added);
    const positions = state.positions.all();
    state.close();
    // Exactly the events below the copy's positions are in it.
    const other = await embeddedService({ partitions: 1, clock: () => NOW_MS, registry: added });
    for (const topic of ['tip.served', 'tip.feedback']) {
      await other.append(
        ...(await embedded.records(topic))
          .filter(({ offset }) => offset < (positions.get(topic) ?? 0))
          .map(({ key, value }) => ({ topic, key, value })),
      );
    }
    await other.catchUp();
    await other.stop();
    expect(digestOf(next, added)).toBe(digestOf(other.statePath(0), added));
  });

  it('is not begun with SQL that does not work, which the error names', async () => {
    const embedded = await withTraffic();
    const broken = (sql: string) => createRegistry([...coreRegistry.features, defineFeature({ ...snoozed7d, sql })]);
    for (const [sql, message] of [
      ['SELECT uid, count(*) AS value FROM tip WHERE snoozed_at > :as_of_ms', 'no such column'],
      ['SELECT uid, :as_of_ms FROM tip', 'not uid and value'],
    ] as const) {
      await expect(
        moveOver(embedded.statePath(0), join(embedded.directory, 'next.db'), identityOf(coreRegistry), broken(sql), { nowMs: NOW_MS }),
      ).rejects.toMatchObject({
        code: 'invalid_argument',
        message: expect.stringContaining(message) as string,
        details: { feature: 'snoozed_7d' },
      });
    }
  });
});

describe('previous profiles', () => {
  it('need no definitions, and are refused where the view is not one of ours', async () => {
    const embedded = await withTraffic({ registry: everything });
    const path = embedded.statePath(0);
    const shared = openStateForReading(path);
    const previous = new PreviousProfiles(path, shared);
    const reader = new PartitionReader(path, everything, 'refuse', shared);
    for (const at of [NOW_MS, NOW_MS - 3 * DAY_MS]) {
      const known = previous.profilesAfter('', 1_000, at).filter((profile) => profile.known);
      expect(known.length).toBeGreaterThan(5);
      expect(known).toEqual(reader.profilesAfter('', 1_000, at).filter((profile) => profile.known));
    }
    expect(previous.profilesAfter('', 2, NOW_MS)).toHaveLength(2);
    reader.close();
    alter(path, 'DROP VIEW user_profile_features; CREATE VIEW user_profile_features AS SELECT 1');
    const altered = openStateForReading(path);
    expect(() => new PreviousProfiles(path, altered)).toThrow(expect.objectContaining({ code: 'state_mismatch' }) as Error);
    altered.close();
  });
});

it('an owner of the previous definitions is to be stopped', () => {
  expect(ownerHasPreviousDefinitions('./data', added, changesBetween(coreRegistry.definitions, added.definitions))).toMatchObject({
    code: 'state_mismatch',
    message: expect.stringContaining('added: snoozed_7d') as string,
    hint: expect.stringContaining(
      'Stop the service that runs the previous definitions, then run `tipstream rebuild` again: it resumes',
    ) as string,
  });
});
