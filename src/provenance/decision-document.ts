/** A decision piece by piece: what the live policy and the shadow made of a request, and what came of it. */
import { TipstreamError } from '../errors.js';
import type { RecordAddress } from '../log/port.js';
import { drawUniform, pick } from '../policies/draw.js';
import { policyOfEvent } from '../policies/registry.js';
import { rewardRulesAt, type RewardRules } from '../policies/controls/reward-rules.js';
import { countingReaction, servedCandidate } from '../policies/reward.js';
import { posterior, type Posterior } from '../policies/ridge.js';
import { dot } from '../policies/score.js';
import { recordedVector } from '../policies/scored-event.js';
import { compareCodePoints } from '../events/strings.js';
import { factOf, type Fact, type Happening } from '../projections/kept-times.js';
import type { TipState } from '../projections/tip.js';
import { UserDecisions, type WholeDecision } from '../store/queries/user-decisions.js';
import type { StoredDecision } from '../store/tables/decisions.js';
import type { ScoredEvent } from '../topics.js';
import type { Choice, DecisionDocument, DecisionsDocument, ScoredCandidate, Search } from './documents.js';
import { decisionRecord } from './record-document.js';
import type { Sought, UserRecords } from './user-records.js';

export interface DecisionsOfUser {
  /** The user's state file. */
  readonly path: string;
  readonly partition: number;
  readonly topicPrefix: string;
  readonly userId: string;
}

/** One snapshot. `after`: a decision_id; one that is not there has none that follow it. */
export function decisionsDocument(
  { path, partition, topicPrefix, userId }: DecisionsOfUser,
  { asOfMs, limit, after }: { readonly asOfMs: number; readonly limit: number; readonly after?: string | undefined },
): DecisionsDocument {
  const decisions = new UserDecisions(path, userId);
  try {
    const found = decisions.list(asOfMs, limit + 1, after);
    const shown = found.slice(0, limit);
    return {
      user_id: userId,
      as_of_ms: asOfMs,
      decisions: shown.map(({ decisionId, requestedAtMs, scoredOffset, reward, event, shadowTipId }) => ({
        decision_id: decisionId,
        requested_at_ms: requestedAtMs,
        policy: event.policy,
        chosen_tip_id: event.chosen_tip_id,
        explored: event.explored,
        candidates: event.ranking.length,
        shadow_tip_id: shadowTipId ?? null,
        reward,
        record: decisionRecord(topicPrefix, 'tip.scored', partition, scoredOffset),
      })),
      next_after: found.length > limit ? shown.at(-1)!.decisionId : null,
    };
  } finally {
    decisions.close();
  }
}

interface Outcome {
  readonly happening: Happening;
  readonly fact: Fact;
}

export interface ReadDecision {
  readonly whole: WholeDecision & { readonly live: StoredDecision };
  /** The tip that the decision answers for, with when it was served; undefined: none was. */
  readonly served: { readonly tipId: string; readonly servedAtMs: number } | undefined;
  readonly rewardTip: TipState | undefined;
  /** undefined: no reward, or a prune has taken what earned it. */
  readonly outcome: Outcome | undefined;
  /** What holds for the decision. */
  readonly rules: RewardRules;
}

/** Throws not_found. */
export function readDecision({ path, userId }: DecisionsOfUser, decisionId: string): ReadDecision {
  const decisions = new UserDecisions(path, userId);
  try {
    const { live, tip, ...whole } = decisions.one(decisionId);
    if (live === undefined)
      throw new TipstreamError('not_found', `the user ${JSON.stringify(userId)} has no decision ${JSON.stringify(decisionId)}`, {
        hint: 'Ask for the decisions of the user: the list has the id of each.',
        details: { user_id: userId, decision_id: decisionId },
      });
    const tipId = servedCandidate(whole.links, (id) => recordedVector(live.event, id) !== undefined);
    const link = whole.links.find((one) => one.tipId === tipId);
    const rewardTip = live.learned === null ? undefined : tip(live.learned.tipId);
    const rules = rewardRulesAt(decisions.controls(), live.requestedAtMs);
    return {
      whole: { ...whole, live, tip },
      served: link && { tipId: link.tipId, servedAtMs: link.servedAtMs },
      rewardTip,
      outcome:
        live.learned === null || rewardTip === undefined || whole.isClosed ? undefined : outcomeOf(live.learned.tipId, rewardTip, rules),
      rules,
    };
  } finally {
    decisions.close();
  }
}

/** What to look for in the log. */
export function factsOfDecision({ served, outcome }: ReadDecision): Sought[] {
  return [...(served === undefined ? [] : [servedFact(served)]), ...(outcome === undefined ? [] : [outcome.fact])];
}

export function decisionDocument(
  { partition, topicPrefix, userId }: DecisionsOfUser,
  { whole, served, rewardTip, outcome, rules }: ReadDecision,
  records: UserRecords,
  search: Search,
): DecisionDocument {
  const { live, shadow, isClosed } = whole;
  const { event, learned } = live;
  const servedAtMs = rewardTip?.servedAtMs ?? served?.servedAtMs;
  return {
    user_id: userId,
    decision_id: live.decisionId,
    partition,
    requested_at_ms: live.requestedAtMs,
    request: event.input ?? null,
    live: choiceOf(event, decisionRecord(topicPrefix, 'tip.scored', partition, live.scoredOffset)),
    shadow:
      shadow === undefined
        ? null
        : choiceOf(shadow.event, decisionRecord(topicPrefix, 'tip.scored.shadow', partition, shadow.scoredOffset)),
    served:
      served === undefined
        ? null
        : { tip_id: served.tipId, served_at_ms: served.servedAtMs, record: records.addressOf(servedFact(served)) },
    reward:
      learned === null
        ? null
        : {
            value: learned.reward,
            tip_id: learned.tipId,
            happening: outcome?.happening ?? null,
            at_ms: outcome?.fact.atMs ?? null,
            record: outcome === undefined ? null : records.addressOf(outcome.fact),
          },
    rewardable_until_ms: servedAtMs === undefined ? null : servedAtMs + rules.windowMs,
    is_closed: isClosed,
    search,
  };
}

/** The reaction that counts, within the window of the reward. */
function outcomeOf(tipId: string, tip: TipState, { windowMs }: RewardRules): Outcome | undefined {
  const happening = countingReaction(tip, windowMs);
  return happening === null ? undefined : { happening, fact: factOf(tipId, tip, happening)! };
}

const servedFact = ({ tipId, servedAtMs }: NonNullable<ReadDecision['served']>): Sought => ({
  tipId,
  happening: 'served',
  atMs: servedAtMs,
});

function choiceOf(event: ScoredEvent, record: RecordAddress | null): Choice {
  const { policy, ranking, features, model, salt, decision_id: decisionId } = event;
  const u = drawUniform(policy, salt, decisionId);
  // As they were drawn from: in the order of their ids.
  const byId = [...ranking].sort((one, other) => compareCodePoints(one.tip_id, other.tip_id));
  const drawn = new Map<string, ScoredCandidate['drawn']>();
  let cumulative = 0;
  for (const { tip_id: tipId, propensity } of byId) {
    const from = cumulative;
    cumulative += propensity;
    drawn.set(tipId, { from, to: cumulative });
  }
  const chosen =
    byId[
      pick(
        byId.map(({ propensity }) => propensity),
        u,
      )
    ]!.tip_id;
  const bonus = bonusOf(event);
  return {
    policy,
    record,
    scored_at_ms: event.scored_at_ms,
    chosen_tip_id: event.chosen_tip_id,
    explored: event.explored,
    epsilon: event.epsilon,
    salt,
    u,
    draw_adds_up: chosen === event.chosen_tip_id,
    updates: model.updates,
    prior: model.prior ?? null,
    names: features.names,
    theta: model.theta,
    candidates: ranking.map(({ tip_id: tipId, score, propensity }) => {
      const vector = recordedVector(event, tipId) ?? [];
      const sum = dot(model.theta, vector);
      const added = bonus(vector);
      return {
        tip_id: tipId,
        score,
        propensity,
        drawn: drawn.get(tipId)!,
        vector,
        terms: vector.map((entry, at) => (model.theta[at] ?? 0) * entry),
        sum,
        bonus: added,
        adds_up: sum + added === score,
      };
    }),
    profile: event.profile,
    positions: event.positions,
  };
}

/** As scoreOf adds it, from the G that the event carries. */
function bonusOf({ policy, model }: ScoredEvent): (vector: readonly number[]) => number {
  const definition = policyOfEvent(policy);
  if (definition === undefined || definition.optimism === 0 || model.g == null) return () => 0;
  const known: Posterior = posterior(
    { updates: model.updates, g: Float64Array.from(model.g), b: new Float64Array(definition.dimension) },
    definition.hyperparameters.lambda,
  );
  return (vector) => definition.optimism * Math.sqrt(known.variance(vector));
}
