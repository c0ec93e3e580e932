/**
 * Features are added, changed and removed under a state that is in use: start refuses, `rebuild` moves over and says how, and what
 * comes out is the oracle's.
 */
import { rmSync, truncateSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { coreRegistry, type Registry } from '../../src/projections/registry.js';
import { rebuild, type RebuildDocument, type RebuildOptions } from '../../src/rebuild/rebuild.js';
import { inlineRunner } from '../../src/rebuild/run-jobs.js';
import { lockData } from '../../src/store/directory/data-lock.js';
import { digestDocument, openReaders } from '../../src/store/queries/profiles.js';
import type { ProfileFeaturesEvent } from '../../src/topics.js';
import { oracleDigest, type OracleEvent, type OracleProfile } from '../oracle/profile.js';
import { embeddedService } from '../support/embedded/directory.js';
import { DEFAULT_SETTINGS, type EmbeddedService } from '../support/embedded/service.js';
import { traffic, TRAFFIC_AS_OF_MS } from '../support/embedded/traffic.js';
import { added, everything, oracleOf } from '../support/other-definitions.js';
import { stateIn } from '../support/state-in.js';

const NOW_MS = TRAFFIC_AS_OF_MS;

async function withTraffic(): Promise<EmbeddedService> {
  const embedded = await embeddedService({ partitions: 2, clock: () => NOW_MS });
  await embedded.append(...traffic(11).next(1_200));
  await embedded.catchUp();
  await embedded.stop();
  return embedded;
}

function rebuilt(embedded: EmbeddedService, registry: Registry, more: Partial<RebuildOptions> = {}): Promise<RebuildDocument> {
  const tools = { log: embedded.log, registry, clock: () => NOW_MS };
  return rebuild(
    {
      dataDirectory: embedded.directory,
      group: 'test',
      topicPrefix: '',
      partitioner: 'murmur2',
      maxValueBytes: 1_048_576,
      settings: DEFAULT_SETTINGS,
      shadowLearning: null,
      dryRun: false,
      force: false,
      prune: false,
      to: null,
      ...more,
    },
    { ...tools, runner: inlineRunner(tools), signal: new AbortController().signal },
  );
}

/** What the log says, by these definitions. */
async function oracle(embedded: EmbeddedService, registry: Registry): Promise<Map<string, OracleProfile>> {
  const records = [...(await embedded.records('tip.served')), ...(await embedded.records('tip.feedback'))];
  const events = records.flatMap(({ topic, value }): OracleEvent[] => {
    try {
      const event = { topic, value: JSON.parse(value!.toString()) as OracleEvent['value'] };
      return event.value.served_at_ms === -1 ? [] : [event];
    } catch {
      return [];
    }
  });
  return oracleOf(registry, events, NOW_MS);
}

const digestUnder = (embedded: EmbeddedService, registry: Registry): string => {
  const readers = openReaders(stateIn(embedded.directory), registry);
  try {
    return digestDocument(readers, NOW_MS, registry.featureSet).digest;
  } finally {
    for (const reader of readers.values()) reader.close();
  }
};

describe('changed definitions', () => {
  it('are refused by start, and moved over to by rebuild, which says what changed, whence and why', async () => {
    const embedded = await withTraffic();
    await expect(embedded.start({ registry: everything })).rejects.toMatchObject({
      code: 'state_mismatch',
      message: expect.stringContaining('added: snoozed_7d; changed: mean_dwell_ms_30d (window 30 d -> 14 d') as string,
      hint: expect.stringContaining('tipstream rebuild') as string,
    });
    await embedded.kill();

    const before = await oracle(embedded, coreRegistry);
    const document = await rebuilt(embedded, everything);
    const after = await oracle(embedded, everything);
    expect(document).toMatchObject({
      swapped: true,
      not_compared: [],
      compared_elsewhere: [],
      definitions: { added: ['snoozed_7d'], removed: ['preferred_hour'] },
      feature_set: everything.featureSet,
    });
    expect(document.sources.map(({ partition, source }) => [partition, source])).toEqual([
      [0, 'tips'],
      [1, 'tips'],
    ]);
    expect(document.sources[0]!.reason).toContain('added: snoozed_7d');

    // Features of one side are counted; of the others every difference between the old definitions and the new is told, and nothing else.
    expect(document.added_features).toEqual({ snoozed_7d: after.size });
    expect(document.removed_features).toEqual({
      preferred_hour: [...before.values()].filter(({ preferred_hour }) => preferred_hour !== null).length,
    });
    const told = Object.fromEntries(
      document.changes.map(({ user_id, changes }) => [
        user_id,
        Object.fromEntries(changes.map(({ feature, live, rebuilt: is }) => [feature, [live, is]])),
      ]),
    );
    const wanted = Object.fromEntries(
      [...after].map(([user, profile]) => {
        const was = before.get(user)!;
        return [
          user,
          Object.fromEntries(
            Object.keys(profile)
              .filter((name) => name in was && was[name] !== profile[name])
              .map((name) => [name, [was[name], profile[name]]]),
          ),
        ];
      }),
    );
    expect(told).toEqual(Object.fromEntries(Object.entries(wanted).filter(([, features]) => Object.keys(features).length > 0)));
    expect(Object.keys(told).length).toBeGreaterThan(5);

    expect(digestUnder(embedded, everything)).toBe(oracleDigest(after));
    expect(() => digestUnder(embedded, coreRegistry)).toThrow(expect.objectContaining({ code: 'state_mismatch' }) as Error);
  });

  it("are everybody's profile anew, published once the service runs, which answers nothing twice", async () => {
    const embedded = await withTraffic();
    const decided = await embedded.scored();
    await rebuilt(embedded, everything);
    await embedded.append(...traffic(12).next(200));
    await embedded.start({ registry: everything });
    await embedded.service.caughtUp();
    const known = await oracle(embedded, everything);
    // Profiles go out in their own rhythm, after the fold.
    await expect
      .poll(
        async () => {
          const last = new Map<string, ProfileFeaturesEvent | null>();
          // A user's records are in one partition, so the last one is the newest; the feature set says that it is of this life.
          for (const { key, value } of await embedded.records('profile.features'))
            last.set(key!.toString(), value === null ? null : (JSON.parse(value.toString()) as ProfileFeaturesEvent));
          return [...known].every(([user, features]) => {
            const event = last.get(user);
            return (
              event?.feature_set === everything.featureSet &&
              Object.entries(features).every(([name, value]) => event.features[name] === value)
            );
          });
        },
        { timeout: 60_000 },
      )
      .toBe(true);
    await embedded.stop();
    expect(digestUnder(embedded, everything)).toBe(oracleDigest(known));
    const scored = await embedded.scored();
    expect(scored.length).toBeGreaterThan(decided.length);
    expect(new Set(scored.map(({ decision_id, user_id }) => `${user_id}/${decision_id}`)).size).toBe(scored.length);
    const origins = [...(await embedded.records('tip.served-dlt')), ...(await embedded.records('tip.feedback-dlt'))].map(({ headers }) =>
      ['topic', 'partition', 'offset']
        .map((name) => headers.find(([header]) => header === `__dlq.errors.${name}`)![1]!.toString())
        .join('/'),
    );
    expect(origins.length).toBeGreaterThan(20);
    expect(new Set(origins).size).toBe(origins.length);
  });

  it('come from the log where the file is damaged or missing, with the reason, and from stored tips beside it', async () => {
    for (const damage of [(path: string) => truncateSync(path, 9_000), (path: string) => rmSync(path)]) {
      const embedded = await withTraffic();
      damage(embedded.statePath(0));
      const document = await rebuilt(embedded, everything);
      expect(document).toMatchObject({ swapped: true, not_compared: [0] });
      expect(document.sources).toMatchObject([
        { source: 'log', reason: expect.stringMatching(/damaged|no state file|integrity/) as string },
        { source: 'tips' },
      ]);
      expect(digestUnder(embedded, everything)).toBe(oracleDigest(await oracle(embedded, everything)));
    }
  });

  it('are not swapped under a service that runs the previous ones; once it is stopped the rebuild goes on', async () => {
    const embedded = await withTraffic();
    const lock = lockData(embedded.directory, NOW_MS);
    await embedded.start();
    const before = embedded.digest(NOW_MS);
    await expect(rebuilt(embedded, added)).rejects.toMatchObject({
      code: 'state_mismatch',
      message: expect.stringContaining('added: snoozed_7d') as string,
      hint: expect.stringContaining('then run `tipstream rebuild` again: it resumes') as string,
    });
    expect(embedded.digest(NOW_MS)).toEqual(before);
    await embedded.append(...traffic(13).next(100));
    await embedded.service.caughtUp();
    await embedded.stop();
    lock.release();
    const document = await rebuilt(embedded, added);
    expect(document).toMatchObject({ swapped: true, resumed: true });
    expect(document.sources.map(({ source }) => source)).toEqual(['tips', 'tips']);
    expect(document.records).toBeGreaterThan(50); // what came after the copy, from the log
    expect(digestUnder(embedded, added)).toBe(oracleDigest(await oracle(embedded, added)));
  });

  it('can be looked at first, and be taken back', async () => {
    const embedded = await withTraffic();
    const before = embedded.digest(NOW_MS);
    expect(await rebuilt(embedded, everything, { dryRun: true })).toMatchObject({
      swapped: false,
      dry_run: true,
      definitions: { added: ['snoozed_7d'] },
    });
    expect(embedded.digest(NOW_MS)).toEqual(before);
    expect(await rebuilt(embedded, everything)).toMatchObject({ swapped: true, resumed: true });
    expect(await rebuilt(embedded, coreRegistry)).toMatchObject({
      swapped: true,
      definitions: { added: ['preferred_hour'], removed: ['snoozed_7d'] },
    });
    expect(embedded.digest(NOW_MS).digest).toBe(before.digest);
  });
});
