/** `tipstream quality`: nothing is found in a log that is as it should be, and each planted fault is. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { qualityFamily } from '../../src/cli/commands/quality/quality.js';
import type { QualityDocument } from '../../src/monitoring/documents.js';
import type { NewRecord } from '../../src/log/port.js';
import { runCommand } from '../support/cli-in-process.js';
import { embeddedService } from '../support/embedded/directory.js';
import {
  DAY_MS,
  DECISIONS,
  fill,
  HOUR_MS,
  qualityRecords,
  QUALITY_AS_OF_MS as AS_OF_MS,
  STEP_MS,
  written,
} from '../support/embedded/quality-world.js';
import type { EmbeddedService } from '../support/embedded/service.js';

const quality = (embedded: EmbeddedService, ...argv: string[]) =>
  runCommand([qualityFamily], ['quality', ...argv, '--data', embedded.directory]);

async function report(embedded: EmbeddedService): Promise<{ code: number; document: QualityDocument }> {
  const { code, stdout } = await quality(embedded, '--as-of', String(AS_OF_MS), '--json');
  return { code, document: JSON.parse(stdout) as QualityDocument };
}

/** A world with a baseline of a week before, and with proven decisions. */
async function world(records: readonly NewRecord[] = qualityRecords()): Promise<EmbeddedService> {
  const embedded = await embeddedService({ partitions: 2, clock: () => AS_OF_MS - 60_000 });
  await fill(embedded, records);
  const baseline = await quality(embedded, 'baseline', '--as-of', String(AS_OF_MS - 7 * DAY_MS));
  expect(baseline).toMatchObject({ code: 0, stdout: expect.stringContaining('baseline: 20 users') as string });
  await quality(embedded, 'skew');
  return embedded;
}

const kinds = ({ alerts }: QualityDocument) => alerts.map(({ kind, about }) => `${kind} ${about ?? ''}`.trim());

describe('a log that is as it should be', () => {
  let embedded: EmbeddedService;
  beforeEach(async () => {
    embedded = await world();
  });

  it('is OK, with every feature compared and every decision proven', async () => {
    const { code, document } = await report(embedded);
    expect(kinds(document)).toEqual([]);
    expect(document).toMatchObject({ verdict: 'ok', users: 20, could_not_tell: [], partitions_missing: [], skipped: [] });
    expect(code).toBe(0);
    expect(document.skew).toMatchObject({ compared: DECISIONS, differing: 0, not_compared: [], unproven_features: [] });
    expect(document.features.map(({ name, stale, n, baseline_n, drifted }) => [name, stale, n, baseline_n, drifted])).toEqual(
      document.features.map(({ name }) => [name, false, 20, 20, false]),
    );
    for (const { psi, threshold } of document.features) {
      expect(psi).toBeGreaterThanOrEqual(0);
      expect(threshold).toBeGreaterThanOrEqual(0.2);
    }
    expect(document.features.find(({ name }) => name === 'tip_volume_30d')).toMatchObject({
      ...{ null_rate: 0, rank_error: 0, ks: { error: 0 }, js: null },
      staleness: { published_as_of_ms: AS_OF_MS - 60_000, served_as_of_ms: AS_OF_MS - HOUR_MS, silent_sources: [] },
    });
    expect(document.features.find(({ name }) => name === 'preferred_category')).toMatchObject({ ks: null, summary: null });
    for (const topic of document.topics)
      expect(topic).toMatchObject({
        ...{ records: DECISIONS, not_events: 0, future_dated: 0, far_ahead: 0, duplicates: 0 },
        silence: { silent: false, rhythm_ms: STEP_MS },
        volume: { events: 1, last_week: 1, unusual: false },
        read: { is_whole: true, from_beginning: true },
      });
    expect(document.topics[1]).toMatchObject({ topic: 'tip.feedback', negative_dwell: 0, orphans: 0, unknown_categories: null });
    expect(document.topics[0]).toMatchObject({ unknown_categories: { servings: 0, categories: [] } });
    expect(document.topics[0]!.producers).toEqual([{ producer: 'app', records: DECISIONS, median_ms: 50, least_ms: 50 }]);
  });

  it('prints tables and a verdict for people', async () => {
    const { code, stdout } = await quality(embedded, 'report', '--as-of', String(AS_OF_MS));
    expect(code).toBe(0);
    expect(stdout).toMatch(/^20 known users as of 2026-11-20T12:30:00.000Z, baseline as of 2026-11-13T12:30:00.000Z\n/);
    expect(stdout).toMatch(/\nskew: 0 of 229 decisions differ\nOK\n$/);
  });

  it('is not called OK where something cannot be told', async () => {
    rmSync(join(embedded.directory, 'quality-baseline.json'));
    rmSync(join(embedded.directory, 'quality-skew.json'));
    const { code, document } = await report(embedded);
    expect([code, document.verdict, document.baseline, document.skew]).toEqual([0, 'could_not_tell', null, null]);
    expect(document.could_not_tell.map(({ about }) => about)).toEqual(['drift', 'skew']);
    for (const feature of document.features) expect(feature).toMatchObject({ psi: null, threshold: null, drifted: null, baseline_n: null });
    expect(document.topics[0]!.unknown_categories).toBeNull();
  });

  it('refuses a baseline of other features, of a later version, or that is none', async () => {
    const path = join(embedded.directory, 'quality-baseline.json');
    const whole = JSON.parse(readFileSync(path, 'utf8')) as object;
    for (const [change, code] of [
      [{ feature_set: '0123456789abcdef' }, 'state_mismatch'],
      [{ version: 2 }, 'state_mismatch'],
      [{ features: null }, 'state_corrupt'],
    ] as const) {
      writeFileSync(path, JSON.stringify({ ...whole, ...change }));
      expect(await quality(embedded, '--json')).toMatchObject({ code: 1, stdout: expect.stringContaining(code) as string });
    }
    expect(readFileSync(path, 'utf8')).not.toMatch(/"u\d+"/); // no user is named
  });

  it('is not looked at before the state is exact, and no baseline is made of nobody', async () => {
    expect(await quality(embedded, 'baseline', '--as-of', '2020-01-01')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('no user') as string,
    });
  });
});

describe('each fault', () => {
  const last = AS_OF_MS - HOUR_MS;
  const FAULTS: readonly [string, readonly NewRecord[], readonly string[]][] = [
    [
      'events dated ahead of their records, by a producer whose clock is wrong',
      Array.from({ length: 6 }, (_, n) =>
        written('tip.served', { tip_id: `f${n}`, user_id: 'u1', served_at_ms: last, source: 'phone', category: 'work' }, last, -5 * 60_000),
      ),
      ['future_dated tip.served', 'clock_ahead tip.served'],
    ],
    [
      'reactions before their servings',
      Array.from({ length: 3 }, (_, n) => [
        written('tip.served', { tip_id: `n${n}`, user_id: `u${n}`, served_at_ms: last + n, category: 'work' }, last + n),
        written('tip.feedback', { tip_id: `n${n}`, user_id: `u${n}`, action: 'done', reacted_at_ms: last - 1_000 }, last + n),
      ]).flat(),
      ['negative_dwell tip.feedback'],
    ],
    [
      'feedback whose serving never came',
      Array.from({ length: 10 }, (_, n) =>
        written(
          'tip.feedback',
          { tip_id: `o${n}`, user_id: `u${n}`, action: 'snooze', reacted_at_ms: last - 2 * DAY_MS + n },
          last - 2 * DAY_MS,
        ),
      ),
      ['orphans tip.feedback'],
    ],
    [
      'events that come twice',
      qualityRecords()
        .filter(({ topic }) => topic === 'tip.served')
        .slice(0, 30),
      ['duplicates tip.served'],
    ],
    [
      'categories that the baseline does not have',
      Array.from({ length: 3 }, (_, n) =>
        written('tip.served', { tip_id: `c${n}`, user_id: `u${n}`, served_at_ms: last + n, category: 'crypto' }, last + n),
      ),
      ['unknown_categories tip.served'],
    ],
    [
      'categories of candidates that the baseline does not have, before any of them is served',
      Array.from({ length: 3 }, (_, n) =>
        written(
          'tip.candidates',
          {
            decision_id: `new-${n}`,
            user_id: `u${n}`,
            requested_at_ms: last + n,
            candidates: [{ tip_id: `c${n}`, is_overdue: false, task_age_days: 1, priority: 2, category: 'crypto' }],
          },
          last + n,
        ),
      ),
      ['unknown_categories tip.candidates'],
    ],
  ];

  it.each(FAULTS)('is found: %s', async (_, planted, wanted) => {
    const embedded = await world([...qualityRecords(), ...planted]);
    const { code, document } = await report(embedded);
    expect(kinds(document)).toEqual(wanted);
    expect(code).toBe(2);
  });

  it('is found: a source that is silent for longer than its rhythm, with the features that are made of it', async () => {
    const untilMs = AS_OF_MS - 10 * HOUR_MS;
    const embedded = await world(qualityRecords().filter(({ topic, timestampMs }) => topic !== 'tip.feedback' || timestampMs! < untilMs));
    const { code, document } = await report(embedded);
    expect(code).toBe(2);
    expect(kinds(document)).toEqual(['silence tip.feedback']);
    expect(document.features.filter(({ stale }) => stale).map(({ name }) => name)).toEqual(
      document.features.map(({ name }) => name).filter((name) => name !== 'tip_volume_30d'),
    );
  });

  it('is found: another volume than in the same hour last week', async () => {
    const embedded = await world(qualityRecords({ tips: (step) => (step === 0 ? 40 : 1) }));
    const { document } = await report(embedded);
    expect(kinds(document)).toEqual(expect.arrayContaining(['volume tip.served', 'volume tip.feedback', 'volume tip.candidates']));
    expect(document.topics[0]!.volume).toMatchObject({ events: 40, last_week: 1, unusual: true });
  });

  it('is found: a feature that has moved, by both measures', async () => {
    const embedded = await embeddedService({ partitions: 1, clock: () => AS_OF_MS - 60_000 });
    const records = (from: number, to: number, action: string) =>
      Array.from({ length: 200 }, (_, n) => {
        const user_id = `v${from + n}`;
        const at = to - n * 60_000;
        return [
          written('tip.served', { tip_id: `${to}`, user_id, served_at_ms: at, category: action === 'done' ? 'work' : 'home' }, at),
          written('tip.feedback', { tip_id: `${to}`, user_id, action, reacted_at_ms: at + 1_000 * (n + 1) }, at + 1_000),
        ];
      }).flat();
    await fill(embedded, [...records(0, AS_OF_MS - 40 * DAY_MS, 'done'), ...records(500, AS_OF_MS - HOUR_MS, 'dismiss')]);
    await quality(embedded, 'baseline', '--as-of', String(AS_OF_MS - 20 * DAY_MS));
    const { code, document } = await report(embedded);
    expect(code).toBe(2);
    const drifted = document.features.filter(({ drifted: has }) => has).map(({ name }) => name);
    expect(drifted).toEqual(['completion_rate_30d', 'dismiss_rate_30d', 'preferred_category', 'preferred_hour', 'preferred_weekday']);
    expect(document.features.find(({ name }) => name === 'dismiss_rate_30d')).toMatchObject({ ks: { statistic: 1 }, threshold: 0.2 });
    expect(document.features.find(({ name }) => name === 'tip_volume_30d')).toMatchObject({ psi: 0, ks: { statistic: 0 } });
    expect(document.features.find(({ name }) => name === 'preferred_category')).toMatchObject({ baseline_null_rate: 0, null_rate: 1 });
  });

  it('is found: a stored value that is older than its TTL', async () => {
    const embedded = await embeddedService({ partitions: 1, clock: () => AS_OF_MS - 3 * DAY_MS });
    await fill(embedded, [
      written('tip.served', { tip_id: 't', user_id: 'ana', served_at_ms: AS_OF_MS - 4 * DAY_MS }, AS_OF_MS - 4 * DAY_MS),
    ]);
    const { document } = await report(embedded);
    expect(document.features.every(({ stale }) => stale)).toBe(true);
    expect(document.features[0]!.staleness).toMatchObject({ age_ms: 3 * DAY_MS, ttl_ms: DAY_MS, silent_sources: [] });
    expect(kinds(document)).toContain('stale tip_volume_30d');
    // One event has no rhythm: that is said, and not taken for well.
    expect(document.could_not_tell.map(({ about }) => about)).toContain('tip.served');
  });

  it('is found: a decision with another profile than the log gives at its positions', async () => {
    const embedded = await world();
    const [scored] = await embedded.records('tip.scored');
    const event = JSON.parse(scored!.value!.toString()) as { profile: { features: Record<string, unknown> } };
    const forged = {
      ...event,
      decision_id: 'forged',
      profile: { ...event.profile, features: { ...event.profile.features, tip_volume_30d: 99 } },
    };
    await fill(embedded, [written('tip.scored', forged, AS_OF_MS - 120_000)]);
    const { code, stdout } = await quality(embedded, 'skew', '--json');
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({
      ...{ compared: DECISIONS + 1, differing: 1, not_compared: [] },
      differences: [{ decision_id: 'forged', feature: 'tip_volume_30d', served: 99 }],
    });
    const { document } = await report(embedded);
    expect(kinds(document)).toEqual(['skew']);
    expect(readFileSync(join(embedded.directory, 'quality-skew.json'), 'utf8')).not.toMatch(/"u\d+"|forged/); // no user is named
    const people = await quality(embedded, 'skew');
    expect(people.stdout).toMatch(/230 decisions compared, 1 with another profile/);
  });
});
