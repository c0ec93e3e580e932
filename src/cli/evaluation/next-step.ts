/** What to do next on the way of a policy to all users, what is missing for it, and the commands. Pure. */
import type { RolloutEvaluation } from '../../analysts/evaluate-rollout.js';
import { quoted } from '../output/next-command.js';

/** A document that `evaluate` printed, as `promote` would take it now. */
export interface GivenVerdict {
  readonly file: string;
  readonly policy: string;
  readonly rollout_id: string | null;
  readonly verdict: string;
  readonly evaluated_at_ms: number;
  readonly age_ms: number;
  /** control_id of the promote that it was used for; null: none. */
  readonly used_by: string | null;
  /** Whether promote takes it, for more users of a rollout or for the first. */
  readonly accepted: boolean;
  /** Why not; null: it does. */
  readonly why: string | null;
}

export type StandingEvaluation = Pick<
  RolloutEvaluation,
  | 'rollout_id'
  | 'policy'
  | 'percent'
  | 'verdict'
  | 'shown'
  | 'reasons'
  | 'risks'
  | 'verdict_with_risks'
  | 'more_users'
  | 'next_look_ms'
  | 'look'
> & {
  /** Percent of the users whom it holds out from all; null: it is not for all yet. */
  readonly holdout: number | null;
};

export interface NextFacts {
  /** Who decides for the users of no rollout. */
  readonly baseline: string;
  /** null: none. undefined: nobody knows. */
  readonly shadow: string | null | undefined;
  /** The last rollout, if nobody is covered by it any more; null: it stands, or there was none. */
  readonly takenBack: { readonly policy: string; readonly atMs: number } | null;
  /** What a candidate could be. */
  readonly candidate: string;
  /** Those that stand, the newest first; undefined: they could not be compared. */
  readonly rollouts: readonly StandingEvaluation[] | undefined;
  /** What the baseline has decided since the newest change; null: nobody knows. */
  readonly decisions: { readonly decisions: number; readonly rewarded: number; readonly since_ms: number } | null;
  readonly documents: readonly GivenVerdict[];
  /** The whole command line for these words. */
  readonly command: (words: string) => string;
}

export interface NextStep {
  /** A sentence without its full stop. */
  readonly what: string;
  readonly missing: readonly string[];
  /** In their order. */
  readonly commands: readonly string[];
}

export function nextStep(facts: NextFacts): NextStep {
  const { rollouts, command } = facts;
  if (rollouts === undefined)
    return {
      what: 'find out how the arms of the rollout compare',
      missing: ['they could not be compared here'],
      commands: [command('status')],
    };
  const [rollout] = rollouts;
  if (rollout === undefined || isOver(rollout)) return candidateStep(facts, rollout);
  return rolloutStep(rollout, command);
}

/** Live for all without a hold-out: there is nothing left to compare. */
function isOver({ holdout }: StandingEvaluation): boolean {
  return holdout === 0;
}

function rolloutStep(rollout: StandingEvaluation, command: NextFacts['command']): NextStep {
  const { rollout_id: id, policy, reasons, shown, verdict, risks, next_look_ms: nextMs } = rollout;
  if (shown === 'loss') return { what: `take ${policy} back`, missing: [], commands: [command('rollback')] };
  const evaluate = command(`evaluate --rollout ${id}`);
  const raise = (words: string): string[] => [
    `${command(`evaluate --rollout ${id} --json`)} > rollout.json`,
    command(`promote ${policy} --evidence rollout.json${words}`),
  ];
  if (verdict === 'PROMOTE') return { what: nextShare(rollout).what, missing: [], commands: raise(nextShare(rollout).words) };
  if (verdict === 'HOLD' && rollout.verdict_with_risks === 'PROMOTE') {
    const accepted = risks.map((risk) => ` --accept-risk ${quoted(risk)}`).join('');
    return {
      what: `wait for more users of some segments, or accept what may happen to them and ${nextShare(rollout).what}`,
      missing: reasons,
      commands: raise(`${nextShare(rollout).words}${accepted} --reason TEXT`),
    };
  }
  if (rollout.more_users !== null) return moreUsers(rollout, command);
  if (nextMs === null || rollout.look?.is_final === true)
    return {
      what: `raise the percentage of ${policy} to ask the newly covered, or take it back: no later look asks about a gain`,
      missing: reasons,
      commands: [command(`promote ${policy}${nextShare(rollout).words} --force --reason TEXT`), command('rollback')],
    };
  return {
    what: `wait for the next look, when events have come to ${new Date(nextMs).toISOString()}`,
    missing: reasons,
    commands: [evaluate],
  };
}

function nextShare({ percent, holdout, policy }: StandingEvaluation): { readonly what: string; readonly words: string } {
  if (holdout !== null)
    return { what: `end the hold-out of ${policy}, after which nobody can tell any more whether it does harm`, words: ' --holdout 0' };
  return percent < 50
    ? { what: `raise ${policy} to half of the users`, words: ' --percent 50' }
    : { what: `raise ${policy} to all users but a hold-out`, words: '' };
}

/** A larger share has more users in the smaller arm as long as that is the policy's. */
function moreUsers(
  { rollout_id: id, policy, percent, reasons, more_users: more, holdout }: StandingEvaluation,
  command: NextFacts['command'],
): NextStep {
  const enough = Math.ceil((percent * 20) / Math.max(1, 20 - more!.smaller_arm));
  if (holdout !== null || percent >= 50)
    return { what: 'wait for more users', missing: reasons, commands: [command(`evaluate --rollout ${id}`)] };
  return {
    what: 'wait for more users, or treat a larger share of those there are',
    missing: reasons,
    commands: [command(`promote ${policy} --percent ${Math.min(50, enough)} --force --reason TEXT`)],
  };
}

function candidateStep(
  { baseline, shadow, takenBack, candidate, decisions, documents, command }: NextFacts,
  over: StandingEvaluation | undefined,
): NextStep {
  const before = [
    ...(over === undefined ? [] : [`${over.policy} is live for all and nobody is held out: nothing is left to compare`]),
    ...(takenBack === null ? [] : [`${takenBack.policy} was taken back at ${new Date(takenBack.atMs).toISOString()}`]),
  ];
  if (shadow == null)
    return {
      what: 'choose a candidate, and let it run in the shadow',
      missing: [...before, shadow === null ? 'no policy is in the shadow' : 'which policy is in the shadow is not known here'],
      commands: [command(`policies configure --shadow ${candidate}`)],
    };
  const own = documents.filter(({ policy, rollout_id: id }) => policy === shadow && id === null);
  const ready = own.find(({ accepted }) => accepted);
  if (ready !== undefined)
    return {
      what: `let ${shadow} decide for a tenth of the users`,
      missing: [],
      commands: [command(`promote ${shadow} --evidence ${quoted(ready.file)} --percent 10`)],
    };
  const count =
    decisions === null
      ? []
      : [
          `${baseline} has made ${decisions.decisions} decisions since ` +
            `${decisions.since_ms === 0 ? 'the beginning' : new Date(decisions.since_ms).toISOString()}, ${decisions.rewarded} of them ` +
            `with a reward: ${command('policies power')} says how many it takes`,
        ];
  const refused = own.map(({ file, why }) => `${file}: ${why!}`);
  return {
    what: `judge ${shadow} on the decisions of ${baseline}`,
    missing: [...before, ...(own.length === 0 ? [`no verdict on ${shadow} was given with --evidence`] : refused), ...count],
    commands: [
      `npx tipstream simulate --policies ${baseline},${shadow} --json > simulation.json`,
      `${command(`evaluate --policy ${shadow} --simulation simulation.json --json`)} > verdict.json`,
      command(`promote ${shadow} --evidence verdict.json --percent 10`),
    ],
  };
}
