import { describe, expect, it } from 'vitest';
import { rolloutOf } from '../../src/cards/rollout.js';
import { historyOf } from '../../src/policies/controls/rollout.js';
import type { ControlEvent } from '../../src/topics.js';

let at = 0;
const control = (type: ControlEvent['type'], more: Partial<ControlEvent> = {}): ControlEvent =>
  ({ control_id: `c${++at}`, type, effective_at_ms: at, ...more }) as ControlEvent;
/** `event live% shadow`, the newest first. */
const steps = (controls: readonly ControlEvent[], policy: string): string[] =>
  rolloutOf(historyOf(controls), policy).map(
    ({ control: by, livePercent, shadow }) => `${by === null ? 'start' : by.type} ${livePercent}${shadow ? ' shadow' : ''}`,
  );

describe("a policy's rollout", () => {
  const gradual = [
    control('configure', { settings: { shadow: 'egreedy-v2' } }),
    control('promote', { policy: 'egreedy-v2', percent: 10 }),
    control('promote', { policy: 'egreedy-v2' }),
    control('configure', { settings: { shadow: 'egreedy-v1' } }),
    control('rollback'),
    control('rollback'),
  ];

  it('is told share by share, for who goes live and for who gives way', () => {
    expect(steps(gradual, 'egreedy-v2')).toEqual([
      'rollback 0',
      'rollback 10',
      'configure 100',
      'promote 100 shadow',
      'promote 10 shadow',
      'configure 0 shadow',
    ]);
    expect(steps(gradual, 'egreedy-v1')).toEqual([
      'rollback 100 shadow',
      'rollback 90 shadow',
      'configure 0 shadow',
      'promote 0',
      'promote 90',
      'start 100',
    ]);
    expect(steps(gradual, 'linucb')).toEqual([]);
  });

  it('leaves out what others did, and what changes nothing', () => {
    const others = [
      control('promote', { policy: 'linucb', percent: 5 }),
      control('configure', { settings: { epsilon: 0.2 } }),
      control('rollback'),
      control('rollback'),
    ];
    expect(steps(others, 'egreedy-v2')).toEqual([]);
    expect(steps(others, 'linucb')).toEqual(['rollback 0', 'promote 5']);
  });

  it('names every event that names the policy', () => {
    expect(steps([control('migrate', { policy: 'egreedy-v2' })], 'egreedy-v2')).toEqual(['migrate 0']);
  });
});
