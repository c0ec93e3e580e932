import { describe, expect, it } from 'vitest';
import { Evaluator, type Besides } from '../../src/evaluation/evaluate.js';
import { evaluate } from '../support/evaluation-rows.js';
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
      decisionId: `d${i}`,
      reward: random() < missing ? null : reward,
      weights: null,
      expected: null,
      segments: { persona: segment },
      loggedPropensity: b ? logged : 1 - logged,
      newPropensity: b ? next : 1 - next,
    };
  });
}
const verdictOf = (world: World, besides?: Besides) => evaluate(logOf(world), GATE_THRESHOLDS, besides);

describe('the gate', () => {
  it('promotes what is surely better', () => {
    const found = verdictOf({ rows: 20_000, arms: { all: [0.2, 0.6] }, logged: 0.3, next: 0.9 });
    expect(found.verdict).toBe('PROMOTE');
    expect(found.difference.mean).toBeCloseTo(0.6 * 0.4, 1);
    expect(found.ips! - found.logged!).toBeCloseTo(0.24, 1);
    expect(found.reasons.join()).toMatch(/more per decision.*no simulation/s);
  });

  it('holds what is no better, and what is worse', () => {
    expect(verdictOf({ rows: 20_000, arms: { all: [0.4, 0.4] }, logged: 0.3, next: 0.9 })).toMatchObject({
      verdict: 'HOLD',
      reasons: [expect.stringMatching(/no gain is shown/)],
    });
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
    expect(evaluate([], GATE_THRESHOLDS)).toMatchObject({
      verdict: 'UNEVALUABLE',
      n: 0,
      ips: null,
      reasons: ['there is no decision with a reward'],
    });
  });

  it('cannot judge without overlap, or with propensities that do not fit', () => {
    const never = logOf({ rows: 1000, arms: { all: [0.5, 0.5] }, logged: 0.3, next: 0.9 }).map((row) => ({ ...row, newPropensity: 0 }));
    expect(evaluate(never, GATE_THRESHOLDS)).toMatchObject({ verdict: 'UNEVALUABLE', more_decisions: null });
    const wrong = logOf({ rows: 5000, arms: { all: [0.5, 0.5] }, logged: 0.3, next: 0.9 }).map((row) => ({
      ...row,
      loggedPropensity: row.loggedPropensity / 2,
    }));
    expect(evaluate(wrong, GATE_THRESHOLDS)).toMatchObject({ verdict: 'UNEVALUABLE', reasons: [expect.stringMatching(/mean weight/)] });
  });

  it('does not promote on what was true once: the new policy was better, and is worse now', () => {
    const then = logOf({ rows: 6_000, arms: { all: [0.2, 0.8] }, logged: 0.5, next: 0.9 });
    const since = logOf({ rows: 24_000, arms: { all: [0.8, 0.2] }, logged: 0.5, next: 0.9 }, 2);
    const found = evaluate(
      [...then, ...since].map((row, i) => ({ ...row, decisionId: `d${i}`, segments: {} })),
      GATE_THRESHOLDS,
    );
    expect(found.difference.mean).toBeLessThan(-0.1);
    expect(found.difference.confidence_sequence.high).toBeLessThan(0);
    expect(found.difference.confidence_sequence.low).toBeLessThan(found.difference.mean!);
    expect(found.verdict).toBe('HOLD');
  });

  it('counts reactions that only some choices get for what they are: not for wrong propensities', () => {
    // Who chooses b gets twice as many reactions, half of them dones as before.
    const random = seededRandom(5);
    const rows = logOf({ rows: 20_000, arms: { all: [0.5, 0.5] }, logged: 0.2, next: 0.8 }).map((row) => ({
      ...row,
      reward: random() < (row.loggedPropensity === 0.2 ? 0.8 : 0.2) ? row.reward : null,
    }));
    const found = evaluate(rows, GATE_THRESHOLDS);
    expect(found.mean_weight).toBeGreaterThan(1.3);
    expect(found.missing_as_zero.mean_weight).toBeCloseTo(1, 1);
    expect(found.missing_as_zero.difference.mean).toBeCloseTo(0.6 * (0.4 - 0.1), 1);
    expect(found).toMatchObject({ verdict: 'PROMOTE', segments: [{ harmed: false }] });
  });

  it('finds a harmed segment among many that are too small to judge', () => {
    const rows = logOf({ rows: 12_000, arms: { all: [0.9, 0.1] }, logged: 0.5, next: 0.55 }).map((row, i) => ({
      ...row,
      segments: { persona: 'all', category: `c${i % 4_000}` },
    }));
    const found = evaluate(rows, GATE_THRESHOLDS);
    const judged = found.segments.filter((one) => one.judged);
    expect(judged).toMatchObject([
      { dimension: 'category', segment: 'others', harmed: true, merged: { length: 4_000 } },
      { segment: 'all', harmed: true },
    ]);
  });

  it('names a segment that loses 8 points of 30 and holds, while the average gains', () => {
    for (let seed = 1; seed <= 2; seed++) {
      const rows = logOf({ rows: 20_000, arms: { many: [0.3, 0.4], also: [0.3, 0.4], few: [0.3, 0.22] }, logged: 0.3, next: 0.9 }, seed);
      const found = evaluate(rows, GATE_THRESHOLDS);
      expect(found.missing_as_zero.difference.e_value).toBeGreaterThan(20);
      expect(found).toMatchObject({ verdict: 'HOLD' });
      expect(found.reasons).toEqual([expect.stringMatching(/segment persona = few (is harmed|cannot be excluded)/)]);
    }
  });

  it('holds while harm to a segment cannot be excluded, and says how many of its decisions would do', () => {
    const arms = { most: [0.2, 0.6], small: [0.3, 0.3] } as const;
    const world = (rows: number): EvaluationRow[] => {
      const [most, small] = [
        logOf({ rows, arms: { most: arms.most }, logged: 0.3, next: 0.9 }),
        logOf({ rows: rows / 10, arms: { small: arms.small }, logged: 0.3, next: 0.9 }, 5),
      ];
      return most.flatMap((row, i) => (i % 10 > 0 ? [row] : [row, small[i / 10]!]));
    };
    const found = evaluate(world(2_000), GATE_THRESHOLDS);
    expect(found).toMatchObject({ verdict: 'HOLD', risks: ['persona=small'], verdict_with_risks: 'PROMOTE' });
    expect(found.reasons).toEqual([
      expect.stringMatching(/^harm above 0.05 to the segment persona = small cannot be excluded: .* about \d+ more of its own/),
    ]);
    const { more_decisions: more } = found.segments.find(({ segment }) => segment === 'small')!;
    expect(found.more_decisions).toBe(Math.ceil((more! * 2_200) / 200));
    const later = Math.ceil((2_200 + found.more_decisions! * 2) / 1.1 / 10) * 10;
    expect(evaluate(world(later), GATE_THRESHOLDS)).toMatchObject({ verdict: 'PROMOTE', risks: [], more_decisions: 0 });
  });

  it('says how many more decisions would show a gain that there is, and that none would where there is none', () => {
    const world = { rows: 1_200, arms: { all: [0.3, 0.36] as const }, logged: 0.3, next: 0.9 };
    const found = evaluate(
      logOf(world).map((row) => ({ ...row, segments: {} })),
      GATE_THRESHOLDS,
    );
    expect(found.verdict).toBe('HOLD');
    expect(found.more_decisions).toBeGreaterThan(500);
    const enough = logOf({ ...world, rows: 1_200 + Math.ceil(1.5 * found.more_decisions!) }).map((row) => ({ ...row, segments: {} }));
    expect(evaluate(enough, GATE_THRESHOLDS).verdict).toBe('PROMOTE');
    expect(verdictOf({ ...world, arms: { all: [0.36, 0.3] } }).more_decisions).toBeNull();
  });

  it('holds when simulation shows no gain, or is about something else', () => {
    const world = { rows: 20_000, arms: { all: [0.2, 0.6] as const }, logged: 0.3, next: 0.9 };
    const exploration = { epsilon: 0.1, epsilon_min: null, epsilon_decay: null };
    const compared = { baseline: 'egreedy-v1', exploration, candidates: { low: 2, median: 5, high: 8 } };
    const simulation = { against: 'egreedy-v1', users: 200, low: 0.01, high: 0.02, ...exploration, candidates: 8 };
    expect(verdictOf(world, { simulation, compared })).toMatchObject({ verdict: 'PROMOTE', simulation });
    expect(verdictOf(world, { simulation }).verdict).toBe('PROMOTE');
    // Policies that are equal by construction show no gain there.
    expect(verdictOf(world, { simulation: { ...simulation, low: -0.012, high: 0.008 }, compared }).verdict).toBe('PROMOTE');
    for (const [over, why] of [
      [{ low: -0.03 }, /simulation does not exclude a loss above 0.02/],
      [{ users: 2 }, /the simulation has 2 users, below 50/],
      [{ against: 'random' }, /compares with random, and egreedy-v1 is live/],
      [{ epsilon: 0.9 }, /made at epsilon 0.9, and 0.1 is in effect: simulate with that/],
      [{ candidates: 9 }, /has 9 candidates a decision, where decisions here have 2 to 8: simulate with --candidates 5/],
    ] as const)
      expect(verdictOf(world, { simulation: { ...simulation, ...over }, compared })).toMatchObject({
        verdict: 'HOLD',
        reasons: [expect.stringMatching(why)],
      });
  });

  it('asks for so many decisions that enough of them will have a reward', () => {
    const world = { rows: 1_000, arms: { all: [0.2, 0.6] as const }, logged: 0.3, next: 0.9, missing: 0.8 };
    const { more_decisions: more } = verdictOf(world);
    expect(verdictOf({ ...world, rows: Math.ceil((1_000 + more!) * 1.2) }).ess).toBeGreaterThan(GATE_THRESHOLDS.min_ess);
  });

  it('judges rewards of any range: a dismiss that costs something is a loss, and scaling changes nothing', () => {
    const range = { low: -0.5, high: 0.5 };
    const judged = (rows: readonly EvaluationRow[], of = range) => {
      const evaluator = new Evaluator(GATE_THRESHOLDS, of);
      for (const row of rows) evaluator.add({ ...row, segments: {} });
      return evaluator.result();
    };
    // As often done, and what is not done is dismissed half as often.
    const random = seededRandom(3);
    const fewer = logOf({ rows: 8_000, arms: { all: [0.4, 0.4] }, logged: 0.3, next: 0.9 }).map((row) => ({
      ...row,
      reward: row.reward === 1 ? 0.5 : random() < (row.loggedPropensity === 0.3 ? 0.3 : 0.8) ? -0.5 : null,
    }));
    const found = judged(fewer);
    expect(found).toMatchObject({ verdict: 'PROMOTE' });
    const truth = 0.6 * 0.6 * 0.5 * 0.5;
    expect(found.missing_as_zero.difference.mean).toBeCloseTo(truth, 1);
    const { low, high } = found.missing_as_zero.difference.confidence_sequence;
    expect([low < truth, truth < high, low > -0.5]).toEqual([true, true, true]);
    const worse = judged(fewer.map((row) => ({ ...row, reward: row.reward === null ? null : -row.reward })));
    expect(worse.missing_as_zero.difference.confidence_sequence.high).toBeLessThan(0);
    const dones = logOf({ rows: 4_000, arms: { all: [0.2, 0.6] }, logged: 0.3, next: 0.9 });
    const [whole, half] = [
      judged(dones, { low: 0, high: 1 }),
      judged(
        dones.map((row) => ({ ...row, reward: row.reward! / 2 })),
        { low: 0, high: 0.5 },
      ),
    ];
    expect(half.difference.confidence_sequence.low).toBeCloseTo(whole.difference.confidence_sequence.low / 2, 9);
    expect(half.difference.e_value).toBeCloseTo(whole.difference.e_value, 3);
  });

  it('reports missing rewards both ways', () => {
    const found = verdictOf({ rows: 10_000, arms: { all: [0.2, 0.6] }, logged: 0.3, next: 0.9, missing: 0.4 });
    expect(found.missing_share).toBeCloseTo(0.4, 1);
    expect(found.n + found.missing_rewards).toBe(10_000);
    expect(found.missing_as_zero.n).toBe(10_000);
    expect(found.missing_as_zero.ips!).toBeLessThan(found.ips!);
  });
});

/**
 * Logs as egreedy makes them: epsilon 0.1 over 8 candidates. The new policy is greedy for another one in three decisions of ten, where
 * it earns 0.2 more.
 */
function greedyLog(rows: number, seed: number): EvaluationRow[] {
  const random = seededRandom(seed);
  const [floor, most] = [0.1 / 8, 0.9 + 0.1 / 8];
  return Array.from({ length: rows }, (_, i) => {
    const differs = random() < 0.3;
    const chosen = random() < 0.1 ? Math.floor(random() * 8) : 0;
    const chance = chosen === 0 ? (differs ? 0.4 : 0.6) : differs && chosen === 1 ? 0.6 : 0.3;
    return {
      decisionId: `d${i}`,
      reward: random() < chance ? 1 : 0,
      weights: null,
      expected: null,
      segments: { persona: 'all' },
      loggedPropensity: chosen === 0 ? most : floor,
      newPropensity: chosen === (differs ? 1 : 0) ? most : floor,
    };
  });
}
const GREEDY_GAIN = 0.3 * 0.9 * 0.2;

describe('on logs of a policy that rarely explores', () => {
  it('both intervals hold for the true difference, and no segment is called harmed that gains', () => {
    let [missed, everMissed] = [0, 0];
    for (let run = 0; run < 40; run++) {
      const { difference, segments } = evaluate(greedyLog(3_000, run), GATE_THRESHOLDS);
      const { interval, confidence_sequence: sequence } = difference;
      if (!(interval.low <= GREEDY_GAIN && GREEDY_GAIN <= interval.high)) missed++;
      if (!(sequence.low <= GREEDY_GAIN && GREEDY_GAIN <= sequence.high)) everMissed++;
      expect(segments).toMatchObject([{ harmed: false }]);
    }
    expect(missed).toBeLessThanOrEqual(2);
    expect(everMissed).toBeLessThanOrEqual(2);
  });

  it('enough decisions show the gain', () => {
    expect(evaluate(greedyLog(120_000, 100), GATE_THRESHOLDS)).toMatchObject({ verdict: 'PROMOTE' });
  });
});
