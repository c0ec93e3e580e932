import { outputFile } from '../../export/output-file.js';
import { inTurns } from '../../in-turns.js';
import { SIMULATED_POLICIES } from '../../policies/registry.js';
import { curvesSvg } from '../../simulation/chart.js';
import { parsePersonas, PERSONAS } from '../../simulation/persona.js';
import { BUILTIN, MIXTURE, opposite, populationOf, type Population } from '../../simulation/population.js';
import { simulate } from '../../simulation/simulate.js';
import { UsageError } from '../../errors.js';
import { defineCommand } from '../command.js';
import { contestantsNamed } from '../evaluation/contestants.js';
import { printSimulation } from '../evaluation/simulation-tables.js';
import { readText } from '../input-file.js';
import { candidatesOption, numberWithin, wholeNumber } from '../option-parsers.js';

interface SimulateOptions {
  readonly users: number;
  readonly days: number;
  readonly candidates: number;
  readonly seed: number;
  readonly policies: string;
  readonly population?: Population;
  readonly personas?: string;
  readonly decisions?: number;
  readonly history: boolean;
  readonly taste?: number;
  readonly priorUsers?: number;
  readonly priorLambda?: number;
  readonly wrongPrior?: boolean;
  readonly svg?: string;
  readonly force?: boolean;
  readonly printPersonas?: boolean;
}

const PRIOR_USERS = 150;
const PRIOR_LAMBDA = 10;
const POPULATIONS: Readonly<Record<string, Population>> = { [BUILTIN.name]: BUILTIN, [MIXTURE.name]: MIXTURE };

export const simulateCommand = defineCommand<SimulateOptions>({
  name: 'simulate',
  summary: 'Let policies meet simulated users whose rewards are known, and compare their rewards',
  details: [
    'Every policy meets the same users, candidates and random outcomes, learns user by user with the code of the live ' +
      'one, and is compared with the first policy named. Regret is measured against an oracle that knows the reward ' +
      'model. Intervals are 95%, over users. What happens in the first 20 decisions of each user is shown apart.',
    'NAME+prior in --policies begins with what was learned from other users: a first cohort, whom egreedy-v1 decides for and who is not ' +
      'tested. With --prior-users alone, each learning policy stands there with and without a prior. NAME+decay explores less ' +
      'the more it knows of a user, as --epsilon-decay says, while the others do not.',
    'Users of the mixture have traits of all built-in personas in shares of their own, with noise.',
    'The same options and seed print the same bytes. No log and no state is read or written.',
  ].join('\n\n'),
  examples: [
    ['tipstream simulate', '200 users over 60 days'],
    [
      'tipstream simulate --users 2000 --svg curves.svg --json > simulation.json',
      'about a million decisions, with learning curves as a picture',
    ],
    ['tipstream simulate --population mixture --no-history --decisions 20', 'newcomers who differ: their first 20 decisions'],
    ['tipstream simulate --no-history --policies egreedy-v1,egreedy-v3+prior', 'what a prior does for newcomers'],
    ['tipstream simulate --prior-users 150 --wrong-prior', 'what it costs when new users want the opposite'],
    ['tipstream simulate --policies egreedy-v1,egreedy-v1+decay --epsilon-decay 5', 'what constant exploration costs'],
    ['tipstream simulate --policies egreedy-v3,egreedy-v4 --taste 1', 'users who prefer one category of six'],
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
      help: 'the first is what the others are compared with; NAME, NAME+prior, NAME+decay or NAME+prior+decay',
      default: SIMULATED_POLICIES.map(({ name }) => name).join(','),
    },
    {
      flags: '--population <name>',
      help: `where users come from: ${Object.keys(POPULATIONS).join(' or ')} (default: builtin)`,
      parse: populationNamed,
    },
    { flags: '--personas <file>', help: 'JSON array of personas instead of a population' },
    { flags: '--no-history', help: 'nobody has a profile before the first decision' },
    { flags: '--decisions <number>', help: 'only the first ones of each user', parse: wholeNumber('--decisions', 1) },
    {
      flags: '--taste <log-odds>',
      help: 'how much likelier a done is for the one category of six that a user prefers (default: as the personas say)',
      parse: numberWithin('--taste', -20, 20),
    },
    {
      flags: '--prior-users <number>',
      help: `users whom a prior is fitted on (default: ${PRIOR_USERS})`,
      parse: wholeNumber('--prior-users', 1),
    },
    {
      flags: '--prior-lambda <number>',
      help: `how many decisions in every direction a prior counts for (default: ${PRIOR_LAMBDA})`,
      parse: numberWithin('--prior-lambda', 0.001, 1e6),
    },
    { flags: '--wrong-prior', help: 'the tested users want the opposite in a candidate of what the users of the prior want' },
    { flags: '--print-personas', help: 'print the built-in personas and do nothing else' },
    { flags: '--svg <file>', help: 'learning curves as a picture' },
    { flags: '--force', help: 'replace the file of --svg if there is one' },
  ],
  json: 'document',
  check({ options: { population, personas, printPersonas } }) {
    if (personas !== undefined && population !== undefined)
      throw new UsageError('--personas are a population of their own: leave --population out');
    if (printPersonas === true && population !== undefined && population !== BUILTIN.name)
      throw new UsageError('--print-personas prints the built-in personas: users of a mixture are drawn one by one');
  },
  async run({ options, config, output, json, signal }) {
    if (options.printPersonas === true) return output.document(PERSONAS);
    const { users, days, candidates, seed, personas, history, taste, population = BUILTIN } = options;
    const { priorUsers, priorLambda, wrongPrior = false } = options;
    const { epsilon, epsilonMin, epsilonDecay } = config;
    const { policies, exploration } = contestantsNamed(options.policies, { epsilon, epsilonMin, epsilonDecay }, priorUsers !== undefined);
    const hasPrior = policies.some(({ prior }) => prior === true);
    if (!hasPrior && (wrongPrior || priorLambda !== undefined || priorUsers !== undefined))
      throw new UsageError(`${wrongPrior ? '--wrong-prior' : '--prior-users or --prior-lambda'} needs a policy that begins with a prior`, {
        hint: 'Name one in --policies, such as egreedy-v3+prior.',
      });
    const from = personas === undefined ? population : populationOf('file', parsePersonas(await readText(personas, { signal }), personas));
    const file = options.svg === undefined ? undefined : outputFile(options.svg, options.force === true);
    try {
      const steps = simulate({
        policies,
        population: wrongPrior ? opposite(from) : from,
        prior: hasPrior ? { users: priorUsers ?? PRIOR_USERS, lambda: priorLambda ?? PRIOR_LAMBDA, population: from } : undefined,
        users,
        days,
        decisionsEach: options.decisions,
        history,
        taste,
        candidates,
        exploration,
        seed,
      });
      const result = await inTurns(steps, signal, ({ done, of, users: who }) => output.progress(`${done} of ${of} ${who}`));
      output.progress('');
      if (file !== undefined) {
        file.write(
          curvesSvg({
            title: `${result.users} simulated users over ${days} days, seed ${seed}`,
            days,
            panels: [
              { label: 'chance of a done per decision, with 95 % bands over users', curves: result.curves },
              { label: 'regret per decision: the chance that is given away, against the best candidate', curves: result.regret_curves },
            ],
          }),
        );
        file.publish();
      }
      if (json) return await output.document(result);
      await printSimulation(result, output);
    } finally {
      output.progress('');
      file?.discard();
    }
  },
});

function populationNamed(text: string): Population {
  if (Object.hasOwn(POPULATIONS, text)) return POPULATIONS[text]!;
  throw new UsageError(`--population must be ${Object.keys(POPULATIONS).join(' or ')}, not ${JSON.stringify(text)}`);
}
