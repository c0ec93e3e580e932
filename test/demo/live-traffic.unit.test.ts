import { describe, expect, it } from 'vitest';
import { liveTraffic, systemClock, type LiveClock } from '../../src/demo/live-traffic.js';
import type { SimulatedRecord } from '../../src/demo/record.js';
import { SCHEMAS } from '../../src/topic-schemas.js';

/** Time passes only by waiting. */
function manualClock(nowMs: number): LiveClock {
  return {
    now: () => nowMs,
    async wait(ms) {
      nowMs += ms;
    },
  };
}

async function take(count: number, startMs: number, ratePerSecond = 10): Promise<SimulatedRecord[]> {
  const stop = new AbortController();
  const records: SimulatedRecord[] = [];
  for await (const record of liveTraffic({ seed: 7, users: 50, ratePerSecond, clock: manualClock(startMs), signal: stop.signal })) {
    records.push(record);
    if (records.length === count) stop.abort();
  }
  return records;
}

const START_MS = Date.UTC(2026, 10, 20, 9);

describe('the live trickle', () => {
  it('comes at about the rate asked for, in order of time', async () => {
    const records = await take(20_000, START_MS, 10);
    expect(records).toHaveLength(20_000);
    expect(records.every(({ timestampMs }, i) => i === 0 || timestampMs >= records[i - 1]!.timestampMs)).toBe(true);
    const seconds = (records.at(-1)!.timestampMs - START_MS) / 1_000;
    expect(records.length / seconds).toBeGreaterThan(8);
    expect(records.length / seconds).toBeLessThan(12);
  });

  it('is valid where it says so, and breaks some', async () => {
    const records = await take(3_000, START_MS);
    for (const { topic, value } of records.filter(({ fault }) => fault === null))
      expect(SCHEMAS[topic].safeParse(value).success).toBe(true);
    expect(records.some(({ fault }) => fault !== null)).toBe(true);
  });

  it('uses decision ids of its own in every run on the same log', async () => {
    const ids = async (startMs: number) =>
      (await take(300, startMs))
        .map(({ value }) => (value as { decision_id?: string } | null)?.decision_id)
        .filter((id) => id !== undefined);
    const first = new Set(await ids(START_MS));
    expect((await ids(START_MS + 1)).some((id) => first.has(id))).toBe(false);
  });

  it('ends when told to, in the middle of a wait on the real clock', async () => {
    const stop = new AbortController();
    const traffic = liveTraffic({ seed: 7, users: 50, ratePerSecond: 0.000_001, clock: systemClock, signal: stop.signal });
    const drained = (async () => {
      let count = 0;
      for await (const _ of traffic) count++;
      return count;
    })();
    setImmediate(() => stop.abort());
    expect(await drained).toBeLessThan(10);
  });
});
