/** What a rebuild says of how far it is: rates over the phase under way, and the time that is left at that rate. */
import { describe, expect, it } from 'vitest';
import { RebuildProgress } from '../../src/cli/output/rebuild-progress.js';
import { changeOf, ChangeList, LISTED_USERS, mergeComparisons } from '../../src/rebuild/changes.js';

describe('progress', () => {
  it('counts what this run does, each phase by itself', () => {
    let nowMs = 5_000;
    const progress = new RebuildProgress(() => nowMs);
    progress.begin([0, 1]);
    const report = (phase: 'replaying' | 'comparing', done: number, total: number) =>
      progress.report({ partition: 0, phase, done, total, folded: 0 });
    expect(progress.lines(9)).toEqual(['partition 0: waiting', 'partition 1: waiting']);
    report('replaying', 60_000, 100_000); // resumed
    nowMs += 2_000;
    report('replaying', 80_000, 100_000);
    expect(progress.lines(9)[0]).toBe('partition 0: replaying 80 %, 10,000 records/s, 2 s left');
    expect(progress.document()).toEqual({
      done: false,
      elapsed_ms: 2_000,
      partitions: [
        { partition: 0, phase: 'replaying', done: 80_000, total: 100_000, per_second: 10_000, eta_s: 2 },
        { partition: 1, phase: 'waiting', done: 0, total: 0, per_second: null, eta_s: null },
      ],
    });
    report('comparing', 0, 50);
    expect(progress.lines(9)[0]).toBe('partition 0: comparing 0 %');
    report('comparing', 50, 50);
    expect(progress.lines(9)[0]).toBe('partition 0: comparing 100 %');
  });

  it('shows as many partitions as there is room for, those under way first', () => {
    const progress = new RebuildProgress(() => 0);
    progress.begin([0, 1, 2, 3, 4]);
    progress.report({ partition: 3, phase: 'replaying', done: 1, total: 10, folded: 1 });
    expect(progress.lines(3)).toEqual(['partition 0: waiting', 'partition 3: replaying 10 %', 'and 3 more']);
    expect(progress.lines(5)).toHaveLength(5);
  });
});

describe('the list of changes', () => {
  it('counts all, keeps the largest, and merges partitions', () => {
    const lists = [0, 1].map((partition) => {
      const list = new ChangeList(partition, null);
      for (let i = 0; i < 2_000; i++)
        list.add(
          `user-${partition}-${String(i).padStart(4, '0')}`,
          i % 2 === 0 ? [] : [changeOf('profile', 'tip_volume_30d', 1_000 + partition, 1_000 + partition - (i % 1_000))],
        );
      return list.finish();
    });
    const { users, changed_users: changed, changed_features: features, changes } = mergeComparisons(lists);
    expect({ users, changed, features }).toEqual({ users: 4_000, changed: 2_000, features: { tip_volume_30d: 2_000 } });
    expect(changes).toHaveLength(LISTED_USERS);
    expect(changes[0]).toMatchObject({ user_id: 'user-0-0999', partition: 0, size: 0.999 });
    expect(changes.map(({ size }) => size)).toEqual(changes.map(({ size }) => size).sort((a, b) => b - a));
    expect(changes.at(-1)!.size).toBeGreaterThan(0.94);
  });

  it('measures a change as a share of the larger value', () => {
    const sizes = [
      [0, 0.5],
      [0.5, 0.25],
      [-1, 1],
      [null, 3],
      ['a', 'b'],
      [10, 9],
    ] as const;
    expect(sizes.map(([live, rebuilt]) => changeOf('profile', 'f', live, rebuilt).size)).toEqual([1, 0.5, 1, 1, 1, 0.1]);
  });
});
