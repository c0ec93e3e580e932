/**
 * Each alert fires in the outage that it is for, by what a real service exposes before and in it, and nothing else fires with it but what
 * is said here. The outages of a broker and of the process are in broker-outage.kafka.test.ts.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { qualityFamily } from '../../src/cli/commands/quality/quality.js';
import { startHttp } from '../../src/http/start.js';
import { expectFiring, RULES, scrape, type Firing, type Held, type Scrape } from '../support/alert-trial.js';
import { runCommand } from '../support/cli-in-process.js';
import { fill, qualityRecords, QUALITY_AS_OF_MS, written } from '../support/embedded/quality-world.js';
import { openSqliteLog } from '../../src/log/sqlite/index.js';
import { topicSettings } from '../../src/log/topic-settings.js';
import { embeddedService, newDirectory } from '../support/embedded/directory.js';
import { appendRollout } from '../support/embedded/rollout-world.js';
import { EmbeddedService, recordOf, type EmbeddedOptions } from '../support/embedded/service.js';
import { lockedElsewhere } from '../support/log/locked-elsewhere.js';
import { withPromtool } from '../support/promtool.js';
import { rebuilt } from '../support/rebuilds.js';
import { FIRED_BY_A_BROKER } from './fired-by-a-broker.js';
import { FIRED_BY_PARTS } from './fired-by-parts.js';

const NOW_MS = 1_795_219_200_000;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const candidates = [{ tip_id: 'a', is_overdue: true, task_age_days: 3, priority: 4 }];

const fired = new Set<string>();
async function fires(held: readonly Held[], firing: Firing): Promise<void> {
  await expectFiring(held, firing);
  for (const [, alerts] of firing) for (const alert of alerts) fired.add(alert);
}

/** A running service with one event, on HTTP, and a clock that the test moves. */
class Trial {
  nowMs = NOW_MS;

  private constructor(readonly embedded: EmbeddedService) {}

  static async open(options: EmbeddedOptions = {}, directory?: string): Promise<Trial> {
    const given = { maxTaskIdleMs: 0, publishProfiles: false, ...options, clock: () => trial.nowMs };
    const embedded = directory === undefined ? await embeddedService(given) : await EmbeddedService.open(directory, given);
    if (directory !== undefined) onTestFinished(() => embedded.close());
    const trial: Trial = new Trial(embedded);
    await trial.serve('ana');
    await embedded.catchUp();
    return trial;
  }

  /** Of a service that the test made with this trial's clock. */
  static of(embedded: EmbeddedService, nowMs: number): Trial {
    const trial = new Trial(embedded);
    trial.nowMs = nowMs;
    return trial;
  }

  /** A serving of now, in the partition of this user or in another. */
  async serve(userId: string, more: Parameters<typeof recordOf>[2] = {}): Promise<void> {
    const event = { user_id: userId, tip_id: `t-${this.nowMs}`, served_at_ms: this.nowMs };
    await this.embedded.append(recordOf('tip.served', event, { timestampMs: this.nowMs, ...more }));
  }

  /** As Prometheus does it, over HTTP. */
  async scrape(): Promise<Scrape> {
    const server = await startHttp(this.embedded.service, { host: '127.0.0.1', port: 0 });
    try {
      return await scrape(server.address, () => this.nowMs);
    } finally {
      await server.close();
    }
  }
}

describe.skipIf(!withPromtool)('fires', () => {
  it('when a partition stops because its state file is damaged, and its records wait', async () => {
    const trial = await Trial.open();
    const { embedded } = trial;
    const well = await trial.scrape();
    await embedded.stop();
    await writeFile(embedded.statePath(0), 'no database');
    await embedded.start();
    const stopped = await trial.scrape();
    await trial.serve('somebody', { partition: 0, timestampMs: NOW_MS - 10 * MINUTE_MS });
    const waiting = await trial.scrape();
    await fires(
      [
        { scrape: well, minutes: 30 },
        { scrape: stopped, minutes: 10 },
        { scrape: waiting, minutes: 20 },
      ],
      [
        [29, []],
        [35, ['TipstreamPartitionStopped']],
        [55, ['TipstreamPartitionStopped', 'TipstreamLagHigh']],
      ],
    );
  });

  it('when a record is refused, and no longer when none was for a while', async () => {
    const trial = await Trial.open();
    const well = await trial.scrape();
    await trial.embedded.append({ topic: 'tip.feedback', key: Buffer.from('ana'), value: Buffer.from('no JSON'), timestampMs: NOW_MS });
    await trial.embedded.catchUp();
    const refused = await trial.scrape();
    await fires(
      [
        { scrape: well, minutes: 30 },
        { scrape: refused, minutes: 30 },
      ],
      [
        [29, []],
        [35, ['TipstreamDeadLetters']],
        [55, []],
      ],
    );
  });

  it('when a dead letter fits no topic', async () => {
    const directory = newDirectory();
    const log = await openSqliteLog({ directory, synchronous: 'normal' });
    const large = 4 * 1_048_576;
    await log.createTopics(
      topicSettings('', 2, large).map((topic) => (topic.name.endsWith('-dlt') ? { ...topic, maxMessageBytes: large / 4 } : topic)),
    );
    await log.close();
    const trial = await Trial.open({ maxValueBytes: large }, directory);
    const well = await trial.scrape();
    await trial.embedded.append(recordOf('tip.served', { user_id: 'ana' }, { key: Buffer.alloc(1_200_000, 'k'), partition: 0 }));
    await trial.embedded.catchUp();
    const refused = await trial.scrape();
    await fires(
      [
        { scrape: well, minutes: 30 },
        { scrape: refused, minutes: 30 },
      ],
      [
        [29, []],
        [35, ['TipstreamDeadLetters', 'TipstreamDeadLettersRefused']],
      ],
    );
  });

  it('when producers fall silent, and at last when features are made of old events', async () => {
    const trial = await Trial.open();
    const well = await trial.scrape();
    trial.nowMs += 2 * 86_400_000;
    const silent = await trial.scrape();
    await fires(
      [
        { scrape: well, minutes: 90 },
        { scrape: silent, minutes: 40 },
      ],
      [
        [60, []],
        [70, ['TipstreamNoRecords']],
        [120, ['TipstreamNoRecords', 'TipstreamFeaturesStale']],
      ],
    );
  });

  it('when the log takes no messages: the outbox fills, and the partition stands still', async () => {
    const trial = await Trial.open({ partitions: 1, maxBatchRecords: 1_000 });
    const { embedded } = trial;
    const well = await trial.scrape();
    await embedded.stop();
    const refused = { topic: 'tip.feedback', key: null, partition: 0, value: null, timestampMs: NOW_MS };
    await embedded.append(...Array.from({ length: 6_000 }, () => refused));
    await lockedElsewhere(embedded.directory);
    await embedded.start();
    const applied = () => embedded.countOf('rejected:tip.feedback:null_value');
    await vi.waitFor(() => expect(applied()).toBe(5_000), 20_000);
    trial.nowMs += 2_000;
    await embedded.service.lag();
    trial.nowMs += MINUTE_MS / 2;
    const stalled = await trial.scrape();
    expect(applied()).toBe(5_000);
    await fires(
      [
        { scrape: well, minutes: 30 },
        { scrape: stalled, minutes: 10 },
      ],
      [
        [29, []],
        [33, []],
        [36, ['TipstreamOutboxFull', 'TipstreamPartitionStalled']],
      ],
    );
  });

  it('when decisions take long because the log is slow to take them', async () => {
    const trial = await Trial.open();
    const { embedded } = trial;
    const well = await trial.scrape();
    await embedded.stop();
    await embedded.append(
      recordOf('tip.candidates', { user_id: 'ana', decision_id: 'd', requested_at_ms: NOW_MS, candidates }, { timestampMs: NOW_MS }),
    );
    const release = await lockedElsewhere(embedded.directory);
    await embedded.start();
    await vi.waitFor(() => expect(embedded.countOf('applied:tip.candidates')).toBe(1), 10_000);
    trial.nowMs += MINUTE_MS;
    await release();
    await embedded.catchUp();
    const slow = await trial.scrape();
    await fires(
      [
        { scrape: well, minutes: 30 },
        { scrape: slow, minutes: 30 },
      ],
      [
        [29, []],
        [40, ['TipstreamDecisionsSlow']],
        [55, []],
      ],
    );
  });

  it('when a rebuild was interrupted and nobody goes on with it, not while it goes on', async () => {
    const trial = await Trial.open({ partitions: 1 });
    const { embedded } = trial;
    for (let i = 1; i < 30; i++) await trial.serve(`user-${i}`, { partition: 0 });
    await embedded.catchUp();
    const well = await trial.scrape();
    let batches = 2;
    const interrupted = async () => {
      const ended = new AbortController();
      const at = (point: string) => void (point === 'rebuild: batch committed' && --batches === 0 && ended.abort(new Error('enough')));
      await expect(rebuilt(embedded, { batchRecords: 1, signal: ended.signal, at })).rejects.toThrow('enough');
      batches = 3;
      return trial.scrape();
    };
    const [early, later] = [await interrupted(), await interrupted()];
    await fires(
      [
        { scrape: well, minutes: 10 },
        { scrape: early, minutes: 14 },
        { scrape: later, minutes: 30 },
      ],
      [
        [9, []],
        [23, []],
        [35, []],
        [50, ['TipstreamRebuildStuck']],
      ],
    );
  });

  it('when the guardrail takes a promotion back', async () => {
    const trial = await Trial.open({ partitions: 1 });
    const { embedded } = trial;
    const well = await trial.scrape();
    const promotedMs = NOW_MS + DAY_MS;
    trial.nowMs = promotedMs + DAY_MS;
    await appendRollout(embedded, {
      controls: [
        {
          control_id: 'p1',
          type: 'promote',
          effective_at_ms: promotedMs,
          policy: 'egreedy-v2',
          percent: 50,
          rollout_id: 'p1',
        },
      ],
      users: 120,
      fromMs: NOW_MS,
      toMs: promotedMs + DAY_MS,
      everyMs: DAY_MS / 3,
      chance: (policy, inclination) => 0.3 + 0.4 * inclination - (policy === 'egreedy-v2' ? 0.3 : 0),
    });
    await embedded.catchUp();
    await vi.waitFor(async () => expect((await trial.scrape()).samples.get(GUARDRAIL_ROLLBACKS)).toBe(1), {
      timeout: 40_000,
      interval: 500,
    });
    const after = await trial.scrape();
    await fires(
      [
        { scrape: well, minutes: 30 },
        { scrape: after, minutes: 80 },
      ],
      [
        [29, []],
        [36, ['TipstreamGuardrailRolledBack']],
        [100, []],
      ],
    );
  });
});

describe.skipIf(!withPromtool)('data quality fires', () => {
  it('when a feature moves, a topic has faults, a decision had another profile, and when values are stale', async () => {
    const embedded = await embeddedService({ partitions: 2, clock: () => trial.nowMs });
    const trial = Trial.of(embedded, QUALITY_AS_OF_MS);
    const quality = (...argv: string[]) => runCommand([qualityFamily], ['quality', ...argv, '--data', embedded.directory]);
    const looked = async () => {
      trial.nowMs += 2 * MINUTE_MS;
      return [(await embedded.service.dataQuality()).alerts.map(({ kind }) => kind), await trial.scrape()] as const;
    };
    await fill(embedded, qualityRecords());
    await quality('baseline', '--as-of', String(QUALITY_AS_OF_MS - 7 * DAY_MS));
    const [none, well] = await looked();
    const newcomers = Array.from({ length: 60 }, (_, n) =>
      written(
        'tip.feedback',
        { user_id: `n${n}`, tip_id: 'o', action: 'done', reacted_at_ms: QUALITY_AS_OF_MS - 2 * DAY_MS },
        QUALITY_AS_OF_MS,
      ),
    );
    const [scored] = await embedded.records('tip.scored');
    const forged = JSON.parse(scored!.value!.toString()) as { decision_id: string; profile: { features: Record<string, unknown> } };
    forged.decision_id = 'forged';
    forged.profile.features['tip_volume_30d'] = 99;
    await fill(embedded, [...newcomers, written('tip.scored', forged, QUALITY_AS_OF_MS)]);
    expect((await quality('skew')).code).toBe(2);
    const [faults, faulty] = await looked();
    trial.nowMs += 2 * DAY_MS;
    const [later, stale] = await looked();
    expect(none).toEqual([]);
    expect(faults).toEqual(expect.arrayContaining(['drift', 'orphans', 'skew']));
    expect(later).toEqual(expect.arrayContaining(['silence']));
    const now = ['TipstreamFeatureDrifted', 'TipstreamDataQuality', 'TipstreamServingSkew'];
    await fires(
      [
        { scrape: well, minutes: 30 },
        { scrape: faulty, minutes: 30 },
        { scrape: stale, minutes: 30 },
      ],
      [
        [29, []],
        [50, now],
        [85, [...now, 'TipstreamFeatureValuesStale', 'TipstreamNoRecords', 'TipstreamFeaturesStale']],
      ],
    );
  });
});

const GUARDRAIL_ROLLBACKS = 'tipstream_policy_controls{type="rollback",by="guardrail",job="tipstream",instance="127.0.0.1:8080"}';
it.skipIf(!withPromtool)('fires when a disk fills, before a partition stops', async (context) => {
  const mountPoint = mkdtempSync(join(tmpdir(), 'tipstream-filling-'));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=33554432', 'tmpfs', mountPoint], { encoding: 'utf8' });
  onTestFinished(() => {
    spawnSync('umount', [mountPoint]);
    rmSync(mountPoint, { recursive: true, force: true });
  });
  if (mounted.status !== 0 && process.env.CI !== 'true') context.skip(`only root can mount a small disk: ${mounted.stderr}`);
  expect(mounted.status, mounted.stderr).toBe(0);
  const trial = await Trial.open({}, join(mountPoint, 'data'));
  const well = await trial.scrape();
  const { bavail, bsize } = await statfs(mountPoint);
  await writeFile(join(mountPoint, 'others'), Buffer.alloc(bavail * bsize - 2_000_000));
  const filling = await trial.scrape();
  await fires(
    [
      { scrape: well, minutes: 30 },
      { scrape: filling, minutes: 10 },
    ],
    [
      [29, []],
      [36, ['TipstreamDiskFilling']],
    ],
  );
});

it.skipIf(!withPromtool)('every alert has fired here, or fires with a broker', () => {
  const alerts = [...readFileSync(RULES, 'utf8').matchAll(/^ +- alert: (\w+)$/gm)].map(([, name]) => name!);
  const elsewhere = [...FIRED_BY_A_BROKER, ...FIRED_BY_PARTS].filter((name) => !fired.has(name));
  expect([...fired, ...elsewhere].sort()).toEqual(alerts.sort());
});
