import { powerHere, type Power, type PowerDays } from '../../../analysts/power.js';
import { UsageError } from '../../../errors.js';
import { DEFAULT_POLICY, policyNamed } from '../../../policies/registry.js';
import { defineCommand } from '../../command.js';
import { EXIT } from '../../failure.js';
import { POWER_HEADINGS, powerCells } from '../../evaluation/power-table.js';
import type { Output } from '../../output/output.js';
import { settingsOf } from '../../policy-settings.js';
import { noteMissing, registryFor, stateSource } from '../../state-source.js';
import { timeOption } from '../../time-argument.js';
import { shown } from '../../../evaluation/shown.js';

interface PowerCommandOptions {
  readonly gain: number;
  readonly policy?: string;
  readonly differs?: number;
  readonly since?: number;
  readonly until?: number;
}

/** Of the decisions in which a policy that nobody has named chooses otherwise. */
const USUAL_DIFFERENCE = 0.3;

export const powerCommand = defineCommand<PowerCommandOptions>({
  name: 'power',
  summary: 'Say how many decisions, and days, it takes until the gate promotes a policy that is better by so much',
  details: [
    'Draws a thousand logs like the one here - its exploration, its numbers of candidates, its rewards, its segments - in ' +
      'which the new policy is better by --gain, and looks at each as evaluate does, until it says PROMOTE. DECISIONS is ' +
      'for four of five such policies, counted from the newest change of who is live or of settings. DAYS is how long ' +
      'they take at the pace of the last seven days. GAIN ALONE is without the segments: promote --accept-risk. ' +
      'The simulation that promote asks for besides is not in it.',
    'How much a policy can gain, and how soon that shows, depends on how often it chooses otherwise than the live one. ' +
      'With --policy, what that policy would have chosen is worked out from the decisions here, as evaluate does. Without, ' +
      'a policy is supposed that chooses otherwise in --differs of the decisions.',
    'Exit code 0: it says how many. 2: nobody can say, or such a gain is not possible, with the reason.',
  ].join('\n\n'),
  examples: [
    ['tipstream policies power --gain 0.05', 'for five points, by a policy that chooses otherwise in three decisions of ten'],
    ['tipstream policies power --gain 0.02 --policy egreedy-v3', 'for a policy that there is'],
    ["tipstream policies power --gain 0.05 --json | jq '.days'", 'for programs'],
  ],
  groups: ['log', 'policy'],
  options: [
    { flags: '--gain <number>', help: 'reward per decision by which it is better', parse: gainOption, default: 0.05 },
    { flags: '--policy <name>', help: 'whose choices; unless given, those of a policy that nobody has written' },
    {
      flags: '--differs <number>',
      help: `without --policy, the share of the decisions in which it chooses otherwise; ${USUAL_DIFFERENCE} unless given`,
      parse: shareOption,
    },
    {
      flags: '--since <time>',
      help: 'go by decisions requested from then on, Unix ms or ISO 8601; since the newest change unless given',
      parse: timeOption('--since'),
    },
    { flags: '--until <time>', help: 'go by decisions requested before; now unless given', parse: timeOption('--until') },
  ],
  json: 'document',
  check({ options: { policy, differs } }) {
    if (policy !== undefined && differs !== undefined)
      throw new UsageError('--differs is for a policy that nobody has written: how often --policy chooses otherwise is worked out');
  },
  async run({ options, config, output, json, signal }) {
    const { gain, policy, differs, since: sinceMs, until: untilMs } = options;
    try {
      const power = await powerHere({
        state: stateSource(config),
        registry: registryFor(config),
        defaultPolicy: DEFAULT_POLICY,
        settings: settingsOf(config),
        nowMs: Date.now(),
        sinceMs,
        untilMs,
        signal,
        gain,
        of: policy === undefined ? (differs ?? USUAL_DIFFERENCE) : policyNamed(policy),
        onProgress: (done, total) => output.progress(`${done} of ${total} decisions`),
      });
      output.progress('');
      if (json) await output.document(power);
      else await print(power, output);
      noteMissing(output, power.partitions_missing);
      return power.decisions === null ? EXIT.differs : EXIT.ok;
    } finally {
      output.progress('');
    }
  },
});

async function print(power: Power, output: Output): Promise<void> {
  if (power.differs === null) return output.write(`nobody can say how many decisions it takes: ${power.reason}\n`);
  const { policy, differs, baseline, candidates, epsilon, decisions_so_far: sofar, decisions_a_day: perDay, table } = power;
  const percent = (share: number | null): string => `${(100 * share!).toFixed(1)} %`;
  const count =
    candidates === null ? '' : candidates.low === candidates.high ? `${candidates.median}` : `${candidates.low} to ${candidates.high}`;
  const who = policy === null ? 'a policy that' : `${policy}, which`;
  const since = power.since_ms === 0 ? 'the beginning' : new Date(power.since_ms).toISOString();
  const lines = [
    `${who} chooses otherwise than ${baseline} in ${percent(differs)} of the decisions: ${count} candidates, epsilon ${epsilon}, ` +
      `${shown(power.reward_per_decision!)} reward per decision, ${percent(power.missing_share)} without a reward`,
    `${sofar} decisions since ${since}${perDay === null ? '' : `, ${shown(perDay)} a day`}; ` +
      `${power.segments_asked} segments of which harm must be excluded`,
  ];
  await output.write(`${lines.join('\n')}\n\n`);
  const rows: PowerDays[] = [power, ...table.filter(({ gain }) => gain !== power.gain)].sort((a, b) => a.gain - b.gain);
  await output.table(POWER_HEADINGS, rows.map(powerCells));
  await output.write(`\n${answer(power)}\n`);
}

/** What was asked, in a sentence or two. */
function answer({ gain, decisions, more_decisions: more, more_days: days, reason, slowest, gain_decisions: alone }: Power): string {
  if (decisions === null) return `a gain of ${gain}: ${reason}`;
  const wait = more === 0 ? 'they are here' : `${more} more${days === null ? '' : `, about ${shown(days)} days`}`;
  const all = `a gain of ${gain}: ${decisions} decisions for four of five such policies (${wait})`;
  if (slowest === 'gain') return `${all}; the gain itself takes longest to show`;
  return (
    `${all}; to exclude harm to ${slowest} takes longest\n` +
    `the gain alone shows after ${alone}: promote --accept-risk is for who does not want to wait for the segments`
  );
}

function gainOption(text: string): number {
  const gain = /^(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : NaN;
  if (gain > 0 && gain <= 2) return gain;
  throw new UsageError(`--gain must be a number above 0, such as 0.05, not ${JSON.stringify(text)}`);
}

function shareOption(text: string): number {
  const share = /^(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : NaN;
  if (share > 0 && share <= 1) return share;
  throw new UsageError(`--differs must be a number above 0 and up to 1, such as 0.3, not ${JSON.stringify(text)}`);
}
