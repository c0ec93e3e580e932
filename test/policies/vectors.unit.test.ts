import { describe, expect, it } from 'vitest';
import { egreedyV1 } from '../../src/policies/egreedy-v1.js';
import { egreedyV2 } from '../../src/policies/egreedy-v2.js';
import { egreedyV3 } from '../../src/policies/egreedy-v3.js';
import { egreedyV4 } from '../../src/policies/egreedy-v4.js';
import { isLocalWeekend, localHour, localWeekday } from '../../src/policies/local-time.js';
import { quantise } from '../../src/policies/quantise.js';
import {
  DEFAULT_POLICY,
  findPolicy,
  LEARNING_POLICIES,
  POLICIES,
  policyNamed,
  policyOfEvent,
  policyPath,
  shadowEventName,
  SIMULATED_POLICIES,
} from '../../src/policies/registry.js';
import type { Candidate } from '../../src/topics.js';

const candidate = (over: Partial<Candidate> = {}): Candidate => ({
  tip_id: 't',
  is_overdue: false,
  task_age_days: 0,
  priority: 1,
  ...over,
});
const at = (iso: string, utcOffsetMin = 0) => ({ requestedAtMs: Date.parse(iso), utcOffsetMin });
const MONDAY_MIDNIGHT = at('2026-03-02T00:00:00Z');
const NO_PROFILE = {
  completion_rate_30d: null,
  dismiss_rate_30d: null,
  mean_dwell_ms_30d: null,
  preferred_hour: null,
  preferred_category: null,
  tip_volume_30d: 0,
};

describe('quantise', () => {
  it.each([
    [0, 0],
    [1, 1],
    [0.5 / 4096, 1 / 4096],
    [0.49 / 4096, 0],
    [-0.5 / 4096, 0],
    [-0.51 / 4096, -1 / 4096],
    [1 / 3, 1365 / 4096],
    [-1, -1],
  ])('%d -> %d', (x, expected) => expect(quantise(x)).toBe(expected));

  it('never gives -0', () => {
    expect(Object.is(quantise(-0), 0)).toBe(true);
    expect(Object.is(quantise(-1e-9), 0)).toBe(true);
  });
});

describe('local time', () => {
  it.each([
    ['2026-03-02T00:30:00Z', 0, 0, 0],
    ['2026-03-02T00:30:00Z', -31, 23, 6],
    ['2026-03-02T00:30:00Z', -840, 10, 6],
    ['2026-03-01T23:59:59.999Z', 1, 0, 0],
    ['2026-03-06T12:00:00Z', 840, 2, 5],
    ['1970-01-01T00:00:00Z', -840, 10, 2],
    ['1970-01-01T00:00:00Z', -1, 23, 2],
    ['1970-01-01T00:00:00Z', 0, 0, 3],
  ])('%s %i min: hour %i, weekday %i', (iso, offset, hour, weekday) => {
    expect(localHour(Date.parse(iso), offset)).toBe(hour);
    expect(localWeekday(Date.parse(iso), offset)).toBe(weekday);
  });

  it('the weekend is Saturday and Sunday', () => {
    const days = [0, 1, 2, 3, 4, 5, 6].map((day) => isLocalWeekend(MONDAY_MIDNIGHT.requestedAtMs + day * 86_400_000, 0));
    expect(days).toEqual([false, false, false, false, false, true, true]);
  });
});

describe('egreedy-v1', () => {
  it('at midnight on a Monday, nothing due', () => {
    expect(egreedyV1.vectorizer(MONDAY_MIDNIGHT, {})(candidate())).toEqual([1, 0, 0, 0, 0, 1, 0]);
  });

  it('takes the local clock, caps the age, scales the priority', () => {
    const x = egreedyV1.vectorizer(
      at('2026-03-02T05:30:00Z', -720),
      {},
    )(candidate({ is_overdue: true, task_age_days: 1e300, priority: 4 }));
    // Sunday 17:30: sin and cos of 255 degrees.
    expect(x).toEqual([1, 1, 1, 1, -3956 / 4096, -1060 / 4096, 1]);
  });

  it("each candidate's vector is its own", () => {
    const vectorOf = egreedyV1.vectorizer(MONDAY_MIDNIGHT, {});
    const first = vectorOf(candidate({ priority: 4 }));
    expect(vectorOf(candidate())).toEqual([1, 0, 0, 0, 0, 1, 0]);
    expect(first).toEqual([1, 0, 0, 1, 0, 1, 0]);
  });

  it('knows nothing of the profile', () => {
    const known = { ...NO_PROFILE, completion_rate_30d: 1, tip_volume_30d: 9 };
    expect(egreedyV1.vectorizer(MONDAY_MIDNIGHT, known)(candidate())).toEqual(
      egreedyV1.vectorizer(MONDAY_MIDNIGHT, NO_PROFILE)(candidate()),
    );
  });
});

describe('egreedy-v2', () => {
  const profileEntries = (profile: Record<string, number | string | null>, context = MONDAY_MIDNIGHT) =>
    egreedyV2.vectorizer(context, profile)(candidate()).slice(7);

  it('begins as v1 does', () => {
    const context = at('2026-03-07T09:00:00Z', 120);
    const one = candidate({ is_overdue: true, task_age_days: 12.3, priority: 3 });
    expect(egreedyV2.vectorizer(context, NO_PROFILE)(one).slice(0, 7)).toEqual(egreedyV1.vectorizer(context, NO_PROFILE)(one));
  });

  it('null and absent are 0, also for the preferred hour', () => {
    expect(profileEntries(NO_PROFILE)).toEqual([0, 0, 0, 0, 0]);
    expect(profileEntries({})).toEqual([0, 0, 0, 0, 0]);
  });

  it('a preferred hour of 0 is not null', () => {
    expect(profileEntries({ ...NO_PROFILE, preferred_hour: 0 })[3]).toBe(1);
    expect(profileEntries({ ...NO_PROFILE, preferred_hour: 12 })[3]).toBe(-1);
    expect(profileEntries({ ...NO_PROFILE, preferred_hour: 23 }, at('2026-03-02T00:00:00Z', 60))[3]).toBe(quantise(Math.sqrt(3) / 2));
  });

  it('rates as they are, dwell and volume capped', () => {
    const profile = {
      completion_rate_30d: 0.75,
      dismiss_rate_30d: 0.125,
      mean_dwell_ms_30d: 150_000,
      preferred_hour: 6,
      tip_volume_30d: 100,
    };
    expect(profileEntries(profile)).toEqual([0.75, 0.125, 0.25, 0, 1]);
    expect(profileEntries({ ...profile, mean_dwell_ms_30d: 9e15, tip_volume_30d: 1e6 }).filter((_, i) => i === 2 || i === 4)).toEqual([
      1, 1,
    ]);
    expect(profileEntries({ ...profile, tip_volume_30d: 9 })[4]).toBe(quantise(Math.log(10) / Math.log(101)));
  });

  it('a value that is not a number counts as none', () => {
    const odd = {
      completion_rate_30d: 'much',
      dismiss_rate_30d: NaN,
      mean_dwell_ms_30d: Infinity,
      preferred_hour: NaN,
      tip_volume_30d: 'x',
    };
    expect(profileEntries(odd)).toEqual([0, 0, 0, 0, 0]);
  });

  it('a number that no profile can have counts as the nearest that one can: the entries stay numbers from -1 to 1', () => {
    const given = { completion_rate_30d: 1e308, dismiss_rate_30d: -0.5, mean_dwell_ms_30d: -1, preferred_hour: 1e308, tip_volume_30d: -5 };
    expect(profileEntries(given).toSpliced(3, 1)).toEqual([1, 0, 0, 0]);
    expect(Math.abs(profileEntries(given)[3]!)).toBeLessThanOrEqual(1);
    expect(profileEntries({ tip_volume_30d: 1e308, preferred_hour: 30 })).toEqual(
      profileEntries({ tip_volume_30d: 1e9, preferred_hour: 6 }),
    );
  });

  it('no hour or volume lies so near to half a grid step that another sine or logarithm could round it differently', () => {
    const distance = (x: number) => Math.abs(x * 4096 - Math.floor(x * 4096) - 0.5);
    for (let h = -23; h < 24; h++) {
      expect(distance(Math.cos((2 * Math.PI * h) / 24))).toBeGreaterThan(1e-6);
      expect(distance(Math.sin((2 * Math.PI * h) / 24))).toBeGreaterThan(1e-6);
    }
    for (let volume = 0; volume < 100; volume++) expect(distance(Math.log(1 + volume) / Math.log(101))).toBeGreaterThan(1e-6);
  });
});

describe('egreedy-v3', () => {
  const steps = (context: typeof MONDAY_MIDNIGHT, profile: Record<string, number | string | null>, one = candidate()) =>
    egreedyV3
      .vectorizer(
        context,
        profile,
      )(one)
      .slice(12)
      .map((entry) => entry * 4096);

  it('begins as v2 does', () => {
    const profile = { ...NO_PROFILE, completion_rate_30d: 0.3, tip_volume_30d: 7, preferred_hour: 8 };
    const one = candidate({ is_overdue: true, task_age_days: 12.3, priority: 3 });
    expect(egreedyV3.vectorizer(MONDAY_MIDNIGHT, profile)(one).slice(0, 12)).toEqual(egreedyV2.vectorizer(MONDAY_MIDNIGHT, profile)(one));
  });

  it('multiplies each rate, by its distance from what is usual and as far as it is trusted, with each entry of the candidate', () => {
    const one = candidate({ is_overdue: true, task_age_days: 10, priority: 3 });
    // Trust 1/2: (1 - 1/2) / 2 and (0 - 1/4) / 2, in steps of 1/4096 times 1, 1365/4096 and 2731/4096.
    const profile = { ...NO_PROFILE, completion_rate_30d: 1, dismiss_rate_30d: 0, tip_volume_30d: 10 };
    expect(steps(MONDAY_MIDNIGHT, profile, one)).toEqual([1024, 341, 683, -512, -171, -341]);
    // The rate is rounded before its products are: 8/11 of 0.1 is 297.89 steps.
    const few = { ...NO_PROFILE, completion_rate_30d: 0.6, tip_volume_30d: 8 / 3 };
    expect(steps(MONDAY_MIDNIGHT, few, one)).toEqual([86, 29, 57, 0, 0, 0]);
  });

  it('knows nothing of a user of whom nothing is known', () => {
    const one = candidate({ is_overdue: true, priority: 4, task_age_days: 30 });
    expect(steps(MONDAY_MIDNIGHT, NO_PROFILE, one)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(steps(MONDAY_MIDNIGHT, {}, one)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(steps(MONDAY_MIDNIGHT, { completion_rate_30d: 1, dismiss_rate_30d: 1, tip_volume_30d: -3 }, one)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(steps(MONDAY_MIDNIGHT, { dismiss_rate_30d: 1, tip_volume_30d: 1e308 }, one)).toEqual([0, 0, 0, 3072, 3072, 3072]);
    expect(steps(MONDAY_MIDNIGHT, { completion_rate_30d: 7, tip_volume_30d: 1e300 }, one)).toEqual([2048, 2048, 2048, 0, 0, 0]);
  });
});

describe('egreedy-v4', () => {
  const match = (preferred: string | null | undefined, category: string | null | undefined, volume = 30) =>
    egreedyV4
      .vectorizer(MONDAY_MIDNIGHT, { preferred_category: preferred ?? null, tip_volume_30d: volume })(candidate({ category }))
      .at(-1);

  it('is v3 and, last, the trust where the categories are the same', () => {
    const one = candidate({ is_overdue: true, task_age_days: 3, priority: 2, category: 'work' });
    const profile = { completion_rate_30d: 0.4, dismiss_rate_30d: 0.3, tip_volume_30d: 30, preferred_category: 'work' };
    expect(egreedyV4.vectorizer(MONDAY_MIDNIGHT, profile)(one)).toEqual([...egreedyV3.vectorizer(MONDAY_MIDNIGHT, profile)(one), 0.75]);
    expect(match('work', 'home')).toBe(0);
    expect(match('work', 'work', 2)).toBe(quantise(1 / 6));
    expect(match('work', 'work', 0)).toBe(0);
  });

  it('takes a category of no characters for one, and none for none', () => {
    expect(match('', '')).toBe(0.75);
    for (const none of [null, undefined]) {
      expect(match(none, none)).toBe(0);
      expect(match('', none)).toBe(0);
      expect(match(none, '')).toBe(0);
    }
  });
});

describe('the registry', () => {
  it('names every entry of every vector', () => {
    for (const policy of POLICIES) {
      expect(policy.featureNames).toHaveLength(policy.dimension);
      expect(new Set(policy.featureNames).size).toBe(policy.dimension);
      expect(policy.vectorizer(MONDAY_MIDNIGHT, NO_PROFILE)(candidate())).toHaveLength(policy.dimension);
    }
    const first = POLICIES.filter(({ name }) =>
      ['random', 'egreedy-v1', 'egreedy-v2', 'egreedy-v3', 'egreedy-v4', 'linucb'].includes(name),
    );
    expect(first.map(({ name, dimension }) => [name, dimension])).toEqual([
      ['random', 1],
      ['egreedy-v1', 7],
      ['egreedy-v2', 12],
      ['egreedy-v3', 18],
      ['egreedy-v4', 19],
      ['linucb', 12],
    ]);
  });

  it.each(POLICIES)('explains every entry of $name', ({ featureNames, inputs }) => {
    expect(Object.keys(inputs)).toEqual([...featureNames]);
  });

  it('gives a path to each policy that learns, and compares all in simulations, the default one first', () => {
    expect(LEARNING_POLICIES).toEqual(POLICIES.filter(({ name }) => name !== 'random'));
    expect(policyPath('egreedy-v2')).toBe('egreedy/v2');
    expect(new Set(LEARNING_POLICIES.map(({ name }) => policyPath(name))).size).toBe(LEARNING_POLICIES.length);
    expect(SIMULATED_POLICIES[0]!.name).toBe(DEFAULT_POLICY);
    expect(new Set(SIMULATED_POLICIES)).toEqual(new Set(POLICIES));
  });

  it('tells a policy from its shadow', () => {
    expect(shadowEventName('egreedy-v2')).toBe('egreedy-v2-shadow');
    expect(policyOfEvent('egreedy-v2-shadow')).toBe(egreedyV2);
    expect(policyOfEvent('egreedy-v2')).toBe(egreedyV2);
    expect(findPolicy('egreedy-v2-shadow')).toBeUndefined();
    expect(policyOfEvent('egreedy-v2-shadow-shadow')).toBeUndefined();
  });

  it('says which policies there are', () => {
    expect(policyNamed('egreedy-v1')).toBe(egreedyV1);
    expect(() => policyNamed('egreedy-v9')).toThrow(
      expect.objectContaining({ code: 'policy_not_found', hint: expect.stringContaining('egreedy-v1, egreedy-v2') }),
    );
    expect(() => policyNamed('__proto__')).toThrow(expect.objectContaining({ code: 'policy_not_found' }));
  });
});
