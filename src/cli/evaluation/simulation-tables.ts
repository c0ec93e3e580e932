/** What `tipstream simulate` found, as tables. */
import { sparkline } from '../../simulation/chart.js';
import { BUILTIN } from '../../simulation/population.js';
import type { PolicyResult, RegretChange, Stretch } from '../../simulation/result.js';
import type { PriorDocument, SimulationResult } from '../../simulation/simulate.js';
import type { Mean } from '../../simulation/statistics.js';
import type { Output } from '../output/output.js';

const ALL = 'all';

export async function printSimulation(result: SimulationResult, output: Output): Promise<void> {
  const { decisions, users, days, seed, policies, personas, comparisons, curves, first_20 } = result;
  const against = policies[0]!.policy;
  const from = result.population === BUILTIN.name ? '' : ` (${result.population})`;
  await output.write(`${decisions} decisions of ${users} users${from} over ${days} days, seed ${seed}\n\n`);
  if (result.prior !== null) await printPrior(result.prior, output);
  await output.table(
    ['POLICY', 'REWARD', '95%', 'REGRET', '95%', `REGRET AGAINST ${against}`, 'LEARNING CURVE'],
    policies.map((one) => [
      one.policy,
      ...meansOf(one),
      changeOf(result, one.policy, ALL),
      sparkline(curves.find((curve) => curve.policy === one.policy)!.points, curves),
    ]),
  );
  await output.write(`\nThe first 20 decisions of each user, ${first_20.decisions} in all:\n\n`);
  await output.table(
    ['FIRST 20', 'REWARD', '95%', 'REGRET', '95%', `REGRET AGAINST ${against}`],
    first_20.policies.map((one) => [one.policy, ...meansOf(one), changeOf(first_20, one.policy, ALL)]),
  );
  await output.write('\n');
  await output.table(
    ['PERSONA', 'USERS', 'DECISIONS', 'POLICY', 'REWARD', '95%', 'REGRET', '95%', `REGRET AGAINST ${against}`, 'IN THE FIRST 20'],
    personas.flatMap((one) =>
      one.policies.map((each) => [
        one.persona,
        one.users,
        one.decisions,
        each.policy,
        ...meansOf(each),
        changeOf(result, each.policy, one.persona),
        changeOf(first_20, each.policy, one.persona),
      ]),
    ),
  );
  await output.write('\n');
  await output.table(
    ['DIFFERENCE OF REWARD', 'PERSONA', 'MEAN', '95%', ''],
    comparisons
      .filter(({ policy }) => policy !== 'oracle' && policy !== 'random')
      .map((one) => [
        `${one.policy} - ${one.against}`,
        one.persona,
        shown(one.mean),
        span(one),
        one.low > 0 ? 'better' : one.high < 0 ? 'worse' : '',
      ]),
  );
}

async function printPrior({ users, population, decisions_each: each, decided_by: by, lambda, fits }: PriorDocument, output: Output) {
  await output.write(`Priors are of the first ${each} decisions of ${users} other users (${population}) whom ${by} decided for:\n\n`);
  await output.table(
    ['PRIOR OF', 'USERS', 'REWARDS', 'LAMBDA', 'LAMBDA AS THESE USERS SAY', 'NOISE'],
    fits.map((fit) => [
      fit.policy,
      fit.users,
      fit.rewards,
      lambda,
      fit.estimated_lambda === null ? '' : fit.estimated_lambda.toPrecision(3),
      fit.noise.toFixed(3),
    ]),
  );
  await output.write('\n');
}

function meansOf({ reward, regret }: PolicyResult): string[] {
  return [shown(reward.mean), span(reward), shown(regret.mean), span(regret)];
}

/** `-44.1% (-48.0 to -40.2)`; nothing for what the others are compared with. */
function changeOf({ regret_changes }: Stretch, policy: string, persona: string): string {
  const found = regret_changes.find((one) => one.policy === policy && one.persona === persona);
  return found === undefined ? '' : percentOf(found);
}

function percentOf({ mean, low, high }: RegretChange): string {
  const percent = (share: number): string => `${share > 0 ? '+' : ''}${(100 * share).toFixed(1)}`;
  if (mean === null) return '';
  return low === null || high === null ? `${percent(mean)}% (too few users)` : `${percent(mean)}% (${percent(low)} to ${percent(high)})`;
}

function shown(value: number): string {
  return value.toFixed(4);
}

function span({ low, high }: Mean): string {
  return `${shown(low)} to ${shown(high)}`;
}
