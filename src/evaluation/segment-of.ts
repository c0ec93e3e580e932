/** The groups that a logged decision belongs to: what fairness is looked at by. */
import { CANDIDATE_FEATURES, recordedHour } from '../policies/egreedy-v1.js';
import { candidateIds, recordedVector } from '../policies/scored-event.js';
import type { ScoredEvent } from '../topics.js';

const DAY_MS = 86_400_000;

/** `firstAtMs`: the user's first logged decision. */
export function segmentsOf(event: Pick<ScoredEvent, 'features' | 'profile'>, category: string | null, firstAtMs: number): Record<string, string> {
  const { as_of_ms: requestedAtMs, features } = event.profile;
  return { persona: personaOf(features), tenure: tenureOf(requestedAtMs - firstAtMs), hour: hourOf(event), ...(category === null ? {} : { category }) };
}

/** By the recorded profile: what kind of user it was then. */
function personaOf(features: ScoredEvent['profile']['features']): string {
  const number = (name: string): number => (typeof features[name] === 'number' ? features[name] : 0);
  const volume = number('tip_volume_30d');
  if (volume === 0) return 'newcomer';
  if (number('dismiss_rate_30d') > 0.5) return 'dismisser';
  return volume < 10 ? 'light' : volume <= 100 ? 'regular' : 'heavy';
}

function tenureOf(ms: number): string {
  return ms < 7 * DAY_MS ? 'first week' : ms < 30 * DAY_MS ? 'first month' : 'older';
}

function hourOf({ features }: Pick<ScoredEvent, 'features'>): string {
  const [any] = candidateIds({ features });
  const seven = any === undefined ? undefined : recordedVector({ features }, any);
  if (seven === undefined || seven.length < CANDIDATE_FEATURES.length) return 'unknown';
  const hour = recordedHour(seven);
  return hour < 6 ? 'night' : hour < 12 ? 'morning' : hour < 18 ? 'afternoon' : 'evening';
}
