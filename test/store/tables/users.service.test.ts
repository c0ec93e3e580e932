import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CounterMap } from '../../../src/projections/counters/counters.js';
import { NumberedCounters } from '../../../src/projections/counters/numbered-counters.js';
import { coreRegistry } from '../../../src/projections/registry.js';
import { PartitionState } from '../../../src/store/partition-state.js';

const NOW_MS = 1_795_900_000_000;

let directory: string;
let state: PartitionState;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tipstream-users-'));
  const identity = { partition: 0, partitions: 1, log: 'sqlite', topicPrefix: '', featureSet: coreRegistry.featureSet } as const;
  state = new PartitionState(join(directory, 'state.db'), identity, coreRegistry);
});
afterEach(() => {
  state.close();
  rmSync(directory, { recursive: true, force: true });
});

describe('users in memory', () => {
  it('hold what they are given as numbers, and write and read it as it was', () => {
    const counters = new CounterMap([
      ['done_category:health', 4],
      ['served', 7],
      ['known', 9],
    ]);
    state.transaction(NOW_MS, () => state.users.keep(state.users.obtain('ana'), { afterMs: 1, untilMs: 2, counters }));
    const held = state.users.find('ana')!;
    expect(held.aggregate.counters).toBeInstanceOf(NumberedCounters);
    state.users.forget();
    const read = state.users.find('ana')!;
    expect(read).not.toBe(held);
    expect(new CounterMap(read.aggregate.counters)).toEqual(counters);
    expect([read.aggregate.afterMs, read.aggregate.untilMs]).toEqual([1, 2]);
    expect([state.users.withUid(read.uid), state.users.withUid(read.uid + 1)]).toEqual([read, undefined]);
  });
});
