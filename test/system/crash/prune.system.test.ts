/** SIGKILL while old tips are forgotten, a slice at a time: docs/semantics.md, "What a crash leaves". */
import { describe, expect, it } from 'vitest';
import { crashesOf } from '../../support/crash/matrix.js';
import { CRASH_PRUNE_LIMITS } from '../../support/crash/settings.js';
import { CrashWorld, PARTITIONS } from '../../support/crash/world.js';
import { TRAFFIC_AS_OF_MS } from '../../support/embedded/traffic.js';

const DAY_MS = 86_400_000;
const RETAIN_MS = 44 * DAY_MS;

interface Pruned {
  readonly slices: number;
  readonly horizonMs: number;
  /** Taken, as the recorded prunes say. */
  readonly taken: number;
  readonly left: number;
}

function prunedIn(world: CrashWorld, partition: number): Pruned {
  const [prunes] = world.embedded.query<{ slices: number; horizonMs: number; taken: number }>(
    partition,
    'SELECT count(*) AS slices, max(horizon_ms) AS horizonMs, coalesce(sum(tips), 0) AS taken FROM prune',
  );
  const [tips] = world.embedded.query<{ left: number }>(partition, 'SELECT count(*) AS left FROM tip');
  return { ...prunes!, ...tips! };
}
const both = (world: CrashWorld) => Array.from({ length: PARTITIONS }, (_, partition) => prunedIn(world, partition));

describe('pruning killed', () => {
  it.concurrent.for(crashesOf('prune'))('at %s, passing %i', async ([point, passing], { onTestFinished }) => {
    const world = await CrashWorld.open(passing);
    onTestFinished(() => world.close());
    await world.restarts();
    const before = both(world);
    expect(before.map(({ taken }) => taken)).toEqual([0, 0]);
    await world.dies(point, passing, { action: 'prune', retainMs: RETAIN_MS });

    // A slice and its record went together: what is missing is what the records say.
    const killed = both(world);
    const committed = point === 'prune: after commit' ? passing : passing - 1;
    expect(killed.reduce((sum, { slices }) => sum + slices, 0)).toBe(committed);
    for (const [partition, { left, taken }] of killed.entries()) expect(left + taken).toBe(before[partition]!.left);
    await world.expectWhole();

    // The next start goes on with the pass, and takes nothing twice.
    await world.restarts({ retainMs: RETAIN_MS, pruneLimits: CRASH_PRUNE_LIMITS });
    for (const [partition, { left, taken, horizonMs }] of both(world).entries()) {
      expect(left + taken).toBe(before[partition]!.left);
      expect(taken).toBeGreaterThan(20);
      expect(horizonMs).toBeLessThan(TRAFFIC_AS_OF_MS - 30 * DAY_MS);
      const times = ['served_at_ms', 'done_at_ms', 'dismiss_at_ms', 'snooze_at_ms'].map((column) => `coalesce(${column}, -1)`).join(', ');
      expect(world.embedded.query(partition, `SELECT tip_id FROM tip WHERE max(${times}) < ?`, horizonMs)).toEqual([]);
    }
    await world.expectRight({ asOf: [TRAFFIC_AS_OF_MS, TRAFFIC_AS_OF_MS + 9 * DAY_MS] });
  });
});
