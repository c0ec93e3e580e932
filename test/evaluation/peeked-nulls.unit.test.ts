/**
 * What alpha promises: of policies that are no better, at most 5 of 100 are ever promoted, however often somebody looks. `npm run
 * study:gate` runs 1,000 logs of each kind up to 20,000 decisions; this is what a CI has time for.
 */
import { describe, expect, it } from 'vitest';
import { logGamma } from '../../src/evaluation/beta.js';
import { GATE_THRESHOLDS } from '../../src/evaluation/thresholds.js';
import { randomStream } from '../../src/random.js';
import { betterBy, EvenBet, NULLS, promotedAfter } from '../support/gate-worlds.js';

const RUNS = 400;
const DECISIONS = 6_000;
const LOOKS = 168;
const { alpha } = GATE_THRESHOLDS;
/** A gate that promotes a share of alpha passes each kind with this probability at least. */
const SURE = 0.9999;

/** How likely more than `most` of RUNS are promoted, each with a probability of `share`. */
function chanceOfMore(most: number, share: number): number {
  let chance = 1;
  for (let k = 0; k <= most; k++) {
    const ways = logGamma(RUNS + 1) - logGamma(k + 1) - logGamma(RUNS - k + 1);
    chance -= Math.exp(ways + k * Math.log(share) + (RUNS - k) * Math.log1p(-share));
  }
  return chance;
}
const BOUND = Array.from({ length: RUNS }, (_, most) => most).find((most) => chanceOfMore(most, alpha) <= 1 - SURE)!;

describe(`policies that are no better, looked at ${LOOKS} times`, () => {
  it('the bound follows from the number of runs, and a gate at twice alpha would not pass', () => {
    expect(BOUND).toBe(38);
    const kinds = 2 * Object.keys(NULLS).length;
    expect((1 - chanceOfMore(BOUND, 2 * alpha)) ** kinds).toBeLessThan(1e-4);
  });

  it.each(Object.keys(NULLS).flatMap((name) => [3, 8].map((candidates) => [name, candidates] as const)))(
    '%s, %i candidates',
    (name, candidates) => {
      let promoted = 0;
      for (let run = 0; run < RUNS; run++) {
        const random = randomStream(run, `ci ${name} ${candidates}`);
        if (promotedAfter(random, candidates, NULLS[name]!(run / RUNS), DECISIONS) < Infinity) promoted++;
      }
      expect(promoted).toBeLessThanOrEqual(BOUND);
    },
  );

  it('and it is no gate that promotes nothing: what is better by ten points is promoted within as many decisions', () => {
    const promoted = Array.from({ length: 40 }, (_, run) => promotedAfter(randomStream(run, 'ci gain'), 3, betterBy(0.1), DECISIONS));
    expect(promoted.filter((n) => n < Infinity).length).toBeGreaterThan(20);
  });
});

describe('what is better is promoted as soon as by the exact factor over even rates, to ten percent, on the same logs', () => {
  const RUNS_A_GAIN = 41;
  const MOST = 400_000;
  const median = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[numbers.length >> 1]!;

  it.each([
    [3, 0.05],
    [3, 0.1],
    [8, 0.05],
    [8, 0.1],
  ])('%i candidates, a gain of %d', (candidates, gain) => {
    const [ours, even] = [undefined, (above: number) => new EvenBet(above)].map((betAbove) =>
      median(
        Array.from({ length: RUNS_A_GAIN }, (_, run) =>
          promotedAfter(randomStream(run, `even ${candidates} ${gain}`), candidates, betterBy(gain), MOST, betAbove),
        ),
      ),
    ) as [number, number];
    expect(ours).toBeLessThan(MOST);
    expect(ours).toBeLessThanOrEqual(1.1 * even);
  });
});
