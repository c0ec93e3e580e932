import { expect, it } from 'vitest';
import { latenciesSince } from '../../../src/consumers/fold/latency-counts.js';
import { PartitionWatch } from '../../../src/service/metrics/partition-watch.js';

const NOTHING = { counts: new Map(), lastMs: new Map(), observed: new Map(), scored: [] };
const counts = (of: Record<string, number>) => ({ ...NOTHING, counts: new Map(Object.entries(of)) });
const scored = (...requests: (readonly [seq: number, requestedAtMs: number])[]) => ({
  ...NOTHING,
  scored: requests.map(([seq, requestedAtMs]) => ({
    policy: 'p',
    explored: false,
    decided: true,
    tookMs: 1,
    request: { seq, requestedAtMs },
  })),
});

it('what an earlier run counted is where counts start from; what falls gains nothing', () => {
  const watch = new PartitionWatch();
  expect(watch.committed(counts({ a: 5, b: 7 }))).toEqual(new Map());
  expect(watch.committed(counts({ a: 8, c: 2 }))).toEqual(new Map(Object.entries({ a: 3, c: 2 })));
  expect(watch.committed(counts({ b: 6 }))).toEqual(new Map());
  expect(watch.committed(counts({ b: 7 }))).toEqual(new Map(Object.entries({ b: 1 })));
});

it('a request is answered when the log has its message, once', () => {
  const watch = new PartitionWatch();
  watch.committed(scored([3, 100], [5, 200]));
  watch.committed(scored([9, 300]));
  expect(watch.published(4, 1_000)).toEqual(latenciesSince([100], 1_000));
  expect(watch.published(4, 1_000)).toEqual(latenciesSince([], 1_000));
  expect(watch.published(9, 2_000)).toEqual(latenciesSince([200, 300], 2_000));
});

it('times only go forward; a record without a timestamp has none', () => {
  const watch = new PartitionWatch();
  watch.found('t', -1, undefined);
  expect([watch.lastRecordMs.size, watch.newestEventMs.size]).toEqual([0, 0]);
  watch.committed({ ...NOTHING, lastMs: new Map([['t', 50]]) });
  watch.found('t', 40, 10);
  expect([watch.lastRecordMs.get('t'), watch.newestEventMs.get('t')]).toEqual([50, 10]);
  // The log's own order counts, whatever the clock of a producer says.
  watch.committed({ ...NOTHING, lastMs: new Map([['t', 45]]) });
  expect(watch.lastRecordMs.get('t')).toBe(45);
});
