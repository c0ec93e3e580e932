/**
 * `npm run study:priors`: what a pooled prior and decaying exploration are worth to simulated newcomers, as a table, and what a prior
 * costs those whom it is wrong for. Changes of regret are against the first policy of each world, with 95% intervals over users. Prints a
 * world when it is done, and at the end what a decision of each policy costs. Exits with 1 where something is not as expected.
 *
 *   npm run study:priors -- --world "built-in, first"   # the worlds whose name begins so
 *   npm run study:priors -- --seed 2 --users 2          # other users, and twice as many
 */
import { parseArgs } from 'node:util';
import { emptyState } from '../src/policies/ridge.js';
import { encodeState } from '../src/policies/ridge-codec.js';
import { policyNamed } from '../src/policies/registry.js';
import { COST, missed, PRIOR_WORLDS, regretChange, worldOptions, type Part, type PriorWorld } from '../src/simulation/prior-study.js';
import type { RegretChange } from '../src/simulation/result.js';
import { simulate, type SimulationResult } from '../src/simulation/simulate.js';
import { finished } from '../test/support/finished.js';
import { scoring, SIZES } from './scoring.js';

const PARTS: readonly Part[] = ['first_20', 'after_40', 'all'];
const CELL_WIDTH = 24;

const { values } = parseArgs({
  options: { seed: { type: 'string', default: '1' }, users: { type: 'string', default: '1' }, world: { type: 'string', default: '' } },
});
const chosen = PRIOR_WORLDS.filter(({ name }) => name.startsWith(values.world));
if (chosen.length === 0)
  throw new Error(`no world is named ${JSON.stringify(values.world)}; there are:\n${PRIOR_WORLDS.map(({ name }) => name).join('\n')}`);
const nameWidth = Math.max(...chosen.flatMap(({ policies }) => policies.map(({ name }) => name.length)));

let misses = 0;
for (const world of chosen) misses += tryWorld(world);
if (values.world === '') misses += costs();
process.exitCode = misses === 0 ? 0 : 1;

function tryWorld(world: PriorWorld): number {
  const before = process.cpuUsage();
  const result = finished(simulate(worldOptions({ ...world, users: Math.round(world.users * Number(values.users)) }, Number(values.seed))));
  const { user, system } = process.cpuUsage(before);
  const notMet = missed(world, result);
  console.log(`${world.name}: ${result.users} users, ${result.decisions} decisions, ${((user + system) / 1e6).toFixed(0)} s of CPU`);
  row('', ['first 20', 'after 40', 'all']);
  const [first, ...others] = world.policies;
  row(
    first!.name,
    PARTS.map((part) => regretIn(result, part)),
  );
  for (const { name } of others)
    row(
      name,
      PARTS.map((part) => shown(regretChange(result, name, part))),
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

function regretIn(result: SimulationResult, part: Part): string {
  const stretch = part === 'all' ? result : result[part];
  return stretch === null ? '' : stretch.policies[0]!.regret.mean.toFixed(4);
}

function shown(change: RegretChange | undefined): string {
  if (change === undefined || change.mean === null || change.low === null || change.high === null) return '';
  const percent = (share: number): string => `${share > 0 ? '+' : ''}${(100 * share).toFixed(0)}`;
  return `${percent(change.mean)} % [${percent(change.low)}, ${percent(change.high)}]`;
}
