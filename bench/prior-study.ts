/**
 * `npm run study:priors`: what a pooled prior and decaying exploration are worth to simulated newcomers, as a table, and what a prior
 * costs those whom it is wrong for. Changes of regret are against the first policy of each world, with 95% intervals over priors, each
 * of which is fitted on other users and tried on users of its own. Prints a world when it is done, and at the end what a decision of
 * each policy costs. Exits with 1 where something is not as expected.
 *
 *   npm run study:priors -- --world "built-in, first"   # the worlds whose name begins so
 *   npm run study:priors -- --seed 2 --cohorts 32       # other users, and more of them
 */
import { parseArgs } from 'node:util';
import { emptyState } from '../src/policies/ridge.js';
import { encodeState } from '../src/policies/ridge-codec.js';
import { policyNamed } from '../src/policies/registry.js';
import { COST, missed, PARTS, PRIOR_WORLDS, study, type PriorWorld, type StudyRow } from '../src/simulation/prior-study.js';
import { LearnedPriors } from '../src/simulation/prior.js';
import { finished } from '../test/support/finished.js';
import { scoring, SIZES } from './scoring.js';

const CELL_WIDTH = 24;

const { values } = parseArgs({
  options: { seed: { type: 'string', default: '1' }, cohorts: { type: 'string', default: '8' }, world: { type: 'string', default: '' } },
});
const chosen = PRIOR_WORLDS.filter(({ name }) => name.startsWith(values.world));
if (chosen.length === 0)
  throw new Error(`no world is named ${JSON.stringify(values.world)}; there are:\n${PRIOR_WORLDS.map(({ name }) => name).join('\n')}`);
const nameWidth = Math.max(...chosen.flatMap(({ policies }) => policies.map(({ name }) => name.length)));

const learned = new LearnedPriors();
let misses = 0;
for (const world of chosen) misses += tryWorld(world);
if (values.world === '') misses += costs();
process.exitCode = misses === 0 ? 0 : 1;

function tryWorld(world: PriorWorld): number {
  const before = process.cpuUsage();
  const result = finished(study(world, { seed: Number(values.seed), cohorts: Number(values.cohorts), learned }));
  const { user, system } = process.cpuUsage(before);
  const notMet = missed(world, result);
  console.log(
    `${world.name}: ${values.cohorts} priors, ${result.users} users, ${result.decisions} decisions, ` +
      `${((user + system) / 1e6).toFixed(0)} s of CPU`,
  );
  row('', ['first 20', 'after 40', 'all']);
  const [first] = world.policies;
  for (const { name } of world.policies)
    row(
      name,
      PARTS.map((part) =>
        shown(
          result.rows.find((one) => one.policy === name && one.part === part),
          name === first!.name,
        ),
      ),
    );
  for (const expectation of notMet) console.log(`NOT AS EXPECTED: ${JSON.stringify(expectation)}`);
  console.log('');
  return notMet.length;
}

/** CPU of a decision, and bytes of a user's state. */
function costs(): number {
  const rows = scoring({ turns: 5, turnMs: 100 });
  const us = (policy: string, candidates: number) =>
    rows.find((one) => one.policy === policy && one.candidates === candidates)!.microseconds;
  const bytes = (policy: string) => encodeState(emptyState(policyNamed(policy).dimension)).length;
  row('CPU of a decision, us', [...SIZES.map((size) => `${size} candidates`), 'state, bytes']);
  for (const policy of [COST.against, COST.policy])
    row(policy, [
      ...SIZES.map((size) => `${us(policy, size).toFixed(1)} (${(us(policy, size) / us(COST.against, size)).toFixed(2)})`),
      `${bytes(policy)}`,
    ]);
  const slow = SIZES.filter((size) => us(COST.policy, size) > COST.cpuAtMost * us(COST.against, size));
  for (const size of slow)
    console.log(`NOT AS EXPECTED: more than ${COST.cpuAtMost} times the CPU of ${COST.against} at ${size} candidates`);
  const large = bytes(COST.policy) > COST.bytesAtMost;
  if (large) console.log(`NOT AS EXPECTED: more than ${COST.bytesAtMost} bytes`);
  return slow.length + Number(large);
}

function row(name: string, cells: readonly string[]): void {
  console.log([name.padEnd(nameWidth), ...cells.map((cell) => cell.padStart(CELL_WIDTH))].join(' ').trimEnd());
}

function shown(found: StudyRow | undefined, isFirst: boolean): string {
  if (found === undefined) return '';
  if (isFirst) return found.regret.toFixed(4);
  const { mean, low, high } = found.change;
  const percent = (share: number | null): string => (share === null ? '?' : `${share > 0 ? '+' : ''}${(100 * share).toFixed(0)}`);
  return `${percent(mean)} % [${percent(low)}, ${percent(high)}]`;
}
