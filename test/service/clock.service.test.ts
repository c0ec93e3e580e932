/** A clock that is set back, as clocks are: nothing waits until it has caught up with itself. */
import { describe, expect, it } from 'vitest';
import { MergeQueue } from '../../src/consumers/worker/merge-queue.js';
import { runOf } from '../../src/log/record-run.js';
import { embeddedService } from '../support/embedded/directory.js';

const HOUR_MS = 3_600_000;

describe('a clock that is set back', () => {
  it('does not hold up the publishing of profiles', async () => {
    let nowMs = 500 * HOUR_MS;
    const embedded = await embeddedService({ clock: () => nowMs, partitions: 1 });
    await embedded.start();
    await embedded.produce('tip.served', { user_id: 'a', tip_id: 't1', served_at_ms: 1_000 });
    await expect.poll(() => embedded.records('profile.features')).toHaveLength(1);
    nowMs -= HOUR_MS;
    await embedded.produce('tip.served', { user_id: 'a', tip_id: 't2', served_at_ms: 1_000 });
    await expect.poll(() => embedded.records('profile.features')).toHaveLength(2);
  });

  it('does not prolong the wait for a topic that has not come', () => {
    const merged = new MergeQueue({ topics: ['facts', 'commands'], maxIdleMs: 100 }, new Map(), new Map([['facts', 1]]));
    const records = runOf([{ topic: 'commands', partition: 0, offset: 0, timestampMs: 5, key: null, value: null, headers: [] }]);
    merged.add({ topic: 'commands', partition: 0, records, fromOffset: 0, nextOffset: 1, endOffset: 1 });
    const taken = (at: number) => merged.take(10, at).segments.length;
    expect(taken(500 * HOUR_MS)).toBe(0);
    expect(taken(499 * HOUR_MS)).toBe(0);
    expect(taken(499 * HOUR_MS + 99)).toBe(0);
    expect(taken(499 * HOUR_MS + 100)).toBe(1);
  });
});
