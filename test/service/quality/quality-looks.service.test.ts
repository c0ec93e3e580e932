/** What GET /v1/data-quality has of features and inputs: looked at in small pieces, kept for a while, and never in anybody's way. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { qualityHistorySchema } from '../../../src/http/routes/data-quality-history.js';
import { dataQualitySchema } from '../../../src/http/routes/data-quality.js';
import { qualityFamily } from '../../../src/cli/commands/quality/quality.js';
import { runCommand } from '../../support/cli-in-process.js';
import { embeddedService } from '../../support/embedded/directory.js';
import { DAY_MS, fill, qualityRecords, QUALITY_AS_OF_MS, written } from '../../support/embedded/quality-world.js';
import { countTurns } from '../../support/count-turns.js';
import { samples } from '../../support/exposition.js';

/** Who asks waits for a quarter of `logTimeoutMs`: long enough for a look, however busy the machine is. */
async function world({ logTimeoutMs = 60_000, automaticBaseline = false } = {}) {
  const clock = { nowMs: QUALITY_AS_OF_MS };
  const embedded = await embeddedService({ partitions: 2, clock: () => clock.nowMs, logTimeoutMs, automaticBaseline });
  await fill(embedded, qualityRecords());
  return { embedded, clock };
}

describe('a look', () => {
  it('is what the command says, of the partitions held here, beside lateness', async () => {
    const { embedded, clock } = await world();
    await runCommand(
      [qualityFamily],
      ['quality', 'baseline', '--as-of', String(QUALITY_AS_OF_MS - 7 * DAY_MS), '--data', embedded.directory],
    );
    const document = await embedded.service.dataQuality();
    expect(dataQualitySchema.parse(document)).toEqual(document);
    expect(document).toMatchObject({ verdict: 'could_not_tell', as_of_ms: QUALITY_AS_OF_MS, users: 20, alerts: [], partitions: [0, 1] });
    expect(document.could_not_tell).toEqual([{ about: 'skew', reason: '`tipstream quality skew` has not run here' }]);
    const command = await runCommand(
      [qualityFamily],
      ['quality', '--json', '--as-of', String(QUALITY_AS_OF_MS), '--data', embedded.directory],
    );
    const { partitions: _, late_after_ms: __, lateness: ___, ...found } = document;
    expect(JSON.parse(command.stdout)).toEqual(JSON.parse(JSON.stringify(found)));
    clock.nowMs += 10 * 60_000;
    embedded.service.group.revoked(1);
    const part = await embedded.service.dataQuality();
    expect(part).toMatchObject({ partitions: [0], partitions_missing: [1], as_of_ms: clock.nowMs });
    expect(part.could_not_tell[0]).toMatchObject({ about: 'partitions' });
  });

  it('stands for a minute, and is in the metrics', async () => {
    const { embedded, clock } = await world();
    const metrics = async () => samples(await embedded.service.metrics());
    expect([...(await metrics()).keys()].some((name) => /^tipstream_(feature_null|quality)/.test(name))).toBe(false);
    await embedded.service.dataQuality();
    await fill(embedded, [
      written('tip.served', { tip_id: 'x', user_id: 'newcomer', served_at_ms: QUALITY_AS_OF_MS - 1 }, QUALITY_AS_OF_MS),
    ]);
    expect((await embedded.service.dataQuality()).users).toBe(20);
    clock.nowMs += 61_000;
    expect((await embedded.service.dataQuality()).users).toBe(21);
    const found = await metrics();
    expect(found.get('tipstream_feature_samples{feature="tip_volume_30d"}')).toBe(21);
    expect(found.get('tipstream_feature_null_ratio{feature="completion_rate_30d"}')).toBe(0);
    expect(found.get('tipstream_feature_stale{feature="tip_volume_30d"}')).toBe(0);
    expect(found.has('tipstream_feature_psi{feature="tip_volume_30d"}')).toBe(false); // no baseline
    expect(found.get('tipstream_topic_faults{topic="tip.feedback",fault="orphans"}')).toBe(0);
    expect(found.get('tipstream_quality_alerts{kind="drift"}')).toBe(0);
    expect(found.get('tipstream_quality_timestamp_seconds')).toBe(clock.nowMs / 1_000);
  });

  it('goes on without a baseline that cannot be used, and says so', async () => {
    const { embedded } = await world();
    writeFileSync(join(embedded.directory, 'quality-baseline.json'), '{');
    const { could_not_tell: untold, features } = await embedded.service.dataQuality();
    expect(untold[0]).toMatchObject({ about: 'drift', reason: expect.stringContaining('cannot be read') as string });
    expect(features[0]).toMatchObject({ n: 20, psi: null });
  });

  it('that fails leaves what was found before, with the reason', async () => {
    const { embedded, clock } = await world();
    await embedded.service.dataQuality();
    clock.nowMs += 120_000;
    const read = embedded.faults.read.bind(embedded.faults);
    let refusals = 0;
    embedded.faults.read = (range) => {
      // Lateness is read first, of three topics; the look reads the fourth time.
      if (++refusals > 6) throw new Error('the disk hums');
      return read(range);
    };
    const { could_not_tell: untold, as_of_ms: asOfMs, users } = await embedded.service.dataQuality();
    expect(untold[0]).toEqual({ about: 'the last look', reason: 'Error: the disk hums' });
    expect([asOfMs, users]).toEqual([QUALITY_AS_OF_MS, 20]);
  });

  it('lets others have their turn, and who asks waits for it no longer than a quarter of the time there is', async () => {
    const { embedded } = await world({ logTimeoutMs: 5_000 });
    const users = Array.from({ length: 1_500 }, (_, n) =>
      written('tip.served', { tip_id: 't', user_id: `many-${n}`, served_at_ms: QUALITY_AS_OF_MS - n - 1 }, QUALITY_AS_OF_MS),
    );
    await fill(embedded, users);
    const turns = countTurns();
    let document = await embedded.service.dataQuality();
    for (; document.as_of_ms === null; document = await embedded.service.dataQuality())
      expect(document).toMatchObject({ verdict: 'could_not_tell', features: [], could_not_tell: [{ about: 'the first look' }] });
    expect(document.users).toBe(1_520);
    expect(turns()).toBeGreaterThan(5);
  });
});

describe('the history', () => {
  it('is what the command says, of the partitions held here, and the same for a minute', async () => {
    const { embedded, clock } = await world();
    const asOf = ['--as-of', String(QUALITY_AS_OF_MS)];
    const quality = (...argv: string[]) => runCommand([qualityFamily], ['quality', ...argv, '--data', embedded.directory]);
    await quality('baseline', '--as-of', '2026-11-09');
    const document = await embedded.service.qualityHistory({ by: 'week', last: 2 });
    expect(qualityHistorySchema.parse(document)).toEqual(document);
    expect(document).toMatchObject({ by: 'week', partitions: [0, 1], partitions_missing: [], baseline: { users: 20 }, could_not_tell: [] });
    const command = await quality('history', '--by', 'week', '--last', '2', '--json', ...asOf);
    expect(JSON.parse(command.stdout)).toMatchObject({ periods: document.periods, feature_set: document.feature_set });
    expect(await embedded.service.qualityHistory({ by: 'week', last: 2, asOfMs: clock.nowMs - 1 })).toBe(document);
    expect((await embedded.service.qualityHistory({ by: 'day', last: 1 })).periods).toHaveLength(1);

    embedded.service.group.revoked(1);
    writeFileSync(join(embedded.directory, 'quality-baseline.json'), '{');
    const part = await embedded.service.qualityHistory({ by: 'week', last: 2 });
    expect(part).toMatchObject({ partitions: [0], partitions_missing: [1], baseline: null, could_not_tell: [{ about: 'drift' }] });
    expect(part.periods.at(-1)!.users).toBeLessThan(20);
  });

  it('that takes longer than a request waits is timeout, and names the command', async () => {
    const { embedded } = await world({ logTimeoutMs: 1 });
    await expect(embedded.service.qualityHistory({ by: 'day', last: 31 })).rejects.toMatchObject({
      code: 'timeout',
      hint: expect.stringContaining('tipstream quality history') as string,
    });
  });
});

describe('with --automatic-baseline', () => {
  const people = (count: number, atMs: number) =>
    Array.from({ length: count }, (_, n) => written('tip.served', { tip_id: 't', user_id: `p${n}`, served_at_ms: atMs - n }, atMs));
  const baselineFile = (directory: string) => join(directory, 'quality-baseline.json');

  it('the first baseline is as of the first Monday with full windows, by a look, and none before 100 users are known', async () => {
    const { embedded, clock } = await world({ automaticBaseline: true });
    expect((await embedded.service.dataQuality()).baseline).toBeNull(); // 20 users
    await fill(embedded, people(80, QUALITY_AS_OF_MS - 7 * DAY_MS));
    clock.nowMs += 61_000;
    expect((await embedded.service.dataQuality()).baseline).toBeNull(); // it looks for users once a day
    clock.nowMs += DAY_MS;
    const { baseline } = await embedded.service.dataQuality();
    expect(baseline).toMatchObject({ as_of_ms: Date.UTC(2026, 10, 16), users: 100, partitions_missing: [] });
  });

  it('one that a person stored stays, and so does one that cannot be used', async () => {
    const { embedded, clock } = await world({ automaticBaseline: true });
    await fill(embedded, people(200, QUALITY_AS_OF_MS - 7 * DAY_MS));
    const argv = ['quality', 'baseline', '--as-of', String(QUALITY_AS_OF_MS - DAY_MS), '--data', embedded.directory];
    await runCommand([qualityFamily], argv);
    const stored = readFileSync(baselineFile(embedded.directory), 'utf8');
    await embedded.service.dataQuality();
    expect(readFileSync(baselineFile(embedded.directory), 'utf8')).toBe(stored);
    writeFileSync(baselineFile(embedded.directory), '{');
    clock.nowMs += 61_000;
    await embedded.service.dataQuality();
    expect(readFileSync(baselineFile(embedded.directory), 'utf8')).toBe('{');
    rmSync(baselineFile(embedded.directory));
    clock.nowMs += 61_000;
    expect((await embedded.service.dataQuality()).baseline).toMatchObject({ users: 220 });
  });

  it('a member that holds a part of the partitions stores none', async () => {
    const { embedded } = await world({ automaticBaseline: true });
    await fill(embedded, people(200, QUALITY_AS_OF_MS - 7 * DAY_MS));
    embedded.service.group.revoked(1);
    expect(await embedded.service.dataQuality()).toMatchObject({ partitions: [0], baseline: null });
  });
});
