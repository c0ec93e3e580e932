import { randomUUID } from 'node:crypto';
import { priorSums, type PriorSums } from '../../../analysts/prior-sums.js';
import { TipstreamError, UsageError } from '../../../errors.js';
import { inTurns } from '../../../in-turns.js';
import { setPriorAt, takesPrior, type PriorSetting } from '../../../policies/controls/prior-settings.js';
import { rewardRulesAt, rewardsDocument } from '../../../policies/controls/reward-rules.js';
import type { PolicyDefinition } from '../../../policies/policy.js';
import { fitPrior, LAMBDA_SEARCH, type PriorFit } from '../../../policies/prior/fit.js';
import { policyNamed } from '../../../policies/registry.js';
import { vectorFingerprint } from '../../../policies/vector-fingerprint.js';
import { refuseBackDated } from '../../../producer/back-dated.js';
import { MAX_TIME_MS, type ControlEvent } from '../../../topics.js';
import { defineCommand } from '../../command.js';
import { openControlLog } from '../../control-log.js';
import type { Output } from '../../output/output.js';
import { noteMissing, registryFor, stateSource } from '../../state-source.js';
import { timeOption } from '../../time-argument.js';
import { shown } from '../../../evaluation/shown.js';

/** Below, a prior hardly helps; above, users cannot learn away from one that is wrong for them. */
const LAMBDA = { least: 3, most: 30, default: 10 } as const;
const ESTIMATED = 'estimated';

interface PriorOptions {
  readonly since?: number;
  readonly until?: number;
  readonly lambda: number | typeof ESTIMATED;
  readonly off?: boolean;
  readonly effectiveAt?: number;
  readonly reason?: string;
  readonly dryRun?: boolean;
}

export const priorCommand = defineCommand<PriorOptions>({
  name: 'prior',
  arguments: '<policy>',
  summary: 'Fit a prior on all users, from which users without rewards start',
  details: [
    "Fits theta_0, what a user's theta is taken to be before the user has rewards, by generalised least squares on the " +
      "first 100 decisions of each user in --data, in the policy's own vectors, whichever policy made them. Where these " +
      'have fewer than 5000 rewards, up to 300 decisions of each user count. Users with fewer than 5 rewards do not count ' +
      'towards the 100 users without which there is no prior.',
    'Appends a configure to policy.control with theta_0 and lambda: it holds for decisions requested from its effective ' +
      'time on, which is after those that it was fitted on. Sums stay as they are: scores are (G + lambda I)^-1 (b + ' +
      'lambda theta_0) . x from then on. It is stale, and does not hold, for decisions whose reactions are worth something ' +
      'else than now.',
    'lambda says for how many rewards a user the prior counts as much as the user does. The estimate is printed, and ' +
      '--lambda estimated takes it. A larger lambda makes a prior harder to unlearn for users for whom it is wrong.',
  ].join('\n\n'),
  examples: [
    ['tipstream policies prior egreedy-v3 --dry-run', 'what it would be'],
    ['tipstream policies prior egreedy-v3', 'fitted and in effect'],
    ['tipstream policies prior egreedy-v3 --since 2026-10-01 --lambda estimated', 'of decisions since then, with the estimate'],
    ['tipstream policies prior egreedy-v3 --off', 'newcomers start from nothing again'],
  ],
  groups: ['log', 'kafka', 'events', 'registry'],
  options: [
    { flags: '--since <time>', help: 'fit on decisions requested at or after; Unix ms or ISO 8601', parse: timeOption('--since') },
    { flags: '--until <time>', help: 'fit on decisions requested before; now unless given', parse: timeOption('--until') },
    {
      flags: '--lambda <number>',
      help: `${LAMBDA.least} to ${LAMBDA.most}, or ${ESTIMATED}: how much the prior counts`,
      parse: lambdaOption,
      default: LAMBDA.default,
    },
    { flags: '--off', help: 'take the prior away; fits nothing' },
    { flags: '--effective-at <time>', help: 'Unix ms or ISO 8601; now unless given', parse: timeOption('--effective-at') },
    { flags: '--reason <text>', help: 'recorded with it' },
    { flags: '--dry-run', help: 'say what it would do, and append nothing' },
  ],
  json: 'document',
  check({ args: [name], options: { since, until, off } }) {
    const policy = policyNamed(name!);
    if (!takesPrior(policy)) throw new UsageError(`${policy.name} takes no prior: only policies that choose by theta alone do`);
    if (off === true && (since !== undefined || until !== undefined))
      throw new UsageError('--off fits nothing: leave --since and --until out');
    if (since !== undefined && until !== undefined && Number(since) >= Number(until))
      throw new UsageError('--since must be before --until');
  },
  changes: ({ args: [name], options: { dryRun = false, off = false, reason } }) =>
    dryRun
      ? undefined
      : {
          action: 'policy.configure',
          target: { kind: 'policy', id: name! },
          details: { prior: off ? 'off' : 'fitted', ...(reason === undefined ? {} : { reason }) },
        },
  async run({ args: [name], options, config, output, json, signal, changed }) {
    const policy = policyNamed(name!);
    const { since: sinceMs = 0, off = false, dryRun = false, reason } = options;
    const nowMs = Date.now();
    const effectiveAtMs = options.effectiveAt ?? nowMs;
    refuseBackDated({ effective_at_ms: effectiveAtMs, reason }, nowMs);
    const control = await openControlLog(config, { readOnly: dryRun });
    try {
      const { controls } = control;
      const publish = async (prior: PriorSetting): Promise<Published> => {
        const event: ControlEvent = {
          control_id: `prior-${randomUUID()}`,
          type: 'configure',
          effective_at_ms: effectiveAtMs,
          settings: { prior },
          ...(reason === undefined ? {} : { reason }),
        };
        if (!dryRun) await control.producer.sendAll([{ topic: 'policy.control', event }]);
        changed({ details: { control_ids: [event.control_id], effective_at_ms: effectiveAtMs } });
        return { control_id: dryRun ? null : event.control_id, effective_at_ms: effectiveAtMs, dry_run: dryRun };
      };
      const replaced = setPriorAt(controls, effectiveAtMs, policy)?.control.control_id ?? null;
      if (off) {
        const published = {
          policy: policy.name,
          replaces: replaced,
          off,
          ...(replaced === null ? UNCHANGED : await publish({ policy: policy.name })),
        };
        if (json) return await output.document({ ...published, dry_run: dryRun });
        return await output.write(offWords(policy.name, replaced, dryRun, effectiveAtMs));
      }
      const worth = rewardRulesAt(controls, effectiveAtMs);
      const untilMs = options.until ?? Math.min(MAX_TIME_MS, nowMs);
      const sums = await priorSums({
        state: stateSource(config),
        registry: registryFor(config),
        policy,
        controls,
        worthAtMs: effectiveAtMs,
        sinceMs,
        untilMs,
        signal,
        onProgress: (done, total) => output.progress(`${done} of ${total} users`),
      });
      noteMissing(output, sums.missing);
      sayLeftOut(sums, output);
      output.progress(`fitting ${policy.dimension} entries on ${sums.users.length} users`);
      const fit = await fitted(sums, options.lambda, signal).finally(() => output.progress(''));
      refuseOverlap(sums, effectiveAtMs);
      const published = await publish({
        policy: policy.name,
        theta: [...fit.theta],
        lambda: fit.lambda,
        positions: sums.positions,
        vectors: vectorFingerprint(policy),
        rewards: rewardsDocument(worth),
      });
      const document = {
        policy: policy.name,
        replaces: replaced,
        off,
        ...published,
        ...fitDocument(policy, sums, fit, { sinceMs, untilMs }),
      };
      sayWhatToKnow(fit, document, output);
      if (json) return await output.document(document);
      await print(document, output);
    } finally {
      output.progress('');
      await control.close();
    }
  },
});

interface Published {
  /** null: nothing was written. */
  readonly control_id: string | null;
  readonly effective_at_ms: number | null;
  readonly dry_run: boolean;
}

const UNCHANGED: Omit<Published, 'dry_run'> = { control_id: null, effective_at_ms: null };

/** Throws not_enough_data, also for rewards that never vary, and invalid_argument for an estimate that is not accepted. */
async function fitted({ users }: PriorSums, lambda: PriorOptions['lambda'], signal: AbortSignal): Promise<PriorFit> {
  const fit = await inTurns(fitPrior(users, lambda === ESTIMATED ? LAMBDA.default : lambda), signal);
  const { estimatedLambda: estimate } = fit;
  if (estimate === null)
    throw new TipstreamError('not_enough_data', `the rewards of these ${fit.users} users do not vary: there is nothing to fit`, {
      hint: 'Look at what was recorded: `tipstream policies list` shows what reactions are worth.',
    });
  if (lambda !== ESTIMATED) return fit;
  if (estimate < LAMBDA.least || estimate > LAMBDA.most)
    throw new TipstreamError(
      'invalid_argument',
      `the estimate of lambda, ${shown(estimate)}, is not from ${LAMBDA.least} to ${LAMBDA.most}`,
      {
        hint: `Give a number with --lambda: ${estimate < LAMBDA.least ? 'users differ much' : 'users hardly differ'} in these decisions.`,
      },
    );
  return inTurns(fitPrior(users, estimate), signal);
}

/** Throws invalid_argument: a prior must not be judged on what it was fitted on. */
function refuseOverlap({ newestAtMs }: PriorSums, effectiveAtMs: number): void {
  if (newestAtMs === null || newestAtMs < effectiveAtMs) return;
  const [effective, newest] = [effectiveAtMs, newestAtMs].map((ms) => new Date(ms).toISOString());
  throw new TipstreamError('invalid_argument', `a prior from ${effective} on may not be fitted on decisions up to ${newest}`, {
    hint: `An evaluation would judge it by what it knows. Give --until ${effective}, or a later --effective-at.`,
  });
}

interface FitDocument {
  readonly lambda: number;
  readonly estimated_lambda: number | null;
  readonly users: number;
  readonly users_known: number;
  readonly rewards: number;
  readonly decisions_per_user: number;
  /** Standard deviation of a reward around x . theta of the user. */
  readonly noise: number;
  readonly theta: readonly { readonly entry: string; readonly value: number; readonly standard_error: number | null }[];
  readonly left_out: PriorSums['leftOut'];
  readonly since_ms: number;
  readonly until_ms: number;
  readonly positions: PriorSums['positions'];
  readonly partitions_missing: readonly number[];
  readonly vectors: string;
}

type Document = FitDocument & Published & { readonly policy: string; readonly replaces: string | null };

function fitDocument(
  policy: PolicyDefinition,
  sums: PriorSums,
  fit: PriorFit,
  { sinceMs, untilMs }: { readonly sinceMs: number; readonly untilMs: number },
): FitDocument {
  return {
    lambda: fit.lambda,
    estimated_lambda: fit.estimatedLambda,
    users: fit.users,
    users_known: sums.usersKnown,
    rewards: fit.rewards,
    decisions_per_user: sums.decisionsPerUser,
    noise: fit.noise,
    theta: fit.theta.map((value, i) => ({
      entry: policy.featureNames[i]!,
      value,
      standard_error: fit.undetermined.includes(i) ? null : fit.standardErrors[i]!,
    })),
    left_out: sums.leftOut,
    since_ms: sinceMs,
    until_ms: untilMs,
    positions: sums.positions,
    partitions_missing: sums.missing,
    vectors: vectorFingerprint(policy),
  };
}

function sayWhatToKnow({ undetermined, estimatedLambda }: PriorFit, { theta, replaces }: Document, output: Output): void {
  if (undetermined.length > 0)
    output.note(`these users tell nothing of ${undetermined.map((i) => theta[i]!.entry).join(', ')}: theta_0 is 0 there`);
  if (estimatedLambda !== null && estimatedLambda >= 0.99 * LAMBDA_SEARCH.high)
    output.note('the estimate of lambda is as high as it goes: these users do not differ measurably');
  if (replaces !== null) output.note(`it takes the place of ${replaces}`);
}

function sayLeftOut({ leftOut }: PriorSums, output: Output): void {
  for (const [why, count] of Object.entries(leftOut))
    output.note(`${count} rewarded decisions do not count: ${LEFT_OUT[why as keyof typeof LEFT_OUT]}`);
}

const LEFT_OUT: Readonly<Record<keyof Required<PriorSums['leftOut']>, string>> = {
  'other rewards': 'reactions were worth something else when they were made',
  'no vectors': 'their records do not hold what the vectors are made of',
};

async function print(document: Document, output: Output): Promise<void> {
  const { policy, users, users_known: known, rewards, decisions_per_user: limit, dry_run: dry, effective_at_ms: atMs } = document;
  const of = users < known ? ` (of ${known} with a reward)` : '';
  await output.write(
    `${policy}: ${users} users${of} with ${rewards} rewards in their first ${limit} decisions\n` +
      `lambda ${shown(document.lambda)}, estimated ${shown(document.estimated_lambda!)}; ` +
      `rewards vary by ${shown(document.noise)} around a user's own theta\n`,
  );
  await output.table(
    ['ENTRY', 'THETA_0', 'STANDARD ERROR'],
    document.theta.map(({ entry, value, standard_error: error }) => [entry, value.toFixed(4), error === null ? null : error.toFixed(4)]),
  );
  const when = new Date(atMs!).toISOString();
  await output.write(
    dry
      ? `users without rewards would start from this from ${when} on; nothing was written\n`
      : `users without rewards start from this from ${when} on\nback: tipstream policies prior ${policy} --off\n`,
  );
}

function offWords(policy: string, replaced: string | null, dry: boolean, atMs: number): string {
  if (replaced === null) return `nothing to do: ${policy} has no prior\n`;
  return `${policy} ${dry ? 'would have' : 'has'} no prior from ${new Date(atMs).toISOString()} on; it was ${replaced}\n`;
}

function lambdaOption(text: string): number | typeof ESTIMATED {
  if (text === ESTIMATED) return text;
  const lambda = /^\d{1,2}(\.\d{1,9})?$/.test(text) ? Number(text) : NaN;
  if (lambda >= LAMBDA.least && lambda <= LAMBDA.most) return lambda;
  throw new UsageError(`--lambda must be a number from ${LAMBDA.least} to ${LAMBDA.most}, or ${ESTIMATED}, not ${JSON.stringify(text)}`);
}
