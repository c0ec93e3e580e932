/** No row's numbers contradict its status, whatever is seen. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { lagRow, STALL_AFTER_MS, WARN_AFTER_SECONDS, type OffsetsSeen } from '../../src/log/lag.js';

const offset = fc.nat(12);
const look = fc
  .record({ step: fc.nat(40_000), applied: fc.option(offset), committed: fc.option(offset), bounds: fc.tuple(offset, offset, offset) })
  .map(({ bounds, ...rest }) => {
    const [low, lastStable, highWatermark] = bounds.toSorted((a, b) => a - b) as [number, number, number];
    return { ...rest, low, lastStable, highWatermark };
  });
const facts = fc.record({
  looks: fc.array(look, { minLength: 1, maxLength: 5 }),
  age: fc.option(fc.integer({ min: -1_000, max: 2_000_000 })),
  stopped: fc.option(fc.constant('why'), { nil: undefined }),
  silent: fc.option(fc.constant('quiet'), { nil: undefined }),
  running: fc.boolean(),
  isShared: fc.boolean(),
  onlyMarkers: fc.boolean(),
});

it('a status is proved by its numbers', () => {
  fc.assert(
    fc.property(facts, ({ looks, age, ...rest }) => {
      let atMs = 1_000_000;
      const seen = looks.map(({ step, ...offsets }) => ({ ...offsets, atMs: (atMs += step) })) as unknown as [OffsetsSeen];
      const { low } = seen.at(-1)!;
      const row = lagRow({ nowMs: atMs, group: 'g', topic: 't', partition: 0, seen, oldestMs: age === null ? null : atMs - age, ...rest });
      const { applied_offset: applied, last_stable_offset: stable, high_watermark: high, lag_records: lag, lag_seconds: seconds } = row;
      expect(lag).toBeGreaterThanOrEqual(0);
      expect(row.log_end_offset).toBe(high);
      expect(row.rule).not.toBe('');
      if (row.catch_up_seconds !== null) expect(['ok', 'warn', 'stop']).toContain(row.status);
      switch (row.status) {
        case 'ok':
          expect(applied).not.toBeNull();
          expect(stable).toBe(high);
          if (applied !== high) {
            expect(lag).toBeGreaterThan(0);
            expect(seconds).toBeLessThanOrEqual(WARN_AFTER_SECONDS);
            expect(row.rule).toContain(`<= ${WARN_AFTER_SECONDS}`);
          }
          break;
        case 'warn':
          expect(lag).toBeGreaterThan(0);
          expect(seconds === null || seconds > WARN_AFTER_SECONDS).toBe(true);
          break;
        case 'stall':
          expect(applied).toBeLessThan(stable);
          expect(rest.onlyMarkers).toBe(false);
          if (rest.silent === undefined) expect(atMs - seen[0].atMs).toBeGreaterThanOrEqual(STALL_AFTER_MS);
          break;
        case 'held':
          expect(stable).toBeLessThan(high);
          if (applied! < stable && !rest.onlyMarkers) expect(seconds).toBeLessThanOrEqual(WARN_AFTER_SECONDS);
          break;
        case 'rewind':
          expect(applied).toBeGreaterThan(high);
          break;
        case 'unassigned':
          if (applied === null) break;
          expect(rest.isShared).toBe(true);
          expect(row.committed_offset).toBeGreaterThan(applied);
          break;
        case 'stop':
          expect(rest.stopped !== undefined || !rest.running || applied! < low).toBe(true);
      }
      if (applied !== null && applied < low && row.status !== 'unassigned') expect(row.status).toBe('stop');
      if (rest.stopped !== undefined || (!rest.running && applied !== null)) expect(['stop', 'rewind']).toContain(row.status);
    }),
    { numRuns: 2_000 },
  );
});
