/**
 * How often the gate promotes what is no better, and how soon it promotes what is: `npm run study:gate`. docs/policies.md quotes it,
 * `tipstream policies power` must agree with it, and a test in the CI runs a part of it. Seeds are fixed, so the same figures come out
 * each time.
 */
import { parseArgs } from 'node:util';
import { powerTable } from '../src/evaluation/power/power.js';
import { ValueShares } from '../src/evaluation/power/value-shares.js';
import { GATE_THRESHOLDS } from '../src/evaluation/thresholds.js';
import { randomStream } from '../src/random.js';
import { betterBy, DIFFERS, EPSILON, EvenBet, NULLS, promotedAfter } from '../test/support/gate-worlds.js';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1000' },
    'power-runs': { type: 'string', default: '301' },
    decisions: { type: 'string', default: '20000' },
  },
});
const runs = Number(values.runs);
const powerRuns = Number(values['power-runs']);
const decisions = Number(values.decisions);
const MOST_DECISIONS = 3_000_000;

const median = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1]!;

/** What `policies power` says of the same logs: it draws numbers of decisions, and not one decision after the other. */
function saidByPower(candidates: number, gain: number): number | null {
  const shares = new ValueShares();
  const floor = EPSILON / candidates;
  const most = 1 - EPSILON + floor;
  const differing = { largest: most / floor, variance: most ** 2 / floor + floor ** 2 / most + (candidates - 2) * floor - 1 };
  for (let i = 0; i < 100; i++) shares.add(i < 100 * DIFFERS ? differing : { largest: 1, variance: 0 }, i % 10 < 4 ? 1 : 0, true);
  const [row] = powerTable([gain], { values: shares, segments: [], span: 1, thresholds: GATE_THRESHOLDS, runs: 1_000 });
  return row!.median_decisions;
}

console.log(`false promotions in ${runs} runs of ${decisions} decisions, epsilon ${EPSILON}, alpha ${GATE_THRESHOLDS.alpha}`);
for (const [name, worldOf] of Object.entries(NULLS)) {
  for (const candidates of [3, 8]) {
    let promoted = 0;
    for (let run = 0; run < runs; run++) {
      const random = randomStream(run, `${name} ${candidates}`);
      if (promotedAfter(random, candidates, worldOf(run / runs), decisions) < Infinity) promoted++;
    }
    console.log(`  ${name}, ${candidates} candidates: ${((100 * promoted) / runs).toFixed(1)} %`);
  }
}

console.log(
  `decisions until PROMOTE, the median of ${powerRuns} runs; the median by the exact factor over even rates, on the same logs; and the ` +
    'median that policies power says',
);
for (const candidates of [3, 8]) {
  for (const gain of [0.02, 0.05, 0.1]) {
    const [ours, even] = [undefined, (above: number) => new EvenBet(above)].map((betAbove) =>
      median(
        Array.from({ length: powerRuns }, (_, run) =>
          promotedAfter(randomStream(run, `power ${candidates} ${gain}`), candidates, betterBy(gain), MOST_DECISIONS, betAbove),
        ),
      ),
    );
    console.log(`  gain ${gain}, ${candidates} candidates: ${ours}, ${even}, ${saidByPower(candidates, gain)}`);
  }
}
