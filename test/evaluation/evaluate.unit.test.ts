import { describe, expect, it } from 'vitest';
import { evaluate } from '../../src/evaluation/evaluate.js';
import type { EvaluationRow } from '../../src/evaluation/row.js';
import { GATE_THRESHOLDS } from '../../src/evaluation/thresholds.js';
import { seededRandom } from '../support/seeded-random.js';

interface World {
  readonly rows: number;
  /** Mean reward of the arms, by segment. */
  readonly arms: Readonly<Record<string, readonly [a: number, b: number]>>;
  /** Probability of arm b under the logged policy, and under the new one. */
  readonly logged: number;
  readonly next: number;
  readonly missing?: number;
}

function logOf({ rows, arms, logged, next, missing = 0 }: World, seed = 1): EvaluationRow[] {
  const random = seededRandom(seed);
  const segments = Object.keys(arms);
  return Array.from({ length: rows }, (_, i) => {
    const segment = segments[i % segments.length]!;
    const b = random() < logged;
    const reward = random() < arms[segment]![b ? 1 : 0] ? 1 : 0;
    return {
      decisionId: `d${i}`, reward: random() < missing ? null : reward, expected: null, segments: { persona: segment },
      loggedPropensity: b ? logged : 1 - logged, newPropensity: b ? next : 1 - next,
    };
  });
}
const verdictOf = (world: World, simulation?: { low: number; high: number }) => evaluate(logOf(world), GATE_THRESHOLDS, simulation);

describe('the gate', () => {
  it('promotes what is surely better', () => {
    const found = verdictOf({ rows: 20_000, arms: { all: [0.2, 0.6] }, logged: 0.3, next: 0.9 });
    expect(found.verdict).toBe('PROMOTE');
    expect(found.difference.mean).toBeCloseTo(0.6 * 0.4, 1);
    expect(found.ips! - found.logged!).toBeCloseTo(0.24, 1);
    expect(found.reasons.join()).toMatch(/more per decision.*no simulation/s);
  });

  it('holds what is no better, and what is worse', () => {
    expect(verdictOf({ rows: 20_000, arms: { all: [0.4, 0.4] }, logged: 0.3, next: 0.9 })).toMatchObject({ verdict: 'HOLD', reasons: [expect.stringMatching(/no gain is shown/)] });
    expect(verdictOf({ rows: 20_000, arms: { all: [0.6, 0.2] }, logged: 0.3, next: 0.9 }).verdict).toBe('HOLD');
  });

  it('holds what is better on average and harms a segment', () => {
    const found = verdictOf({ rows: 60_000, arms: { many: [0.1, 0.9], also: [0.1, 0.9], few: [0.9, 0.1] }, logged: 0.5, next: 0.9 });
    expect(found.difference.confidence_sequence.low).toBeGreaterThan(0);
    expect(found.verdict).toBe('HOLD');
    expect(found.reasons).toEqual([expect.stringMatching(/persona = few is harmed/)]);
    expect(found.worst_segment).toMatchObject({ segment: 'few', harmed: true });
  });

  it('cannot judge from too little, and says how much would do', () => {
    const found = verdictOf({ rows: 100, arms: { all: [0.2, 0.6] }, logged: 0.3, next: 0.9 });
    expect(found.verdict).toBe('UNEVALUABLE');
    const enough = verdictOf({ rows: Math.ceil((100 + found.more_decisions!) * 1.3), arms: { all: [0.2, 0.6] }, logged: 0.3, next: 0.9 });
    expect(enough.verdict).not.toBe('UNEVALUABLE');
    expect(evaluate([], GATE_THRESHOLDS)).toMatchObject({ verdict: 'UNEVALUABLE', n: 0, ips: null, reasons: ['there is no decision with a reward'] });
  });

  it('cannot judge without overlap, or with propensities that do not fit', () => {
    const never = logOf({ rows: 1000, arms: { all: [0.5, 0.5] }, logged: 0.3, next: 0.9 }).map((row) => ({ ...row, newPropensity: 0 }));
    expect(evaluate(never, GATE_THRESHOLDS)).toMatchObject({ verdict: 'UNEVALUABLE', more_decisions: null });
    const wrong = logOf({ rows: 5000, arms: { all: [0.5, 0.5] }, logged: 0.3, next: 0.9 }).map((row) => ({ ...row, loggedPropensity: row.loggedPropensity / 2 }));
    expect(evaluate(wrong, GATE_THRESHOLDS)).toMatchObject({ verdict: 'UNEVALUABLE', reasons: [expect.stringMatching(/mean weight/)] });
  });

  it('holds when simulation shows no gain', () => {
    const world = { rows: 20_000, arms: { all: [0.2, 0.6] as const }, logged: 0.3, next: 0.9 };
    expect(verdictOf(world, { low: 0.01, high: 0.02 }).verdict).toBe('PROMOTE');
    expect(verdictOf(world, { low: -0.01, high: 0.02 })).toMatchObject({ verdict: 'HOLD', reasons: [expect.stringMatching(/simulation/)] });
  });

  it('reports missing rewards both ways', () => {
    const found = verdictOf({ rows: 10_000, arms: { all: [0.2, 0.6] }, logged: 0.3, next: 0.9, missing: 0.4 });
    expect(found.missing_share).toBeCloseTo(0.4, 1);
    expect(found.n + found.missing_rewards).toBe(10_000);
    expect(found.missing_as_zero.n).toBe(10_000);
    expect(found.missing_as_zero.ips!).toBeLessThan(found.ips!);
  });
});
