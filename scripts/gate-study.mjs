/**
 * How often the gate promotes what is no better, and how soon it promotes what is: `npm run study:gate`. docs/policies.md quotes it.
 *
 * Every world is looked at again and again while decisions come in, from 200 on and then whenever there are two percent more. The null
 * worlds have no gain in any decision, or none on average. Seeds are fixed, so the same figures come out each time.
 */
import { parseArgs } from 'node:util';
import { GainTest } from '../dist/evaluation/bounds/gain-test.js';
import { EffectiveSize } from '../dist/evaluation/effective-size.js';
import { GATE_THRESHOLDS } from '../dist/evaluation/thresholds.js';
import { randomStream } from '../dist/random.js';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1000' },
    'power-runs': { type: 'string', default: '101' },
    decisions: { type: 'string', default: '20000' },
  },
});
const [runs, powerRuns, decisions] = [values.runs, values['power-runs'], values.decisions].map(Number);
const { alpha, min_ess: minEss } = GATE_THRESHOLDS;
const EPSILON = 0.1;
const FIRST_LOOK = 200;
const MORE_A_LOOK = 1.02;

/**
 * A log as epsilon-greedy makes it: in a share of the decisions the new policy scores another candidate highest, number 1 instead of
 * number 0. `chance(candidate, i, differs)` is how likely that is done, and `missing(candidate, i)` that no reward comes.
 */
function* valuesOf({ random, candidates, share, chance, missing = () => 0 }) {
  const floor = EPSILON / candidates;
  const most = 1 - EPSILON + floor;
  for (let i = 0; ; i++) {
    const differs = random.next() < share;
    const candidate = random.next() < EPSILON ? random.integer(0, candidates - 1) : 0;
    const weight = !differs || candidate > 1 ? 1 : candidate === 1 ? most / floor : floor / most;
    const done = random.next() < chance(candidate, i, differs) && random.next() >= missing(candidate, i);
    yield [weight, done ? weight - 1 : 0];
  }
}

/** How many decisions it takes to promote; Infinity: not within `most`. */
function promotedAfter(world, most) {
  const [test, size] = [new GainTest(GATE_THRESHOLDS.min_gain), new EffectiveSize()];
  let [n, look] = [0, FIRST_LOOK];
  for (const [weight, z] of valuesOf(world)) {
    test.add(z);
    size.add(weight);
    if (++n < look) continue;
    if (size.value >= minEss && test.logEvidence >= Math.log(1 / alpha)) return n;
    if (n >= most) return Infinity;
    look = Math.min(most, Math.ceil(look * MORE_A_LOOK));
  }
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];

/** Each answers a world without a gain. */
const NULLS = {
  constant: () => ({ chance: () => 0.4 }),
  // Number 1 is better in every other decision, and worse in the others.
  'differing by candidate': () => ({
    chance: (candidate, i) => (candidate === 0 ? 0.4 : candidate === 1 ? (i % 2 === 0 ? 0.2 : 0.6) : 0.7),
  }),
  'drifting mean': () => ({ chance: (candidate, i) => 0.4 + 0.3 * Math.sin(i / 700) }),
  // Worse first and better afterwards, so that it is never better on average.
  'loss that turns into a gain': () => ({ chance: (candidate, i) => (candidate === 1 ? 0.4 - 0.3 * Math.sin(i / 1_500) : 0.4) }),
  'missing rewards': (run) => ({ chance: () => 0.5, missing: () => (0.6 * run) / runs }),
  'rewards missing by candidate': (run) => ({
    chance: (candidate) => (candidate === 1 ? 0.8 : 0.4),
    // Who chooses number 1 does it twice as often, and half of its rewards never come.
    missing: (candidate) => (candidate === 1 ? 0.5 + 0.25 * (run / runs) : 0.5 * (run / runs)),
  }),
};

console.log(`false promotions in ${runs} runs of ${decisions} decisions, epsilon ${EPSILON}, alpha ${alpha}`);
for (const [name, world] of Object.entries(NULLS)) {
  for (const candidates of [3, 8]) {
    let promoted = 0;
    for (let run = 0; run < runs; run++) {
      const random = randomStream(run, `${name} ${candidates}`);
      if (promotedAfter({ random, candidates, share: 0.3, ...world(run) }, decisions) < Infinity) promoted++;
    }
    console.log(`  ${name}, ${candidates} candidates: ${((100 * promoted) / runs).toFixed(1)} %`);
  }
}

console.log(`decisions until PROMOTE, the median of ${powerRuns} runs`);
for (const candidates of [3, 8]) {
  for (const gain of [0.02, 0.05, 0.1]) {
    const better = 0.4 + gain / (0.3 * (1 - EPSILON));
    const world = { candidates, share: 0.3, chance: (candidate, _, differs) => (candidate === 1 && differs ? better : 0.4) };
    const needed = Array.from({ length: powerRuns }, (_, run) =>
      promotedAfter({ random: randomStream(run, `power ${candidates} ${gain}`), ...world }, 3_000_000),
    );
    console.log(`  gain ${gain}, ${candidates} candidates: ${median(needed)}`);
  }
}
