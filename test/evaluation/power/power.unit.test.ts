import { describe, expect, it } from 'vitest';
import { GainTest } from '../../../src/evaluation/bounds/gain-test.js';
import { binomial } from '../../../src/evaluation/power/binomial.js';
import { Pace } from '../../../src/evaluation/power/pace.js';
import { powerTable, usualGains, type PowerQuestion } from '../../../src/evaluation/power/power.js';
import { largestGain } from '../../../src/evaluation/power/supposed-gain.js';
import { ValueShares } from '../../../src/evaluation/power/value-shares.js';
import { GATE_THRESHOLDS } from '../../../src/evaluation/thresholds.js';
import { randomStream } from '../../../src/random.js';

const EPSILON = 0.1;
const REWARD = 0.4;
const [HOUR_MS, DAY_MS] = [3_600_000, 86_400_000];

/** The study's log: epsilon-greedy policies that score another candidate highest in three decisions of ten. */
function studied(candidates: number, decisions = 1_000): ValueShares {
  const values = new ValueShares();
  const floor = EPSILON / candidates;
  const most = 1 - EPSILON + floor;
  const differing = { largest: most / floor, variance: most ** 2 / floor + floor ** 2 / most + (candidates - 2) * floor - 1 };
  for (let i = 0; i < decisions; i++)
    values.add(i % 10 < 3 ? differing : { largest: 1, variance: 0 }, Math.floor(i / 10) % 10 < 10 * REWARD ? 1 : 0, true);
  return values;
}
const asked = (values: ValueShares, more: Partial<PowerQuestion> = {}): PowerQuestion => ({
  values,
  segments: [],
  span: 1,
  thresholds: GATE_THRESHOLDS,
  runs: 1_000,
  ...more,
});

describe('how many decisions it takes', () => {
  // What `npm run study:gate -- --power-runs 1000` prints, where every decision is drawn and bet on by itself.
  it.each([
    [3, 0.1, 2_982],
    [3, 0.05, 10_243],
    [8, 0.1, 7_163],
    [8, 0.05, 25_504],
  ])('%i candidates, a gain of %f: the median agrees with the study to 15 in 100', (candidates, gain, studyMedian) => {
    const [row] = powerTable([gain], asked(studied(candidates)));
    expect(Math.abs(row!.median_decisions! / studyMedian - 1)).toBeLessThan(0.15);
    expect(row).toMatchObject({ gain, slowest: 'gain', reason: null, median_gain_decisions: row!.median_decisions });
    expect(row!.decisions).toBeGreaterThan(1.3 * row!.median_decisions!);
  });

  it('agrees with logs that are drawn and judged decision by decision', () => {
    const [candidates, gain, most] = [3, 0.15, 6_000];
    const better = REWARD + gain / (0.3 * (1 - EPSILON));
    const floor = EPSILON / candidates;
    const promoted = Array.from({ length: 300 }, (_, run) => {
      const random = randomStream(run, 'a log by itself');
      const test = new GainTest(0);
      for (let n = 1; n <= most; n++) {
        const differs = random.chance(0.3);
        const chosen = random.chance(EPSILON) ? random.integer(0, candidates - 1) : 0;
        const weight = !differs || chosen > 1 ? 1 : chosen === 1 ? (1 - EPSILON + floor) / floor : floor / (1 - EPSILON + floor);
        test.add(random.chance(chosen === 1 && differs ? better : REWARD) ? weight - 1 : 0);
        if (n >= 600 && n % 20 === 0 && test.logEvidence >= Math.log(20)) return n;
      }
      return Infinity;
    }).sort((a, b) => a - b);
    const [row] = powerTable([gain], asked(studied(candidates)));
    expect(Math.abs(row!.median_decisions! / promoted[150]! - 1)).toBeLessThan(0.2);
    expect(Math.abs(row!.decisions! / promoted[240]! - 1)).toBeLessThan(0.2);
  });

  it('takes longer for smaller gains, smaller epsilons, and segments of which harm must be excluded', () => {
    const rows = powerTable([0.02, 0.05, 0.1], asked(studied(3)));
    expect(rows.map(({ decisions }) => decisions)).toEqual(rows.map(({ decisions }) => decisions).toSorted((a, b) => b! - a!));
    const few = studied(3, 50);
    const segments = [
      { name: 'hour=day', values: studied(3, 950) },
      { name: 'hour=night', values: few },
    ];
    const [row] = powerTable([0.05], asked(studied(3), { segments }));
    expect(row!.slowest).toBe('hour=night');
    expect(row!.decisions).toBeGreaterThan(2 * rows[1]!.decisions!);
    // The gain itself is another question, and takes as long as without them.
    expect(row!.median_gain_decisions).toBe(rows[1]!.median_gain_decisions);
  });

  it('says why where nobody can say', () => {
    const reasonOf = (values: ValueShares, gain = 0.05) => powerTable([gain], asked(values))[0];
    const unsaid = { decisions: null, median_decisions: null, slowest: null };
    expect(reasonOf(new ValueShares())).toMatchObject({ ...unsaid, reason: 'there are no decisions to go by' });
    const unrewarded = new ValueShares();
    unrewarded.add({ largest: 28, variance: 25 }, 0, false);
    expect(reasonOf(unrewarded)).toMatchObject({ ...unsaid, reason: 'no decision has a reward yet' });
    const alike = new ValueShares();
    alike.add({ largest: 1, variance: 0 }, 1, true);
    expect(reasonOf(alike)).toMatchObject({ ...unsaid, reason: 'the policy would have chosen the same in every decision' });
    const values = studied(3);
    expect(largestGain(values)).toBeCloseTo(0.3 * (1 - EPSILON), 2);
    expect(reasonOf(values, 0.3)).toMatchObject({
      ...unsaid,
      reason: expect.stringMatching(/more than 0\.2\d* cannot be gained$/) as string,
    });
  });

  it('names gains that are possible, of rare rewards too', () => {
    expect(usualGains(asked(studied(8)))).toEqual([0.02, 0.05, 0.1, 0.2]);
    expect(usualGains(asked(new ValueShares()))).toEqual([]);
  });
});

describe('binomial draws', () => {
  it.each([
    [5, 0.3],
    [1_000, 0.01],
    [1_000, 0.4],
    [40, 0.9],
  ])('%i times %f: mean and variance', (n, p) => {
    const random = randomStream(1, `binomial ${n} ${p}`);
    const drawn = Array.from({ length: 20_000 }, () => binomial(random, n, p));
    const mean = drawn.reduce((sum, one) => sum + one, 0) / drawn.length;
    const variance = drawn.reduce((sum, one) => sum + (one - mean) ** 2, 0) / drawn.length;
    expect(Math.abs(mean - n * p)).toBeLessThan(4 * Math.sqrt((n * p * (1 - p)) / drawn.length));
    expect(Math.abs(variance / (n * p * (1 - p)) - 1)).toBeLessThan(0.06);
    expect(Math.min(...drawn)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...drawn)).toBeLessThanOrEqual(n);
  });
  it('is certain at the ends', () => {
    const random = randomStream(1, 'ends');
    expect([binomial(random, 7, 0), binomial(random, 7, 1), binomial(random, 0, 0.5)]).toEqual([0, 7, 0]);
  });
});

describe('the pace of decisions', () => {
  it('is that of the newest week, and of less where there is less', () => {
    const pace = new Pace();
    expect([pace.perDay, pace.newestMs]).toEqual([null, null]);
    for (let hour = 0; hour <= 48; hour++) pace.add(hour * HOUR_MS);
    expect(pace.perDay).toBeCloseTo(49 / 2, 9);
    for (let day = 3; day < 40; day++) for (let i = 0; i < 10; i++) pace.add(day * DAY_MS + i);
    expect(Math.abs(pace.perDay! - 10)).toBeLessThan(2);
    expect(pace.newestMs).toBe(39 * DAY_MS + 9);
  });
  it('cannot be told from decisions within an hour', () => {
    const pace = new Pace();
    for (let i = 0; i < 100; i++) pace.add(i * 1_000);
    expect(pace.perDay).toBeNull();
  });
});
