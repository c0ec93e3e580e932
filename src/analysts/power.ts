/** How many decisions, and how many days, it takes the gate to promote a policy that is better by so much, on the log that is here. */
import { Evaluator } from '../evaluation/evaluate.js';
import { recordedDecision } from '../evaluation/logged-decision.js';
import { PolicyReplay } from '../evaluation/policy-replay.js';
import { Pace } from '../evaluation/power/pace.js';
import { GOOD_CHANCE, type PowerRow } from '../evaluation/power/power.js';
import { SupposedPolicy } from '../evaluation/power/supposed-policy.js';
import { quantilesOf, type Quantiles } from '../evaluation/quantiles.js';
import { GATE_THRESHOLDS } from '../evaluation/thresholds.js';
import { baselineOf, newestChangeAt, promotionTerms } from '../policies/controls/promotion-terms.js';
import { rewardRange } from '../policies/controls/reward-rules.js';
import { rolloutAt } from '../policies/controls/rollout.js';
import type { PolicyDefinition } from '../policies/policy.js';
import { policyNamed } from '../policies/registry.js';
import { LoggedWindow, type WindowOptions } from './logged-window.js';

/** A row with the time that it takes. */
export interface PowerDays extends PowerRow {
  /** As many days as `decisions` take at the log's present pace; null: nobody can tell. */
  readonly days: number | null;
}

/** Logs drawn for a gain in the table of a verdict, which is there every time. */
export const VERDICT_RUNS = 300;
/** And for who asks for it. */
const ASKED_RUNS = 1_000;
/** Two policies whose weights vary less than this choose alike. */
const ALIKE = 1e-9;

export function inDays(rows: readonly PowerRow[], pace: Pace | null): PowerDays[] {
  const perDay = pace?.perDay ?? null;
  return rows.map(({ gain, decisions, ...rest }) => ({
    gain,
    decisions,
    days: decisions === null || perDay === null ? null : Number((decisions / perDay).toPrecision(4)),
    ...rest,
  }));
}

export interface PowerOptions extends WindowOptions {
  /** Reward per decision. */
  readonly gain: number;
  /** Whose choices the decisions are tried with; or the share of them in which a policy that nobody has written chooses otherwise. */
  readonly of: PolicyDefinition | number;
}

export interface Power extends PowerDays {
  /** How likely the gate has promoted such a policy after `decisions`. */
  readonly chance: number;
  /** Decisions that the gate would judge now, and how many of `decisions` are still to come, with the days for them. */
  readonly decisions_so_far: number;
  readonly more_decisions: number | null;
  readonly more_days: number | null;
  /** null: one that nobody has written. */
  readonly policy: string | null;
  /** Share of the decisions in which it chooses otherwise; this and the two means are null of no decisions. */
  readonly differs: number | null;
  readonly baseline: string;
  /** As the decisions were made. */
  readonly candidates: Quantiles | null;
  readonly epsilon: number | null;
  /** Mean of the baseline's, those without one counted as 0. */
  readonly reward_per_decision: number | null;
  readonly missing_share: number | null;
  readonly decisions_a_day: number | null;
  readonly newest_decision_ms: number | null;
  readonly since_ms: number;
  readonly until_ms: number;
  readonly segments_asked: number;
  readonly partitions_missing: readonly number[];
  /** The same for gains that are usual. */
  readonly table: readonly PowerDays[];
}

/**
 * Where nothing can be said, `decisions` is null and `reason` says why. Throws no_data, state_mismatch, state_incomplete and the signal's
 * reason.
 */
export async function powerHere(question: PowerOptions): Promise<Power> {
  const { of, gain, defaultPolicy, settings } = question;
  const window = new LoggedWindow(question);
  try {
    const { untilMs, controls, rules } = window;
    const policy = typeof of === 'number' ? null : of;
    const { shares, settings: inEffect } = rolloutAt(controls, untilMs, defaultPolicy, settings);
    const baseline = policyNamed(baselineOf(shares, policy?.name ?? ''));
    const sinceMs = question.sinceMs ?? newestChangeAt(controls, untilMs, defaultPolicy, settings, policy?.name);
    const tried = typeof of === 'number' ? new SupposedPolicy(of) : replayOf(of, baseline, window, question);
    const evaluator = new Evaluator(GATE_THRESHOLDS, rewardRange([rules]));
    const [pace, candidates, setAside] = [new Pace(), new Map<number, number>(), new Map<string, number>()];
    let [decisions, differing, judged] = [0, 0, 0];
    for await (const outcome of window.decisions()) {
      const { event } = outcome;
      const found = tried.next(recordedDecision(outcome));
      if (event.profile.as_of_ms < sinceMs) continue;
      decisions++;
      const row = window.whyNotCompared(event, baseline.name) ?? found;
      if (typeof row === 'string') {
        setAside.set(row, (setAside.get(row) ?? 0) + 1);
        continue;
      }
      evaluator.add(row);
      judged++;
      pace.add(event.profile.as_of_ms);
      if (row.weights !== null && row.weights.variance > ALIKE) differing++;
      candidates.set(event.ranking.length, (candidates.get(event.ranking.length) ?? 0) + 1);
    }
    const summary = evaluator.summary();
    const nothing = summary.n === summary.missing ? nothingToGoBy(decisions, judged, setAside, sinceMs) : null;
    const rows = (gains?: readonly number[]) => inDays(evaluator.power(ASKED_RUNS, gains), pace);
    const [asked] = rows([gain]);
    const perDay = pace.perDay;
    const more = asked!.decisions === null ? null : Math.max(0, asked!.decisions - judged);
    return {
      ...asked!,
      reason: nothing ?? asked!.reason,
      chance: GOOD_CHANCE,
      decisions_so_far: judged,
      more_decisions: more,
      more_days: more === null || perDay === null ? null : Number((more / perDay).toPrecision(4)),
      policy: policy?.name ?? null,
      differs: judged === 0 ? null : differing / judged,
      baseline: baseline.name,
      candidates: quantilesOf(candidates),
      epsilon: baseline.fixedEpsilon ?? inEffect.epsilon,
      reward_per_decision: summary.logged,
      missing_share: judged === 0 ? null : summary.missing / judged,
      decisions_a_day: perDay === null ? null : Number(perDay.toPrecision(4)),
      newest_decision_ms: pace.newestMs,
      since_ms: sinceMs,
      until_ms: untilMs,
      segments_asked: summary.segments,
      partitions_missing: window.provenance().partitions_missing,
      table: rows(),
    };
  } finally {
    window.close();
  }
}

/** As evaluate tries it. */
function replayOf(policy: PolicyDefinition, baseline: PolicyDefinition, window: LoggedWindow, question: PowerOptions): PolicyReplay {
  const { defaultPolicy, settings } = question;
  const { exploration, lambda } = promotionTerms(window.controls, window.untilMs, policy, defaultPolicy, settings);
  const [partsOf, priorMean] = [window.partsOf(policy, baseline), window.priorOf(policy)?.theta];
  return new PolicyReplay({ policy, epsilon: exploration.epsilon, lambda, priorMean, partsOf });
}

function nothingToGoBy(decisions: number, judged: number, setAside: ReadonlyMap<string, number>, sinceMs: number): string {
  const since = sinceMs === 0 ? '' : ` since ${new Date(sinceMs).toISOString()}, when who is live or the settings changed`;
  if (judged > 0) return `none of the ${judged} decisions${since} has a reward yet`;
  if (decisions === 0) return `there are no decisions${since}`;
  const why = [...setAside].map(([reason, count]) => `${reason}: ${count}`).join(', ');
  return `none of the ${decisions} decisions${since} can be gone by (${why})`;
}
