/** The groups that a logged decision belongs to: what fairness is looked at by. */
import { CANDIDATE_FEATURES, recordedHour } from '../policies/egreedy-v1.js';
import type { ProfileValues } from '../policies/policy.js';
import { candidateIds, recordedVector } from '../policies/scored-event.js';
import type { ScoredEvent } from '../topics.js';

const DAY_MS = 86_400_000;

export interface Situation {
  /** As it was when the decision was requested. */
  readonly profile: ProfileValues;
  /** Local, 0 to 23; null: not known. */
  readonly hour: number | null;
  /** Of what was served; null: it has none. */
  readonly category: string | null;
  /** How long the user has been there. */
  readonly tenureMs: number;
}

export function segmentsOf({ profile, hour, category, tenureMs }: Situation): Record<string, string> {
  return { persona: personaOf(profile), tenure: tenureOf(tenureMs), hour: partOfDay(hour), ...(category === null ? {} : { category }) };
}

/** The groups that a user belongs to at a time: as known from the decisions before it, of which a newcomer has none. */
export function userSegments({ profile, tenureMs }: Pick<Situation, 'profile' | 'tenureMs'>): Record<string, string> {
  const category = profile.preferred_category;
  return {
    persona: personaOf(profile),
    tenure: tenureOf(tenureMs),
    preferred_category: typeof category === 'string' ? category : 'none',
  };
}

/** The local hour that a record's vectors were made with; null when they are not ours. */
export function hourOfRecord({ features }: Pick<ScoredEvent, 'features'>): number | null {
  const [any] = candidateIds({ features });
  const seven = any === undefined ? undefined : recordedVector({ features }, any);
  return seven === undefined || seven.length < CANDIDATE_FEATURES.length ? null : recordedHour(seven);
}

/** What kind of user it was then. */
function personaOf(profile: ProfileValues): string {
  const number = (name: string): number => (typeof profile[name] === 'number' ? profile[name] : 0);
  const volume = number('tip_volume_30d');
  if (volume === 0) return 'newcomer';
  if (number('dismiss_rate_30d') > 0.5) return 'dismisser';
  return volume < 10 ? 'light' : volume <= 100 ? 'regular' : 'heavy';
}

function tenureOf(ms: number): string {
  return ms < 7 * DAY_MS ? 'first week' : ms < 30 * DAY_MS ? 'first month' : 'older';
}

function partOfDay(hour: number | null): string {
  if (hour === null) return 'unknown';
  return hour < 6 ? 'night' : hour < 12 ? 'morning' : hour < 18 ? 'afternoon' : 'evening';
}
