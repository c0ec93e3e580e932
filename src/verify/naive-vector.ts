/**
 * The vector that a policy would have had for a candidate whose decision another policy made, the obvious way: from the recorded
 * candidate and the recorded profile alone. It shares nothing with the fold's src/policies/revectorise.ts, nor with the entries of the
 * policies that it knows by name.
 */
import type { PolicyDefinition } from '../policies/policy.js';
import type { ScoredEvent } from '../topics.js';

const FIRST_SEVEN = ['bias', 'is_overdue', 'task_age', 'priority', 'hour_sin', 'hour_cos', 'weekend'];
const HOURS = Array.from({ length: 24 }, (_, hour) => hour);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Of 1970, counted in days: a Thursday and a Saturday. */
const [THURSDAY, SATURDAY] = [0, 2];

type Profile = ScoredEvent['profile']['features'];

/** `own`: the recorded vector of the candidate `tipId`. undefined when the record does not hold what the other vector is made of. */
export function naiveVectorUnder(
  policy: PolicyDefinition,
  { features: { names }, profile, ranking }: Pick<ScoredEvent, 'features' | 'profile' | 'ranking'>,
  tipId: string,
  own: readonly number[],
): number[] | undefined {
  if (!FIRST_SEVEN.every((name, i) => names[i] === name)) return undefined;
  const seven = own.slice(0, 7);
  const category = ranking.find(({ tip_id }) => tip_id === tipId)?.category ?? undefined;
  switch (policy.name) {
    case 'random':
      return [1];
    case 'egreedy-v1':
      return seven;
    case 'egreedy-v2':
    case 'linucb':
      return [...seven, ...profileEntries(profile.features, hourOf(seven))];
    case 'egreedy-v3':
      return [...seven, ...profileEntries(profile.features, hourOf(seven)), ...productEntries(seven, profile.features)];
    case 'egreedy-v4':
      return [
        ...seven,
        ...profileEntries(profile.features, hourOf(seven)),
        ...productEntries(seven, profile.features),
        category !== undefined && category === profile.features.preferred_category ? trust(profile.features) : 0,
      ];
    default:
      return asAskedFor(policy, seven, profile.features, category);
  }
}

const given = (profile: Profile, name: string) => (Number.isFinite(profile[name]) ? (profile[name] as number) : null);
const within = (profile: Profile, name: string, most: number) => Math.min(most, Math.max(0, given(profile, name) ?? 0));

/** The five entries that egreedy-v2 adds. */
function profileEntries(profile: Profile, hour: number): number[] {
  const preferred = given(profile, 'preferred_hour');
  return [
    within(profile, 'completion_rate_30d', 1),
    within(profile, 'dismiss_rate_30d', 1),
    within(profile, 'mean_dwell_ms_30d', 600_000) / 600_000,
    preferred === null ? 0 : Math.cos((2 * Math.PI * (hour - (preferred % 24))) / 24),
    Math.min(1, Math.log(1 + within(profile, 'tip_volume_30d', Infinity)) / Math.log(101)),
  ];
}

/** The six entries that egreedy-v3 adds: its vectors are made of rounded rates and rounded entries. */
function productEntries([, overdue, age, priority]: readonly number[], profile: Profile): number[] {
  const believed = (name: string, usual: number) =>
    given(profile, name) === null ? 0 : rounded((within(profile, name, 1) - usual) * trust(profile));
  const [completion, dismiss] = [believed('completion_rate_30d', 0.5), believed('dismiss_rate_30d', 0.25)];
  return [completion * overdue!, completion * age!, completion * priority!, dismiss * overdue!, dismiss * age!, dismiss * priority!];
}

function trust(profile: Profile): number {
  const tips = within(profile, 'tip_volume_30d', 1e300);
  return tips / (tips + 10);
}

function rounded(value: number): number {
  return Math.round(value * 4096) / 4096;
}

/** The hour whose place on the circle is nearest to the recorded one. */
function hourOf(seven: readonly number[]): number {
  const nearness = (hour: number) => {
    const angle = (2 * Math.PI * hour) / 24;
    return Math.sin(angle) * seven[4]! + Math.cos(angle) * seven[5]!;
  };
  return HOURS.reduce((best, hour) => (nearness(hour) > nearness(best) ? hour : best));
}

/** A policy that is not known here by name: what it says itself when it is asked anew for the candidate that was recorded. */
function asAskedFor(policy: PolicyDefinition, seven: readonly number[], profile: Profile, category: string | undefined): number[] {
  const requestedAtMs = (seven[6] === 1 ? SATURDAY : THURSDAY) * DAY + hourOf(seven) * HOUR;
  const vectorOf = policy.vectorizer({ requestedAtMs, utcOffsetMin: 0 }, profile);
  return vectorOf({
    tip_id: '',
    is_overdue: seven[1] === 1,
    task_age_days: seven[2]! * 30,
    priority: 1 + Math.round(seven[3]! * 3),
    ...(category === undefined ? {} : { category }),
  });
}
