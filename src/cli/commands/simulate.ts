import { outputFile } from '../../export/output-file.js';
import { inTurns } from '../../in-turns.js';
import { policyNamed, SIMULATED_POLICIES } from '../../policies/registry.js';
import { curvesSvg, sparkline } from '../../simulation/chart.js';
import { parsePersonas, PERSONAS } from '../../simulation/persona.js';
import { simulate, type SimulationResult } from '../../simulation/simulate.js';
import type { Mean } from '../../simulation/statistics.js';
import { MAX_CANDIDATES } from '../../topics.js';
import { UsageError } from '../../errors.js';
import { defineCommand } from '../command.js';
import { readText } from '../input-file.js';
import { wholeNumber } from '../option-parsers.js';
import type { Output } from '../output/output.js';

interface SimulateOptions {
  readonly users: number;
  readonly days: number;
  readonly candidates: number;
  readonly seed: number;
  readonly policies: string;
  readonly personas?: string;
  readonly svg?: string;
  readonly force?: boolean;
  readonly printPersonas?: boolean;
}

export const simulateCommand = defineCommand<SimulateOptions>({
  name: 'simulate',
  summary: 'Let policies meet simulated users whose rewards are known, and compare their rewards',
  details: [
    'Every policy meets the same users, candidates and random outcomes, learns user by user with the code of the live ' +
      'one, and is compared with the first policy named. Regret is measured against an oracle that knows the reward ' +
      'model. Intervals are 95%, over users.',
    'The same options and seed print the same bytes. No log and no state is read or written.',
  ].join('\n\n'),
  examples: [
    ['tipstream simulate', '200 users over 60 days'],
    [
      'tipstream simulate --users 2000 --svg curves.svg --json > simulation.json',
      'about a million decisions, with learning curves as a picture',
    ],
    ['tipstream simulate --print-personas > mine.json', 'a file to change, for --personas mine.json'],
  ],
  groups: ['policy'],
  options: [
    { flags: '--users <number>', help: 'simulated users', parse: wholeNumber('--users', 1), default: 200 },
    { flags: '--days <number>', help: 'how long they live', parse: wholeNumber('--days', 1), default: 60 },
    { flags: '--candidates <number>', help: 'candidates of each decision, 1 to 200', parse: candidatesOption, default: 8 },
    { flags: '--seed <number>', help: 'another seed is another world', parse: wholeNumber('--seed'), default: 1 },
    {
      flags: '--policies <list>',
      help: 'the first is what the others are compared with',
      default: SIMULATED_POLICIES.map(({ name }) => name).join(','),
    },
    { flags: '--personas <file>', help: 'JSON array of personas instead of the built-in ones' },
    { flags: '--print-personas', help: 'print the built-in personas and do nothing else' },
    { flags: '--svg <file>', help: 'learning curves as a picture' },
    { flags: '--force', help: 'replace the file of --svg if there is one' },
  ],
  json: 'document',
  async run({ options, config, output, json, signal }) {
    if (options.printPersonas === true) return output.document(PERSONAS);
    const policies = [...new Set(options.policies.split(',').map((name) => name.trim()))].map(policyNamed);
    const personas =
      options.personas === undefined ? PERSONAS : parsePersonas(await readText(options.personas, { signal }), options.personas);
    const file = options.svg === undefined ? undefined : outputFile(options.svg, options.force === true);
    try {
      const steps = simulate({
        policies,
        personas,
        users: options.users,
        days: options.days,
        candidates: options.candidates,
        epsilon: config.epsilon,
        epsilonMin: config.epsilonMin,
        epsilonDecay: config.epsilonDecay,
        seed: options.seed,
      });
      const result = await inTurns(steps, signal, (done) => output.progress(`${done} of ${options.users} users`));
      output.progress('');
      if (file !== undefined) {
        file.write(curvesSvg(result.curves, `Chance of a done per decision (seed ${options.seed})`));
        file.publish();
      }
      if (json) return await output.document(result);
      await print(result, output);
    } finally {
      output.progress('');
      file?.discard();
    }
  },
});

async function print(result: SimulationResult, output: Output): Promise<void> {
  const { decisions, users, days, seed, policies, personas, comparisons, curves } = result;
  await output.write(`${decisions} decisions of ${users} users over ${days} days, seed ${seed}\n\n`);
  await output.table(
    ['POLICY', 'REWARD', '95%', 'REGRET', '95%', 'LEARNING CURVE'],
    policies.map(({ policy, reward, regret }) => [
      policy,
      shown(reward.mean),
      span(reward),
      shown(regret.mean),
      span(regret),
      sparkline(curves.find((curve) => curve.policy === policy)!.points, curves),
    ]),
  );
  await output.write('\n');
  await output.table(
    ['PERSONA', 'USERS', 'DECISIONS', 'POLICY', 'REWARD', '95%', 'REGRET', '95%'],
    personas.flatMap((one) =>
      one.policies.map(({ policy, reward, regret }) => [
        one.persona,
        one.users,
        one.decisions,
        policy,
        shown(reward.mean),
        span(reward),
        shown(regret.mean),
        span(regret),
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

function candidatesOption(text: string): number {
  const number = wholeNumber('--candidates', 1)(text);
  if (number <= MAX_CANDIDATES) return number;
  throw new UsageError(`--candidates must be at most ${MAX_CANDIDATES}, not ${number}`);
}

function shown(value: number): string {
  return value.toFixed(4);
}

function span({ low, high }: Mean): string {
  return `${shown(low)} to ${shown(high)}`;
}
