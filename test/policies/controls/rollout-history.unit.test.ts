import { describe, expect, it } from 'vitest';
import { rolloutHistory } from '../../../src/policies/controls/rollout-history.js';
import type { ControlEvent } from '../../../src/topics.js';

const promote = (id: string, atMs: number, over: Partial<ControlEvent> = {}): ControlEvent => ({
  control_id: id,
  type: 'promote',
  effective_at_ms: atMs,
  policy: 'egreedy-v2',
  percent: 10,
  rollout_id: 'p1',
  ...over,
});
const rollback = (id: string, atMs: number, takesBack: string): ControlEvent => ({
  control_id: id,
  type: 'rollback',
  effective_at_ms: atMs,
  takes_back: takesBack,
});
const told = (controls: readonly ControlEvent[], atMs = 100) =>
  rolloutHistory(controls, atMs).map(({ id, policy, split, steps }) => ({
    rollout: [id, policy, split],
    steps: steps.map(({ atMs: ms, percent, promotes }) => [ms, percent, promotes.join(' ')]),
  }));

describe('the rollouts that there have been', () => {
  const raised = [promote('p1', 1), promote('p2', 2, { percent: 50 }), promote('p3', 3, { percent: 100, holdout: 5 })];

  it('are none before the first promote', () => {
    expect(told([])).toEqual([]);
    expect(told(raised, 0)).toEqual([]);
  });

  it('cover more users with each promote of the policy', () => {
    expect(told(raised)).toEqual([
      {
        rollout: ['p1', 'egreedy-v2', 'p1'],
        steps: [
          [1, 10, 'p1'],
          [2, 50, 'p1 p2'],
          [3, 95, 'p1 p2 p3'],
        ],
      },
    ]);
    expect(told(raised, 2)[0]!.steps).toEqual([
      [1, 10, 'p1'],
      [2, 50, 'p1 p2'],
    ]);
  });

  it('go back step by step, and are over with the last one', () => {
    const back = [
      ...raised,
      rollback('r1', 4, 'p3'),
      rollback('r2', 5, 'p2'),
      rollback('r3', 6, 'p1'),
      promote('q1', 7, { rollout_id: 'q1' }),
    ];
    expect(told(back)).toEqual([
      {
        rollout: ['p1', 'egreedy-v2', 'p1'],
        steps: [
          [1, 10, 'p1'],
          [2, 50, 'p1 p2'],
          [3, 95, 'p1 p2 p3'],
          [4, 50, 'p1 p2'],
          [5, 10, 'p1'],
          [6, 0, ''],
        ],
      },
      { rollout: ['q1', 'egreedy-v2', 'q1'], steps: [[7, 10, 'q1']] },
    ]);
  });

  it('of two policies stand side by side', () => {
    const both = [
      promote('p1', 1),
      promote('q1', 2, { policy: 'linucb', rollout_id: 'q1', percent: 20 }),
      promote('p2', 3, { percent: 30 }),
    ];
    expect(told(both)).toEqual([
      {
        rollout: ['p1', 'egreedy-v2', 'p1'],
        steps: [
          [1, 10, 'p1'],
          [3, 30, 'p1 p2'],
        ],
      },
      { rollout: ['q1', 'linucb', 'q1'], steps: [[2, 20, 'q1']] },
    ]);
  });

  it('without a rollout_id are named by the first promote that stands, one after the other', () => {
    const old = { rollout_id: null };
    const controls = [
      promote('p1', 1, old),
      promote('p2', 2, { ...old, percent: 50 }),
      rollback('r1', 3, 'p2'),
      rollback('r2', 3, 'p1'),
      promote('p3', 4, old),
    ];
    expect(told(controls)).toEqual([
      {
        rollout: ['p1', 'egreedy-v2', null],
        steps: [
          [1, 10, 'p1'],
          [2, 50, 'p1 p2'],
          [3, 0, ''],
        ],
      },
      { rollout: ['p3', 'egreedy-v2', null], steps: [[4, 10, 'p3']] },
    ]);
  });

  it('of a promote that is taken back as it comes, there is none', () => {
    expect(told([promote('p1', 5), rollback('r1', 2, 'p1')])).toEqual([]);
  });
});
