/**
 * `npm run study:rollouts`: the verdicts on simulated rollouts whose truth is known, as a table. Prints a row when a world is done.
 *
 *   npm run study:rollouts -- --rollouts 100               # fewer: sooner, and less sure
 *   npm run study:rollouts -- --world "200 users, 10 %"    # the worlds whose name begins so
 *   npm run study:rollouts -- --relabellings 499 --seed 2
 */
import { parseArgs } from 'node:util';
import { study } from '../src/simulation/rollouts/study.ts';
import { WORLDS } from '../src/simulation/rollouts/worlds.ts';

const { values } = parseArgs({
  options: {
    rollouts: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    relabellings: { type: 'string', default: '1999' },
    world: { type: 'string', default: '' },
  },
});
const chosen = WORLDS.filter(({ name }) => name.startsWith(values.world));
if (chosen.length === 0)
  throw new Error(`no world is named ${JSON.stringify(values.world)}; there are:\n${WORLDS.map(({ name }) => name).join('\n')}`);

const width = Math.max(...chosen.map(({ name }) => name.length));
const row = (cells) => console.log(cells.map((cell, i) => (i === 0 ? cell.padEnd(width) : cell.padStart(12))).join(' '));
row(['WORLD', 'ROLLED BACK', 'MEDIAN DAY', 'BETTER', 'DECIDED', 'COVERED', 'ALWAYS', 'HALF WIDTH', 'ALARMS', 'CPU s', '']);
/** Of n, when the share is p: two standard deviations of chance. */
const atLeast = (n, p) => n * p - 2 * Math.sqrt(n * p * (1 - p));
let missed = 0;
for (const world of chosen) {
  const before = process.cpuUsage();
  const steps = study(world, { rollouts: Number(values.rollouts), seed: Number(values.seed), relabellings: Number(values.relabellings) });
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  const { user, system } = process.cpuUsage(before);
  const { rollouts, rolledBack, medianDays, better, decided, covered, alwaysCovered, halfWidth, sampleAlarms } = step.value;
  const { rolledBackAtMost = 1, rolledBackAtLeast = 0, coveredAtLeast = 0 } = world.expected;
  const asExpected =
    rolledBack <= rolledBackAtMost * rollouts &&
    rolledBack >= atLeast(rollouts, rolledBackAtLeast) &&
    (decided === 0 || covered >= atLeast(decided, coveredAtLeast));
  if (!asExpected) missed++;
  row([
    world.name,
    `${rolledBack}`,
    medianDays === null ? '-' : medianDays.toFixed(1),
    `${better}`,
    `${decided}`,
    `${covered}`,
    `${alwaysCovered}`,
    halfWidth.toFixed(4),
    `${sampleAlarms}`,
    ((user + system) / 1e6).toFixed(0),
    asExpected ? '' : 'NOT AS EXPECTED',
  ]);
}
process.exitCode = missed === 0 ? 0 : 1;
