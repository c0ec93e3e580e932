/**
 * What a policy's code makes of the same requests. `policyHash` covers what a definition says of itself; a changed normalisation whose
 * author forgot to raise stateVersion would pass it by. Vectors lie on a grid, so the fingerprint does not depend on the last bits of
 * a sine.
 */
import { createHash } from 'node:crypto';
import type { DecisionContext, PolicyDefinition, ProfileValues } from './policy.js';
import type { Candidate } from '../topics.js';

const HOUR_MS = 3_600_000;
/** A Thursday. */
const START_MS = 1_767_225_600_000;
const HOURS_APART = 17;

/** All hours and weekdays, at home and elsewhere. */
const CONTEXTS: readonly DecisionContext[] = Array.from({ length: 24 }, (_, i) => ({
  requestedAtMs: START_MS + i * HOURS_APART * HOUR_MS,
  utcOffsetMin: [0, 345, -210][i % 3]!,
}));
const CANDIDATES: readonly Candidate[] = [
  { tip_id: 'a', is_overdue: false, task_age_days: 0, priority: 1 },
  { tip_id: 'b', is_overdue: true, task_age_days: 3.3, priority: 2, category: 'work' },
  { tip_id: 'c', is_overdue: false, task_age_days: 29.9, priority: 3 },
  { tip_id: 'd', is_overdue: true, task_age_days: 400, priority: 4, category: '' },
];
const PROFILES: readonly ProfileValues[] = [
  {
    tip_volume_30d: 0,
    completion_rate_30d: null,
    dismiss_rate_30d: null,
    snooze_rate_30d: null,
    mean_dwell_ms_30d: null,
    preferred_hour: null,
    preferred_weekday: null,
    preferred_category: null,
  },
  {
    tip_volume_30d: 7,
    completion_rate_30d: 3 / 7,
    dismiss_rate_30d: 2 / 7,
    snooze_rate_30d: 1 / 7,
    mean_dwell_ms_30d: 61_000,
    preferred_hour: 8,
    preferred_weekday: 2,
    preferred_category: 'work',
  },
  {
    tip_volume_30d: 1_000,
    completion_rate_30d: 1,
    dismiss_rate_30d: 0,
    snooze_rate_30d: 0,
    mean_dwell_ms_30d: 900_000,
    preferred_hour: 23,
    preferred_weekday: 6,
    preferred_category: '',
  },
  // No user's: what a caller may give in place of one.
  { tip_volume_30d: -3, completion_rate_30d: 1.5, dismiss_rate_30d: -0.5, mean_dwell_ms_30d: -1, preferred_hour: 30.5 },
];

const known = new WeakMap<PolicyDefinition['vectorizer'], string>();

/** 16 hex digits over the vectors of 384 fixed candidates; made once, which takes milliseconds. */
export function vectorFingerprint({ vectorizer }: Pick<PolicyDefinition, 'vectorizer'>): string {
  let found = known.get(vectorizer);
  if (found === undefined) known.set(vectorizer, (found = fingerprintOf(vectorizer)));
  return found;
}

function fingerprintOf(vectorizer: PolicyDefinition['vectorizer']): string {
  const hash = createHash('sha256');
  for (const profile of PROFILES) {
    for (const context of CONTEXTS) {
      const vectorOf = vectorizer(context, profile);
      for (const candidate of CANDIDATES) hash.update(`${JSON.stringify(vectorOf(candidate))}\n`);
    }
  }
  return hash.digest('hex').slice(0, 16);
}
