import { createHash } from 'node:crypto';
import { defaultHoldout, rolloutPreview, usersBefore } from '../../analysts/rollout-preview.js';
import { TipstreamError, UsageError } from '../../errors.js';
import { canMigrate, migrationAt, predecessorOf } from '../../policies/controls/migration.js';
import { baselineOf } from '../../policies/controls/promotion-terms.js';
import { rolloutAt, standingRollouts, type StandingRollout } from '../../policies/controls/rollout.js';
import { reachOf, type Coverage } from '../../policies/placement.js';
import { DEFAULT_POLICY, policyNamed } from '../../policies/registry.js';
import { refuseBackDated } from '../../producer/back-dated.js';
import { defineCommand } from '../command.js';
import { openControlLog, type ControlLog } from '../control-log.js';
import type { RecordAddress } from '../../log/port.js';
import { controlsInEffect } from '../../policies/controls/control.js';
import { effectsOf } from '../../policies/controls/promotes.js';
import type { ControlEvent } from '../../topics.js';
import { settingsOf } from '../policy-settings.js';
import { EXIT } from '../failure.js';
import { evidenceFrom, trainingFor } from '../evaluation/promotion-evidence.js';
import { noteMissing, registryFor, stateSource } from '../state-source.js';
import { timeOption } from '../time-argument.js';
import { expectedDocument, placedAs, sayExpected } from './policies/expected.js';

interface PromoteOptions {
  readonly evidence?: string;
  readonly percent: number;
  readonly holdout?: number;
  readonly force?: boolean;
  readonly fromScratch?: boolean;
  readonly acceptRisk?: readonly string[];
  readonly reason?: string;
  readonly effectiveAt?: number;
}

export const promoteCommand = defineCommand<PromoteOptions>({
  name: 'promote',
  arguments: '<policy>',
  summary: 'Let a policy go live, for all users or for a share of them',
  details: [
    'Appends a promote to policy.control. It holds for decisions requested from its effective time on.',
    'It needs the document of `tipstream evaluate --policy NAME --simulation FILE --json` with the verdict PROMOTE, ' +
      'fresh, not used before, and about this policy, these features, this log, the policy that is live and the settings ' +
      'in effect; or --force with a --reason, which is recorded. The policy starts from the state that was judged.',
    'To raise the share of a policy that is live for some users, the document of `tipstream evaluate --rollout --json` ' +
      'does as well: it says what these users have more than the others.',
    'The share of users is chosen by hash and only grows: raise --percent step by step. At 100 percent the previous ' +
      'live policy becomes the shadow, and a hold-out stays with it, without which nobody could tell any more whether the ' +
      'new one does harm: 5 percent of the users, or as many percent as 50 users are, or --holdout. ' +
      'Exit code 2: the evidence does not allow it.',
  ].join('\n\n'),
  examples: [
    ['tipstream promote egreedy-v2 --evidence verdict.json --percent 10', 'for a tenth of the users'],
    ['tipstream promote egreedy-v2 --evidence verdict.json', 'for all, by a verdict on the decisions before or on the rollout'],
    ['tipstream promote egreedy-v2 --force --reason "agreed in the meeting of 2026-11-20"', 'without evidence'],
  ],
  groups: ['log', 'kafka', 'events', 'registry', 'policy'],
  options: [
    { flags: '--evidence <file>', help: 'what evaluate --json printed, with --rollout or without' },
    { flags: '--percent <number>', help: 'share of the users', parse: percentOption, default: 100 },
    {
      flags: '--holdout <number>',
      help: 'percent of the users that stay with the previous policy at 100 percent; 0: nobody, and the guardrail cannot tell',
      parse: holdoutOption,
    },
    { flags: '--force', help: 'without evidence, or against it; needs --reason' },
    {
      flags: '--from-scratch',
      help: 'without the training that the evidence is about, from what the policy has itself learned; needs --reason',
    },
    {
      flags: '--accept-risk <segment>',
      help: 'go on though harm to it is not excluded, as category=work; may be given several times; needs --reason',
      repeatable: true,
    },
    { flags: '--reason <text>', help: 'recorded with the promote' },
    { flags: '--effective-at <time>', help: 'Unix ms or ISO 8601; now unless given', parse: timeOption('--effective-at') },
  ],
  json: 'document',
  check({ args: [name], options: { percent, holdout, force, fromScratch, acceptRisk, reason, evidence } }) {
    const { name: policy } = policyNamed(name!);
    if (holdout !== undefined && Number(percent) < 100)
      throw new UsageError('--holdout is for a promote for all: below 100 percent the others stay with the previous policy anyway');
    for (const [flag, given] of [
      ['--force', force],
      ['--from-scratch', fromScratch],
      ['--accept-risk', acceptRisk],
    ] as const)
      if (given !== undefined && String(reason ?? '').trim() === '') throw new UsageError(`${flag} needs a --reason, which is recorded`);
    if (force !== true && evidence === undefined)
      throw new UsageError('promote needs --evidence FILE, or --force with a --reason', {
        hint: `Make it with \`tipstream evaluate --policy ${policy} --simulation simulation.json --json > verdict.json\`.`,
      });
  },
  changes: ({ args: [name], options: { force = false, reason } }) => ({
    action: 'policy.promote',
    target: { kind: 'policy', id: name! },
    details: { forced: force, ...(reason === undefined ? {} : { reason }) },
  }),
  async run({ args: [name], options, config, output, json, signal, changed }) {
    const policy = policyNamed(name!);
    const { percent, force = false, fromScratch = false, acceptRisk: acceptedRisks = [], reason, effectiveAt } = options;
    const nowMs = Date.now();
    refuseBackDated({ effective_at_ms: effectiveAt ?? nowMs, reason }, nowMs);
    const control = await openControlLog(config);
    try {
      const effectiveAtMs = effectiveAt ?? nowMs;
      const controls = await control.read();
      const before = rolloutAt(controls, effectiveAtMs, DEFAULT_POLICY, settingsOf(config));
      const standing = standingRollouts(controls, effectiveAtMs);
      const raised = standing.find((one) => one.policy === policy.name);
      const users = await usersBefore(stateSource(config), Math.min(effectiveAtMs, nowMs), signal);
      const holdout = percent < 100 ? null : (options.holdout ?? defaultHoldout(users?.users));
      refuseWhatIsLive(raised, standing[0], { percent, holdout });
      const evidence =
        options.evidence === undefined
          ? undefined
          : await evidenceFrom({
              path: options.evidence,
              policy,
              featureSet: registryFor(config).featureSet,
              force,
              control,
              controls,
              settings: settingsOf(config),
              raised,
              acceptedRisks,
              effectiveAtMs,
              nowMs,
              output,
              signal,
            });
      if (evidence?.rollout_id !== undefined && fromScratch)
        throw new UsageError('--from-scratch has no use with a verdict on a rollout: its policy goes on with the state that it has');
      const after = controls.at(-1)?.control_id;
      const controlId = promoteIdOf({ policy: policy.name, percent, holdout: options.holdout, effectiveAt, after });
      const previous = baselineOf(before.shares, policy.name);
      const shadow = percent === 100 && previous !== policy.name ? previous : null;
      const training =
        evidence === undefined || fromScratch
          ? null
          : trainingFor(evidence, policy, controls, { effectiveAtMs, controlId: `${controlId}-training` });
      const promote: ControlEvent = {
        control_id: controlId,
        type: 'promote',
        effective_at_ms: effectiveAtMs,
        policy: policy.name,
        percent,
        ...rolloutOf(controlId, raised),
        ...(holdout === null ? {} : { holdout }),
        ...(reason === undefined ? {} : { reason }),
        evidence:
          evidence === undefined
            ? { forced: true }
            : {
                hash: evidence.hash,
                evaluated_at_ms: evidence.evaluated_at_ms,
                reasons: evidence.reasons,
                trained: evidence.trained,
                forced: force,
                ...(evidence.rollout_id === undefined ? {} : { rollout_id: evidence.rollout_id }),
                ...(fromScratch ? { from_scratch: true } : {}),
                ...(acceptedRisks.length > 0 ? { accepted_risks: acceptedRisks } : {}),
              },
      };
      const shadowed: ControlEvent = {
        control_id: `${controlId}-shadow`,
        type: 'configure',
        effective_at_ms: effectiveAtMs,
        settings: { shadow },
        reason: `shadow of ${policy.name} from its promotion on`,
      };
      // The training first: half of this would then be a state that nobody is served from.
      const events = [...(training === null ? [] : [training]), promote, ...(shadow === null ? [] : [shadowed])];
      const written = await control.producer.sendAll(events.map((event) => ({ topic: 'policy.control', event })));
      changed({ details: { control_ids: events.map((event) => event.control_id), percent, effective_at_ms: effectiveAtMs } });
      const first = await firstLikeIt(control, controlId, written);
      changed({ details: { already: first !== undefined } });
      const expected = users && (await rolloutPreview(users, placedAs(promote), Math.max(raised?.reach ?? 0, reachOf(promote)), signal));
      const document = {
        control_id: first?.control_id ?? controlId,
        policy: policy.name,
        percent,
        rollout_id: (first ?? promote).rollout_id ?? null,
        holdout: (first ?? promote).holdout ?? null,
        expected: expected === undefined ? null : expectedDocument(expected),
        effective_at_ms: first?.effective_at_ms ?? effectiveAtMs,
        already: first !== undefined,
        former_policy: previous,
        shadow,
        trained_from: training?.from ?? null,
        forced: force,
      };
      if (training !== null) output.note(`${policy.name} starts trained from what ${training.from!} has decided, as it was judged`);
      else if (evidence?.rollout_id === undefined && migrationAt(controls, effectiveAtMs, policy) === null) {
        const [from] = [policyNamed(previous), predecessorOf(policy)].filter((one) => one !== undefined && canMigrate(one, policy));
        if (from !== undefined)
          output.note(
            `${policy.name} starts from what it has itself learned, which is nothing for users it has not decided for; to ` +
              `let it continue from ${from.name}: tipstream policies migrate ${from.name} ${policy.name} --train-from-replay`,
          );
      }
      if (first !== undefined)
        output.note(`the same promote came first, at the same moment: ${first.control_id} stands, and this one changes nothing`);
      if (json) return await output.document(document);
      const live = `${policy.name} is live for ${reachOf(promote)} percent of the users from ${new Date(effectiveAtMs).toISOString()} on`;
      const others = [
        ...(holdout === null || holdout === 0 ? [] : [`${holdout} percent are held out`]),
        ...(shadow === null ? [] : [`${shadow} is its shadow`]),
      ];
      await output.write(`${[live, ...others].join('; ')}\n${sayExpected(expected, reachOf(promote))}back: tipstream rollback\n`);
      noteMissing(output, users?.missing ?? []);
    } finally {
      await control.close();
    }
    return EXIT.ok;
  },
});

/** Whoever raises a share keeps its users: with the rollout that stands, and with none where that names none. */
function rolloutOf(controlId: string, raised: StandingRollout | undefined): Pick<ControlEvent, 'rollout_id'> {
  const rolloutId = raised === undefined ? controlId : raised.split;
  return rolloutId === null ? {} : { rollout_id: rolloutId };
}

/** Throws not_promotable where no user would be covered who is not, and where a hold-out would have to take users back. */
function refuseWhatIsLive(raised: StandingRollout | undefined, newest: StandingRollout | undefined, wanted: Coverage): void {
  if (raised === undefined || raised.reach < reachOf(wanted)) return;
  const isHeldOut = raised.reach < 100 && (wanted.percent ?? 100) === 100;
  throw new TipstreamError(
    'not_promotable',
    `${raised.policy} is live for ${raised.reach} percent of the users already` +
      (raised === newest ? '' : `, but for those that ${newest!.policy} was promoted for after it`) +
      (isHeldOut ? `, and ${wanted.holdout} percent are to be held out` : ''),
    { hint: isHeldOut ? `Give --holdout below ${100 - raised.reach}: 0 leaves nobody out.` : 'Raise --percent, or roll back first.' },
  );
}

function percentOption(text: string): number {
  const percent = /^\d{1,3}(\.\d{1,6})?$/.test(text) ? Number(text) : NaN;
  if (percent > 0 && percent <= 100) return percent;
  throw new UsageError(`--percent must be above 0 and at most 100, not ${JSON.stringify(text)}`);
}

function holdoutOption(text: string): number {
  const holdout = /^\d{1,2}(\.\d{1,6})?$/.test(text) ? Number(text) : NaN;
  if (holdout >= 0) return holdout;
  throw new UsageError(`--holdout must be 0 or more and below 100, not ${JSON.stringify(text)}`);
}

interface PromoteIdentity {
  readonly policy: string;
  readonly percent: number;
  /** As given: two who leave it to the state are the same, whatever they counted. */
  readonly holdout: number | undefined;
  readonly effectiveAt: number | undefined;
  /** control_id of the last control in the log; undefined: there is none. */
  readonly after: string | undefined;
}

/** The same for two who promote the same from the same history at once: the record that came first counts, and they are one promote. */
function promoteIdOf({ policy, percent, holdout, effectiveAt = 0, after = '' }: PromoteIdentity): string {
  const identity = JSON.stringify([policy, percent, effectiveAt, after, ...(holdout === undefined ? [] : [holdout])]);
  return `promote-${createHash('sha256').update(identity, 'utf8').digest('hex').slice(0, 32)}`;
}

/** The promote that stands in its place because somebody appended the same at the same moment; undefined: it is the first. */
async function firstLikeIt(control: ControlLog, controlId: string, written: readonly RecordAddress[]): Promise<ControlEvent | undefined> {
  const controls = await control.read();
  const [effect, offset] = [effectsOf(controlsInEffect(controls, Infinity)).get(controlId), await control.offsetOf(controlId)];
  const named = (id: string | null | undefined) => controls.find((one) => one.control_id === id);
  if (effect?.effect === 'repeats') return named(effect.effect_of);
  return written.some((address) => address.partition === 0 && address.offset === offset) ? undefined : named(controlId);
}
