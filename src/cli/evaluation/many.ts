/** `evaluate` of many policies and settings at once: its options, its table and its picture. */
import { evaluateManyInFile, type FileMany } from '../../analysts/evaluate-file.js';
import { evaluateMany, type LoggedMany } from '../../analysts/evaluate-many.js';
import { UsageError } from '../../errors.js';
import type { VariantReport } from '../../evaluation/many/comparison.js';
import { gainsSvg, variantName } from '../../evaluation/many/picture.js';
import { variantsOf, type Grid } from '../../evaluation/many/variants.js';
import { harmWord } from '../../evaluation/segments.js';
import { outputFile } from '../../export/output-file.js';
import { openNamed } from '../../named-file.js';
import { DEFAULT_POLICY, DEFAULT_SHADOW, POLICIES, policyNamed } from '../../policies/registry.js';
import type { CommandContext, CommandOption, GivenOptions } from '../command.js';
import { EXIT } from '../failure.js';
import type { Output } from '../output/output.js';
import { settingsOf } from '../policy-settings.js';
import { noteMissing, registryFor, stateSource } from '../state-source.js';
import { decisionsIn } from './decision-file.js';

export interface ManyArguments {
  readonly policy?: string;
  readonly since?: number;
  readonly until?: number;
  readonly policies?: string;
  readonly epsilon?: string;
  readonly lambda?: string;
  readonly bySegment?: boolean;
  readonly svg?: string;
  readonly force?: boolean;
}

export const MANY_OPTIONS: readonly CommandOption[] = [
  { flags: '--policies <list>', help: 'compare these at once, as egreedy-v2,egreedy-v3; all: every policy there is' },
  {
    flags: '--epsilon <list>',
    help:
      'share of decisions that explore, from 0 to 1: that of the live policy; or, where many are compared, those to try ' +
      '(default: 0.1; as each decision was made) [TIPSTREAM_EPSILON]',
  },
  { flags: '--lambda <list>', help: "where many are compared, the ridge penalties to try; each policy's own unless given" },
  { flags: '--by-segment', help: 'where many are compared, each of them by segment too' },
  { flags: '--svg <file>', help: 'where many are compared, the gains with their intervals as a picture' },
];
/** Each takes memory and time, and widens the intervals of all. */
const MOST_VARIANTS = 200;

type Given = GivenOptions<ManyArguments>['options'];

/** Whether the command line asks for more than one. */
export function isMany({ policies, epsilon, lambda }: Given): boolean {
  return policies !== undefined || lambda !== undefined || (typeof epsilon === 'string' && epsilon.includes(','));
}

/** Throws UsageError for options that do not go together. `simulation` and `rows` are those of one policy's verdict. */
export function checkMany(given: Given & { readonly simulation?: unknown; readonly rows?: unknown }): void {
  if (!isMany(given)) {
    for (const [flag, value] of [
      ['--by-segment', given.bySegment],
      ['--svg', given.svg],
    ] as const)
      if (value !== undefined) throw new UsageError(`${flag} is for many policies or settings: give --policies, --epsilon A,B or --lambda`);
    return;
  }
  for (const [flag, value] of [
    ['--simulation', given.simulation],
    ['--rows', given.rows],
  ] as const)
    if (value !== undefined) throw new UsageError(`${flag} is for the verdict about one policy: many that are compared have none`);
  if (given.policies !== undefined && given.policy !== undefined)
    throw new UsageError('--policies and --policy exclude each other: name every policy in --policies');
}

export async function runMany(
  file: string | undefined,
  options: ManyArguments,
  { config, output, json, signal }: CommandContext<unknown>,
): Promise<number> {
  const grid = gridOf(options);
  const withSegments = options.bySegment === true;
  const input = file === undefined ? undefined : openNamed(file);
  const picture = options.svg === undefined ? undefined : outputFile(options.svg, options.force === true);
  try {
    const many =
      input === undefined
        ? await evaluateMany({
            state: stateSource(config),
            registry: registryFor(config),
            grid,
            defaultPolicy: DEFAULT_POLICY,
            settings: settingsOf(config),
            nowMs: Date.now(),
            sinceMs: options.since,
            untilMs: options.until,
            withSegments,
            signal,
            onProgress: (done, total) => output.progress(`${done} of ${total} decisions`),
          })
        : await evaluateManyInFile({
            ...decisionsIn(input, signal),
            grid,
            epsilon: config.epsilon,
            withSegments,
            signal,
            onProgress: (lines) => output.progress(`${lines} lines`),
          });
    output.progress('');
    if (picture !== undefined) {
      const baseline = many.baseline ?? 'the policy that decided';
      picture.write(gainsSvg({ title: `Gain against ${baseline}`, baseline, alpha: many.alpha, reports: many.variants }));
      picture.publish();
    }
    if (json) await output.document(many);
    else await print(many, output);
    if ('partitions_missing' in many) noteMissing(output, many.partitions_missing);
    return EXIT.ok;
  } finally {
    output.progress('');
    input?.close();
    picture?.discard();
  }
}

function gridOf({ policy, policies, epsilon, lambda }: ManyArguments): Grid {
  // Without --policies, settings of the one that --policy names.
  const names =
    policies === undefined ? [policy ?? DEFAULT_SHADOW] : policies === 'all' ? POLICIES.map(({ name }) => name) : list(policies);
  const grid: Grid = {
    policies: [...new Set(names)].map(policyNamed),
    epsilons: epsilon === undefined ? undefined : numbers('--epsilon', epsilon, (value) => value >= 0 && value <= 1, 'from 0 to 1'),
    lambdas: lambda === undefined ? undefined : numbers('--lambda', lambda, (value) => value > 0 && value <= 1e6, 'above 0'),
  };
  const { length } = variantsOf(grid);
  if (length > MOST_VARIANTS)
    throw new UsageError(`${length} policies with their settings are too many: at most ${MOST_VARIANTS} are compared at once`);
  return grid;
}

const list = (text: string): string[] => text.split(',').map((word) => word.trim());

/** Each once, in their order. */
function numbers(flag: string, text: string, isGood: (value: number) => boolean, what: string): number[] {
  const values = list(text).map((word) => {
    const value = /^(\d+\.?\d*|\.\d+)$/.test(word) ? Number(word) : NaN;
    if (!Number.isNaN(value) && isGood(value)) return value;
    throw new UsageError(`${flag} must be numbers ${what}, such as 0.1 or 0.05,0.1,0.2, not ${JSON.stringify(text)}`);
  });
  return [...new Set(values)];
}

async function print(many: LoggedMany | FileMany, output: Output): Promise<void> {
  const { compared, alpha, variants, best, decisions } = many;
  await output.write(`${headOf(many)}\n\n`);
  await output.table(
    ['POLICY', 'EPSILON', 'LAMBDA', 'N', 'GAIN', `INTERVAL OF ALL ${compared}`, 'E-VALUE', 'ESS', 'MEAN WEIGHT', ''],
    variants.map((one) => [
      one.policy,
      one.epsilon ?? 'as made',
      one.lambda,
      one.n,
      shown(one.gain),
      `${shown(one.low)} to ${shown(one.high)}`,
      shown(one.e_value),
      shown(one.ess),
      shown(one.mean_weight),
      wordOf(one),
    ]),
  );
  const untold = variants.filter(({ reason }) => reason !== null);
  for (const one of untold) await output.write(`${variantName(one)}: nobody can tell, as ${one.reason}${asideOf(one)}\n`);
  if (variants.some(({ segments }) => segments !== undefined)) {
    await output.write('\n');
    await output.table(
      ['POLICY', 'EPSILON', 'LAMBDA', 'DIMENSION', 'SEGMENT', 'N', 'ESS', 'GAIN', 'INTERVAL', ''],
      variants.flatMap(({ policy, epsilon, lambda, segments = [] }) =>
        segments.map((one) => [
          policy,
          epsilon ?? 'as made',
          lambda,
          one.dimension,
          one.segment,
          one.n,
          shown(one.ess),
          shown(one.difference),
          `${shown(one.low)} to ${shown(one.high)}`,
          harmWord(one),
        ]),
      ),
    );
  }
  const confidence = `${Number((100 * (1 - alpha)).toPrecision(4))} %`;
  await output.write(
    `\nIntervals hold for all ${compared} together at ${confidence}, however often somebody looks: each is at alpha ${alpha} / ` +
      `${compared} (Bonferroni). A gain is shown where the e-value is at least ${shown(compared / alpha)}.\n`,
  );
  await output.write(decisions === 0 || best === null ? 'None is shown to be better.\n' : nextOf(many, best));
}

function headOf(many: LoggedMany | FileMany): string {
  if (many.baseline === null) return `${many.compared} policies and settings on ${many.decisions} decisions of a file`;
  const { since_ms: sinceMs, until_ms: untilMs, baseline, epsilon, baseline_share: share, set_aside: setAside } = many;
  const since = sinceMs === 0 ? 'from the beginning' : `from ${new Date(sinceMs).toISOString()}`;
  const aside = Object.entries(setAside).map(([reason, count]) => `${count} ${reason}`);
  return (
    `${many.compared} policies and settings against ${baseline} at epsilon ${epsilon}, ${since} to ${new Date(untilMs).toISOString()}\n` +
    `${many.decisions} logged decisions, ${(100 * share).toFixed(1)} % of them by ${baseline} (set aside: ${aside.join(', ') || 'none'})`
  );
}

function asideOf({ set_aside: setAside }: VariantReport): string {
  const reasons = Object.entries(setAside).map(([reason, count]) => `${count} ${reason}`);
  return reasons.length === 0 ? '' : ` (set aside: ${reasons.join(', ')})`;
}

const WORDS = { better: 'better', worse: 'worse', open: 'no gain is shown', 'cannot tell': 'cannot tell' } as const;

function wordOf({ finding }: VariantReport): string {
  return WORDS[finding];
}

/** What to do with the best of them. */
function nextOf(many: LoggedMany | FileMany, best: NonNullable<LoggedMany['best']>): string {
  const lines = [`The best of them is ${variantName(best)}. It was picked, so this is no evidence for promote.`];
  const { policy } = best;
  const own = policyNamed(policy);
  if (many.baseline !== null && best.epsilon !== null && own.fixedEpsilon === null && best.epsilon !== many.epsilon)
    lines.push(`Its epsilon is not in effect: \`tipstream policies configure --epsilon ${best.epsilon}\`, and compare again.`);
  if (best.lambda !== own.hyperparameters.lambda)
    lines.push(
      `Its lambda is not the policy's own, ${own.hyperparameters.lambda}: a prior can bring it (policies prior), or a policy of its own.`,
    );
  if (many.baseline !== null)
    lines.push(
      'Once more decisions have come, judge it on those alone: `tipstream evaluate --policy ' +
        `${policy} --since ${new Date(many.until_ms).toISOString()} --simulation FILE --json\`.`,
    );
  return `${lines.join('\n')}\n`;
}

function shown(value: number | null): string | null {
  return value === null ? null : String(Number(value.toPrecision(4)));
}
