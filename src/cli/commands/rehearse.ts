import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../../config.js';
import { DAY_MS, MOST_DAYS, People } from '../../demo/rehearsal/people.js';
import { rehearse } from '../../demo/rehearsal/rehearse.js';
import { TipstreamError, UsageError } from '../../errors.js';
import { LOG_FILE_NAME } from '../../log/sqlite/open-database.js';
import { PRIVATE_DIRECTORY_MODE } from '../../private-file.js';
import { parsePersonas, PERSONAS } from '../../simulation/persona.js';
import type { ControlEvent } from '../../topics.js';
import { defineCommand } from '../command.js';
import { sharedControls } from '../control-log.js';
import { readText } from '../input-file.js';
import { candidatesOption, wholeNumber } from '../option-parsers.js';
import type { Output } from '../output/output.js';
import { readRehearsal, writeRehearsal, type RehearsalState } from '../rehearsal-file.js';
import { timeOption } from '../time-argument.js';

const BEGINS_DAYS_AGO = 90;

interface RehearseOptions {
  readonly days: number;
  readonly users?: number;
  readonly newcomers?: number;
  readonly personas?: string;
  readonly candidates?: number;
  readonly seed?: number;
  readonly start?: number;
}

/** Options that say who lives there; what each is without the option. */
const PLAN = { users: 200, newcomers: 0, candidates: 8, seed: 1 } as const;

export const rehearseCommand = defineCommand<RehearseOptions>({
  name: 'rehearse',
  summary: 'Let simulated users live for some days with what the policies decide, to practise a rollout',
  details: [
    'The users are those of `tipstream simulate`, whose rewards are known, on an embedded log of their own. Every decision ' +
      'is made by the service as it runs in production: the live policy decides, what it chose is served, the user ' +
      'reacts, and the guardrail watches. Days take seconds.',
    'The first call says who lives there. Each later call lets the same users live on, for --days more, under the ' +
      'controls that were published meanwhile: give promote, rollback and policies configure the time that this ' +
      'command prints as --effective-at. A --reason is needed where that is more than a day back.',
    'A call that was interrupted goes on where it was with the next one.',
  ].join('\n\n'),
  examples: [
    ['tipstream rehearse --start 2026-09-01 --days 20', '200 users, from a day in the past on'],
    ['tipstream promote egreedy-v2 --data data/rehearsal --percent 20 --effective-at 2026-09-21 --force --reason practice', ''],
    ['tipstream rehearse --days 14', 'and two weeks more'],
  ],
  groups: ['log', 'events', 'consumer', 'policy', 'start'],
  options: [
    { flags: '--days <number>', help: 'how many more days', parse: wholeNumber('--days', 1), default: 20 },
    { flags: '--start <time>', help: 'the first day, UTC, in the past; 90 days ago unless given', parse: timeOption('--start') },
    { flags: '--users <number>', help: `users on the first day (default: ${PLAN.users})`, parse: wholeNumber('--users', 1) },
    {
      flags: '--newcomers <number>',
      help: `users who arrive on each later day (default: ${PLAN.newcomers})`,
      parse: wholeNumber('--newcomers'),
    },
    { flags: '--personas <file>', help: 'JSON array of personas, as for `tipstream simulate`; the built-in ones unless given' },
    { flags: '--candidates <number>', help: `candidates of each decision (default: ${PLAN.candidates})`, parse: candidatesOption },
    { flags: '--seed <number>', help: `another seed is another world (default: ${PLAN.seed})`, parse: wholeNumber('--seed') },
  ],
  json: 'document',
  async run({ options, config: given, output, json, signal }) {
    const config = rehearsalConfig(given);
    const state = await stateOf(options, config, signal);
    const untilMs = state.reachedMs + options.days * DAY_MS;
    refuseTooFar(state, untilMs, Date.now());
    mkdirSync(config.data, { recursive: true, mode: PRIVATE_DIRECTORY_MODE });
    writeRehearsal(config.data, state);
    const result = await live(state, untilMs, config, output, signal);
    if (json) await output.document(result);
    else await print(result, config.data, output);
    signal.throwIfAborted();
  },
});

interface Lived {
  readonly from_ms: number;
  readonly until_ms: number;
  /** Of these days, by the policy that decided. */
  readonly policies: readonly { readonly policy: string; readonly decisions: number; readonly dones: number }[];
  /** Of the guardrail, in these days. */
  readonly rollbacks: readonly ControlEvent[];
  /** Published, and in effect only after these days. */
  readonly pending: readonly ControlEvent[];
}

async function live(state: RehearsalState, untilMs: number, config: Config, output: Output, signal: AbortSignal): Promise<Lived> {
  const [{ createLogger }, { runService }] = await Promise.all([import('../output/logger.js'), import('../running-service.js')]);
  let progress = state;
  // The guardrail looks after each round, and what it does takes effect then: it is the rehearsal's time that it goes by.
  const running = await runService({ ...config, guardrail: false }, createLogger(config), signal, () => progress.reachedMs);
  try {
    const { log, service } = running;
    const total = new Map<string, { decisions: number; dones: number }>();
    await service.caughtUp();
    const { length: before } = await sharedControls(log, config);
    const days = (untilMs - state.reachedMs) / DAY_MS;
    const steps = rehearse(
      {
        log,
        topicPrefix: config.topicPrefix,
        people: new People(state),
        signal,
        caughtUp: () => service.caughtUp(),
        beforeRound: (_, ends) => writeRehearsal(config.data, (progress = { ...progress, begunAt: [...ends] })),
        async afterRound(reachedMs, outcome) {
          progress = { ...progress, reachedMs, begunAt: undefined };
          writeRehearsal(config.data, progress);
          for (const [policy, { decisions, dones }] of outcome) {
            const of = total.get(policy) ?? { decisions: 0, dones: 0 };
            total.set(policy, { decisions: of.decisions + decisions, dones: of.dones + dones });
          }
          if (config.guardrail) await service.lookAtRollouts();
          output.progress(`day ${Math.ceil((reachedMs - state.reachedMs) / DAY_MS)} of ${days}`);
        },
      },
      { fromMs: state.reachedMs, untilMs, ...(state.begunAt === undefined ? {} : { begunAt: new Map(state.begunAt) }) },
    );
    await Promise.race([steps, running.failed]);
    output.progress('');
    const controls = await sharedControls(log, config);
    return {
      from_ms: state.reachedMs,
      until_ms: progress.reachedMs,
      policies: [...total].map(([policy, of]) => ({ policy, ...of })).sort((a, b) => b.decisions - a.decisions),
      rollbacks: controls.slice(before).filter(({ type }) => type === 'rollback'),
      pending: controls.filter(({ effective_at_ms: atMs }) => atMs > progress.reachedMs),
    };
  } finally {
    output.progress('');
    await running.stop();
  }
}

async function print(
  { from_ms: fromMs, until_ms: untilMs, policies, rollbacks, pending }: Lived,
  data: string,
  output: Output,
): Promise<void> {
  await output.write(`from ${timeOf(fromMs)} to ${timeOf(untilMs)}\n\n`);
  await output.table(
    ['POLICY', 'DECISIONS', 'DONE PER DECISION'],
    policies.map(({ policy, decisions, dones }) => [policy, decisions, (dones / decisions).toFixed(4)]),
  );
  for (const { effective_at_ms: atMs, reason } of rollbacks)
    await output.write(`\nrolled back at ${timeOf(atMs)}: ${reason ?? 'no reason'}\n`);
  for (const { type, policy, effective_at_ms: atMs } of pending)
    output.note(`a ${type}${policy == null ? '' : ` of ${policy}`} takes effect at ${timeOf(atMs)}, after these days`);
  await output.write(`\nit is ${timeOf(untilMs)} in ${data}\n`);
}

function rehearsalConfig(config: Config): Config {
  if (config.log !== 'sqlite')
    throw new UsageError('a rehearsal runs on the embedded log', { hint: 'Leave --brokers and KAFKA_BROKERS out.' });
  return {
    ...config,
    data: config.given.has('data') ? config.data : join('data', 'rehearsal'),
    http: null,
    logLevel: config.given.has('logLevel') ? config.logLevel : 'error',
    // Nobody sends anything but this process.
    maxTaskIdleMs: config.given.has('maxTaskIdleMs') ? config.maxTaskIdleMs : 1,
  };
}

/** Of the data directory; of the options where none is there. */
async function stateOf(options: RehearseOptions, { data }: Config, signal: AbortSignal): Promise<RehearsalState> {
  const found = readRehearsal(data);
  if (found !== undefined) {
    const [given] = (['users', 'newcomers', 'personas', 'candidates', 'seed', 'start'] as const).filter(
      (name) => options[name] !== undefined,
    );
    if (given === undefined) return found;
    throw new UsageError(`--${given} is for the first day, and the rehearsal in ${data} has come to ${timeOf(found.reachedMs)}`, {
      hint: 'Leave it out to go on, or begin another rehearsal in another --data.',
    });
  }
  if (existsSync(join(data, LOG_FILE_NAME)))
    throw new TipstreamError('invalid_argument', `the log in ${data} was not begun by a rehearsal, and gets no simulated events`, {
      hint: 'Choose another directory with --data.',
    });
  const startMs = options.start ?? Math.floor(Date.now() / DAY_MS - BEGINS_DAYS_AGO) * DAY_MS;
  if (startMs % DAY_MS !== 0) throw new UsageError('--start must be midnight UTC', { hint: 'Give a date alone, such as 2026-09-01.' });
  return {
    seed: options.seed ?? PLAN.seed,
    personas:
      options.personas === undefined ? [...PERSONAS] : parsePersonas(await readText(options.personas, { signal }), options.personas),
    users: options.users ?? PLAN.users,
    newcomersPerDay: options.newcomers ?? PLAN.newcomers,
    candidates: options.candidates ?? PLAN.candidates,
    startMs,
    reachedMs: startMs,
  };
}

function refuseTooFar({ startMs, reachedMs }: RehearsalState, untilMs: number, nowMs: number): void {
  const mostMs = Math.min(startMs + MOST_DAYS * DAY_MS, Math.floor(nowMs / DAY_MS) * DAY_MS);
  if (untilMs <= mostMs) return;
  const left = Math.max(0, Math.floor((mostMs - reachedMs) / DAY_MS));
  const why = untilMs > nowMs ? 'has not passed yet' : `is more than ${MOST_DAYS} days after the first`;
  throw new UsageError(`it is ${timeOf(reachedMs)} in the rehearsal, and the last of ${(untilMs - reachedMs) / DAY_MS} more days ${why}`, {
    hint: left > 0 ? `Give --days ${left} or fewer.` : 'Begin another rehearsal in another --data, with an earlier --start.',
  });
}

const timeOf = (ms: number): string => new Date(ms).toISOString();
