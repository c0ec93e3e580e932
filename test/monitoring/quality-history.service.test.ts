/** `tipstream quality history` and `baseline --automatic`. */
import { describe, expect, it } from 'vitest';
import { qualityFamily } from '../../src/cli/commands/quality/quality.js';
import type { HistoryDocument } from '../../src/monitoring/history.js';
import { runCommand } from '../support/cli-in-process.js';
import { embeddedService } from '../support/embedded/directory.js';
import { DAY_MS, fill, qualityRecords, QUALITY_AS_OF_MS, written } from '../support/embedded/quality-world.js';

async function world() {
  const embedded = await embeddedService({ partitions: 2, clock: () => QUALITY_AS_OF_MS });
  const quality = (...argv: string[]) => runCommand([qualityFamily], ['quality', ...argv, '--data', embedded.directory]);
  return { embedded, quality };
}

describe('history', () => {
  it('has all users at the end of each period, and beside them what decisions in it were made with', async () => {
    const { embedded, quality } = await world();
    await fill(embedded, qualityRecords());
    await quality('baseline', '--as-of', '2026-11-16');
    const { code, stdout } = await quality('history', '--by', 'week', '--last', '2', '--as-of', String(QUALITY_AS_OF_MS), '--json');
    const { periods, other_definitions: others } = JSON.parse(stdout) as HistoryDocument;
    expect([code, others]).toEqual([0, 0]);
    expect(periods.map(({ to_ms: to, users, decisions }) => [new Date(to).toISOString(), users, decisions])).toEqual([
      ['2026-11-09T00:00:00.000Z', 20, 42],
      ['2026-11-16T00:00:00.000Z', 20, 42],
    ]);
    const volume = (of: HistoryDocument['periods'][number]['features']) => of.find(({ name }) => name === 'tip_volume_30d')!;
    expect(volume(periods[1]!.features)).toMatchObject({ n: 20, nulls: 0, null_rate: 0, psi: 0, summary: { min: 9, max: 9 } });
    expect(volume(periods[1]!.served)).toMatchObject({ n: 42, summary: { max: 9 } });
    expect(volume(periods[1]!.served).distribution.reduce((sum, { count }) => sum + count, 0)).toBe(42);
    const people = await quality('history', '--last', '1', '--as-of', String(QUALITY_AS_OF_MS));
    expect(people.stdout).toMatch(/^BEFORE +FEATURE +USERS/);
    expect(people.stdout).toMatch(/2026-11-20 +tip_volume_30d +20 +0 +9 +/);
  });

  it('knows days, weeks and months', async () => {
    const { quality } = await world();
    expect(await quality('history', '--by', 'hour')).toMatchObject({
      code: 64,
      stderr: expect.stringContaining('--by must be day, week, month') as string,
    });
  });
});

describe('an automatic baseline', () => {
  it('is as of the first Monday with full windows, once', async () => {
    const { embedded, quality } = await world();
    await fill(embedded, qualityRecords());
    const first = await quality('baseline', '--automatic', '--json');
    expect(first.code).toBe(0);
    expect(JSON.parse(first.stdout)).toMatchObject({ as_of_ms: Date.UTC(2026, 10, 16), users: 20 });
    const again = await quality('baseline', '--automatic', '--json');
    expect(JSON.parse(again.stdout)).toEqual(JSON.parse(first.stdout));
    expect(await quality('baseline', '--automatic', '--as-of', '2026-11-16')).toMatchObject({ code: 64 });
  });

  it('waits for it', async () => {
    const { embedded, quality } = await world();
    const atMs = Date.now() - DAY_MS;
    await fill(embedded, [written('tip.served', { tip_id: 't', user_id: 'ana', served_at_ms: atMs }, atMs)]);
    expect(await quality('baseline', '--automatic')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('windows are full from') as string,
    });
  });
});
