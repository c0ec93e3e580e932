/** Computes a recorded decision again from its event alone: theta, vectors, epsilon, salt and ids are all in it. */
import { compareCodePoints } from '../../src/events/strings.js';
import type { ScoredEvent } from '../../src/topics.js';
import { drawUniform, pick } from '../../src/policies/draw.js';
import { epsilonGreedy, rankingOf } from '../../src/policies/egreedy.js';
import { policyOfEvent } from '../../src/policies/registry.js';
import { posterior } from '../../src/policies/ridge.js';
import { dot } from '../../src/policies/score.js';
import { candidateIds, recordedVector } from '../../src/policies/scored-event.js';

/** How far a number may lie from the recorded one. */
const RECOMPUTE_TOLERANCE = 1e-9;

export interface Difference {
  /** Where in the event: `explored`, `chosen_tip_id`, `ranking[2].score`. */
  readonly field: string;
  readonly recorded: unknown;
  readonly computed: unknown;
}

export interface Recomputed {
  readonly u: number;
  /** null when the event recorded no vectors to choose from. */
  readonly chosenTipId: string | null;
  readonly explored: boolean;
  /** By score descending, then tip_id. */
  readonly ranking: readonly { readonly tip_id: string; readonly score: number; readonly propensity: number }[];
  /** Where the event says otherwise; empty when it holds. */
  readonly differences: readonly Difference[];
}

/** Scores, propensities, choice and ranking of the event, and where they differ from what it recorded. */
export function recompute(event: ScoredEvent): Recomputed {
  const differences: Difference[] = [];
  const differ = (field: string, recorded: unknown, computed: unknown) => void differences.push({ field, recorded, computed });
  const tipIds = candidateIds(event).sort(compareCodePoints);
  const dimension = event.features.names.length;
  if (event.model.theta.length !== dimension) differ('model.theta.length', event.model.theta.length, dimension);
  const bound = boundOf(event);
  const scores = tipIds.map((tipId) => {
    const x = recordedVector(event, tipId)!;
    if (x.length !== dimension) differ(`features.vectors[${JSON.stringify(tipId)}].length`, x.length, dimension);
    return dot(event.model.theta, x) + bound(x);
  });
  const { propensities, highest } = epsilonGreedy(scores, event.epsilon);
  const u = drawUniform(event.policy, event.salt, event.decision_id);
  const chosen = pick(propensities, u);
  const chosenTipId = tipIds[chosen] ?? null;
  const explored = highest[chosen] !== 1;
  const ranking = rankingOf(scores).map((index) => ({ tip_id: tipIds[index]!, score: scores[index]!, propensity: propensities[index]! }));

  if (event.chosen_tip_id !== chosenTipId) differ('chosen_tip_id', event.chosen_tip_id, chosenTipId);
  if (event.explored !== explored) differ('explored', event.explored, explored);
  if (event.ranking.length !== ranking.length) differ('ranking.length', event.ranking.length, ranking.length);
  const computed = new Map(ranking.map((entry) => [entry.tip_id, entry]));
  event.ranking.forEach((recorded, place) => {
    const expected = ranking[place];
    const own = computed.get(recorded.tip_id);
    computed.delete(recorded.tip_id); // ranked twice is ranked wrongly
    if (expected === undefined || own === undefined || !close(own.score, expected.score)) {
      differ(`ranking[${place}].tip_id`, recorded.tip_id, expected?.tip_id);
    } else {
      if (!close(recorded.score, own.score)) differ(`ranking[${place}].score`, recorded.score, own.score);
      if (!close(recorded.propensity, own.propensity)) differ(`ranking[${place}].propensity`, recorded.propensity, own.propensity);
    }
  });
  return { u, chosenTipId, explored, ranking, differences };
}

/** What optimism added: the event of such a policy carries its G. */
function boundOf(event: ScoredEvent): (x: readonly number[]) => number {
  const policy = policyOfEvent(event.policy);
  const { g, updates, theta } = event.model;
  if (policy === undefined || policy.optimism === 0 || g == null) return () => 0;
  const { variance } = posterior({ updates, g: Float64Array.from(g), b: new Float64Array(theta.length) }, policy.hyperparameters.lambda);
  return (x) => policy.optimism * Math.sqrt(variance(x));
}

function close(a: number, b: number): boolean {
  return Math.abs(a - b) <= RECOMPUTE_TOLERANCE;
}
