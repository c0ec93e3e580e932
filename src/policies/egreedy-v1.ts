/** egreedy-v1: the candidate and the hour, nothing of the user's history. D = 7. */
import type { Candidate } from '../topics.js';
import { isLocalWeekend, localHour } from './local-time.js';
import type { DecisionContext, PolicyDefinition, PolicyInput } from './policy.js';
import { quantise } from './quantise.js';

const AGE_CAP_DAYS = 30;

export const CANDIDATE_FEATURES = ['bias', 'is_overdue', 'task_age', 'priority', 'hour_sin', 'hour_cos', 'weekend'] as const;
const INPUTS: Readonly<Record<(typeof CANDIDATE_FEATURES)[number], PolicyInput>> = {
  bias: { from: 'nothing', normalised: 'always 1' },
  is_overdue: { from: 'candidate', normalised: '0 or 1' },
  task_age: { from: 'candidate: task_age_days', normalised: 'min(days, 30) / 30' },
  priority: { from: 'candidate: priority 1 to 4', normalised: '(priority - 1) / 3' },
  hour_sin: { from: 'local hour of the request, 0 to 23', normalised: 'sin(2 pi h / 24)' },
  hour_cos: { from: 'local hour of the request, 0 to 23', normalised: 'cos(2 pi h / 24)' },
  weekend: { from: 'local day of the request', normalised: '1 on Saturday and Sunday, else 0' },
};

/** The seven entries as far as the context decides them; `withCandidate` fills in the rest. */
export function contextEntries({ requestedAtMs, utcOffsetMin }: DecisionContext): number[] {
  const angle = (2 * Math.PI * localHour(requestedAtMs, utcOffsetMin)) / 24;
  return [1, 0, 0, 0, quantise(Math.sin(angle)), quantise(Math.cos(angle)), isLocalWeekend(requestedAtMs, utcOffsetMin) ? 1 : 0];
}

/** A copy of `entries`, which begin as `contextEntries` do, with the candidate's own three. */
export function withCandidate(entries: readonly number[], candidate: Candidate): number[] {
  const x = entries.slice();
  x[1] = candidate.is_overdue ? 1 : 0;
  x[2] = quantise(Math.min(candidate.task_age_days, AGE_CAP_DAYS) / AGE_CAP_DAYS);
  x[3] = quantise((candidate.priority - 1) / 3);
  return x;
}

/** The local hour behind the fifth and sixth entry, 0 to 23. */
export function recordedHour(seven: readonly number[]): number {
  return (Math.round((Math.atan2(seven[4]!, seven[5]!) * 24) / (2 * Math.PI)) + 24) % 24;
}

export const egreedyV1: PolicyDefinition = {
  name: 'egreedy-v1',
  dimension: CANDIDATE_FEATURES.length,
  featureNames: CANDIDATE_FEATURES,
  inputs: INPUTS,
  hyperparameters: { lambda: 1, epsilon: 0.1 },
  fixedEpsilon: null,
  optimism: 0,
  stateVersion: 1,
  fromRecorded: (seven) => [...seven],
  vectorizer(context) {
    const entries = contextEntries(context);
    return (candidate) => withCandidate(entries, candidate);
  },
};
