import { randomUUID } from 'node:crypto';
import { UsageError } from '../../../errors.js';
import { fraction, NotAValue, yesOrNo, type ValueReader } from '../../../option-values.js';
import { SHADOW_OFF } from '../../../policies/controls/control.js';
import { priorDocuments } from '../../../policies/controls/prior-settings.js';
import { policyNamed } from '../../../policies/registry.js';
import { onRewardGrid } from '../../../policies/controls/reward-rules.js';
import { REACTIONS, type Reaction } from '../../../policies/reward.js';
import { refuseBackDated } from '../../../producer/back-dated.js';
import { MAX_REWARD_WINDOW_MS, type ControlEvent } from '../../../topics.js';
import { defineCommand } from '../../command.js';
import { openControlLog } from '../../control-log.js';
import type { Output } from '../../output/output.js';
import { timeOption } from '../../time-argument.js';

type Settings = NonNullable<ControlEvent['settings']>;
type Rewards = NonNullable<Settings['rewards']>;

interface ConfigureOptions {
  readonly epsilon?: number;
  readonly epsilonMin?: number;
  readonly epsilonDecay?: number;
  readonly salt?: string;
  readonly shadow?: string;
  readonly shadowLearning?: boolean;
  readonly rewards?: Rewards;
  readonly effectiveAt?: number;
  readonly reason?: string;
}

export const configureCommand = defineCommand<ConfigureOptions>({
  name: 'configure',
  summary: 'Change settings of the policies from a time on',
  details: [
    'Appends a configure to policy.control: it holds for decisions requested from its effective time on, and over the ' +
      'options with which processes were started. What is not named stays what it is.',
    '--rewards says what reactions are worth, from -1 to 1 in steps of 1/256, and for how long after the serving they ' +
      'count: done=1,dismiss=0,snooze=0,window=7d is how it is at first. The first of done, dismiss and snooze within ' +
      'the window counts. With an effective time in the past, rewards since then are worked out again.',
  ].join('\n\n'),
  examples: [
    ['tipstream policies configure --epsilon 0.05', 'explore less from now on'],
    ['tipstream policies configure --rewards dismiss=-0.25', 'a dismiss costs a quarter of what a done earns'],
    ['tipstream policies configure --rewards done=1,snooze=0.125,window=3d', 'and reactions count for three days'],
    ['tipstream policies configure --shadow off', 'nothing runs in the shadow'],
  ],
  groups: ['log', 'kafka', 'events', 'registry'],
  options: [
    {
      flags: '--epsilon <share>',
      help: 'share of decisions that explore, 0 to 1',
      parse: parsedBy('--epsilon', fraction, 'a number from 0 to 1'),
    },
    {
      flags: '--epsilon-min <share>',
      help: 'with a decay, what epsilon does not fall below',
      parse: parsedBy('--epsilon-min', fraction, 'a number from 0 to 1'),
    },
    { flags: '--epsilon-decay <number>', help: 'epsilon becomes at most this / updates of the user; 0: no decay', parse: decayOption },
    { flags: '--salt <text>', help: 'another salt draws other choices' },
    { flags: '--shadow <name>', help: 'the policy in the shadow; off: none', parse: shadowOption },
    {
      flags: '--shadow-learning <yes-or-no>',
      help: 'whether the shadow learns from what was served',
      parse: parsedBy('--shadow-learning', yesOrNo, 'yes or no'),
    },
    { flags: '--rewards <values>', help: 'done=V,dismiss=V,snooze=V,window=DURATION; some of them are enough', parse: rewardsOption },
    { flags: '--effective-at <time>', help: 'Unix ms or ISO 8601; now unless given', parse: timeOption('--effective-at') },
    { flags: '--reason <text>', help: 'recorded with the change' },
  ],
  json: 'document',
  changes: ({ options: { reason } }) => ({ action: 'policy.configure', details: reason === undefined ? {} : { reason } }),
  async run({ options, config, output, json, changed }) {
    const { effectiveAt, reason, epsilon, epsilonMin, epsilonDecay, salt, shadow, shadowLearning, rewards } = options;
    const settings: Settings = {
      ...(epsilon === undefined ? {} : { epsilon }),
      ...(epsilonMin === undefined ? {} : { epsilon_min: epsilonMin }),
      ...(epsilonDecay === undefined ? {} : { epsilon_decay: epsilonDecay }),
      ...(salt === undefined ? {} : { salt }),
      ...(shadow === undefined ? {} : { shadow }),
      ...(shadowLearning === undefined ? {} : { shadow_learning: shadowLearning }),
      ...(rewards === undefined ? {} : { rewards }),
    };
    if (Object.keys(settings).length === 0)
      throw new UsageError('there is nothing to change: name a setting, such as --epsilon or --rewards');
    refuseBackDated({ effective_at_ms: effectiveAt ?? Date.now(), reason }, Date.now());
    const control = await openControlLog(config);
    try {
      const event: ControlEvent = {
        control_id: `configure-${randomUUID()}`,
        type: 'configure',
        effective_at_ms: effectiveAt ?? Date.now(),
        settings,
        ...(reason === undefined ? {} : { reason }),
      };
      if (rewards !== undefined) saysStale(control.controls, event, output);
      await control.producer.sendAll([{ topic: 'policy.control', event }]);
      changed({ details: { control_ids: [event.control_id], settings, effective_at_ms: event.effective_at_ms } });
      if (json) return await output.document(event);
      await output.write(`${JSON.stringify(settings)} from ${new Date(event.effective_at_ms).toISOString()} on\n`);
    } finally {
      await control.close();
    }
  },
});

/** Of the priors that do not hold any more once reactions are worth something else. */
function saysStale(controls: readonly ControlEvent[], event: ControlEvent, output: Output): void {
  const atMs = event.effective_at_ms;
  const before = new Map(priorDocuments(controls, atMs).map(({ policy, stale }) => [policy, stale]));
  for (const { policy, control_id: prior, stale } of priorDocuments([...controls, event], atMs))
    if (stale && before.get(policy) === false)
      output.note(
        `the prior ${prior} of ${policy} is for what reactions were worth before: it does not hold from then on. Once there are ` +
          `rewards of the new kind: tipstream policies prior ${policy}`,
      );
}

function parsedBy<Value>(flag: string, read: ValueReader<Value>, what: string): (text: string) => Value {
  return (text) => {
    try {
      return read(text);
    } catch (error) {
      if (!(error instanceof NotAValue)) throw error;
      throw new UsageError(`${flag} must be ${what}, not ${JSON.stringify(text)}`);
    }
  };
}

function decayOption(text: string): number {
  if (/^\d{1,9}(\.\d{1,9})?$/.test(text)) return Number(text);
  throw new UsageError(`--epsilon-decay must be a number of at least 0, not ${JSON.stringify(text)}`);
}

function shadowOption(text: string): string {
  return text === SHADOW_OFF ? text : policyNamed(text).name;
}

const WINDOW_UNITS_MS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 } as const;

function rewardsOption(text: string): Rewards {
  const rewards: Partial<Record<Reaction | 'window_ms', number>> = {};
  for (const part of text.split(',')) {
    const [, name, value] = /^\s*([a-z]+)\s*=\s*(\S+)\s*$/.exec(part) ?? [];
    if (name === 'window') rewards.window_ms = windowOf(value!);
    else if (REACTIONS.some((reaction) => reaction === name)) rewards[name as Reaction] = worthOf(name!, value!);
    else throw new UsageError(`--rewards: ${JSON.stringify(part)} is not done=V, dismiss=V, snooze=V or window=DURATION`);
  }
  return rewards;
}

function worthOf(name: string, text: string): number {
  const value = /^-?(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : NaN;
  if (Math.abs(value) <= 1) return onRewardGrid(value);
  throw new UsageError(`--rewards: ${name} must be a number from -1 to 1, not ${JSON.stringify(text)}`);
}

function windowOf(text: string): number {
  const [, digits, unit] = /^(\d{1,12})(d|h|m|s|ms)$/.exec(text) ?? [];
  const windowMs = digits === undefined ? NaN : Number(digits) * WINDOW_UNITS_MS[unit as keyof typeof WINDOW_UNITS_MS];
  if (windowMs >= 1 && windowMs <= MAX_REWARD_WINDOW_MS) return windowMs;
  throw new UsageError(`--rewards: window must be a duration such as 7d, 36h or 90m, of at most 30d, not ${JSON.stringify(text)}`);
}
