import { describe, expect, it } from 'vitest';
import { randomStream } from '../../src/random.js';
import { CATEGORIES, type Category } from '../../src/simulation/persona.js';
import { SimulatedProfile } from '../../src/simulation/profile.js';

const DAY_MS = 86_400_000;

describe('a simulated profile', () => {
  it('holds 30 days', () => {
    const profile = new SimulatedProfile();
    expect(profile.asOf(0)).toEqual({
      tip_volume_30d: 0,
      completion_rate_30d: null,
      dismiss_rate_30d: null,
      mean_dwell_ms_30d: null,
      preferred_hour: null,
      preferred_category: null,
    });
    profile.add({ atMs: 0, hour: 9, category: 'home', outcome: 'done', dwellMs: 100 });
    profile.add({ atMs: DAY_MS, hour: 17, category: 'work', outcome: 'dismiss', dwellMs: 300 });
    profile.add({ atMs: 2 * DAY_MS, hour: 8, category: 'work', outcome: 'none', dwellMs: 5 });
    profile.add({ atMs: 2 * DAY_MS, hour: 7, category: 'health', outcome: 'done', dwellMs: 200 });
    expect(profile.asOf(3 * DAY_MS)).toEqual({
      tip_volume_30d: 4,
      completion_rate_30d: 0.5,
      dismiss_rate_30d: 0.25,
      mean_dwell_ms_30d: 200,
      preferred_hour: 7,
      preferred_category: 'health',
    });
    expect(profile.asOf(30 * DAY_MS)).toMatchObject({ tip_volume_30d: 4 });
    expect(profile.asOf(30 * DAY_MS + 1)).toEqual({
      tip_volume_30d: 3,
      completion_rate_30d: 1 / 3,
      dismiss_rate_30d: 1 / 3,
      mean_dwell_ms_30d: 250,
      preferred_hour: 7,
      preferred_category: 'health',
    });
  });

  it('prefers the category of which most was done in 30 days, the first of equals', () => {
    const random = randomStream(3, 'servings');
    const profile = new SimulatedProfile();
    const done: { readonly atMs: number; readonly category: Category }[] = [];
    const seen = new Set<string | null>();
    for (let atMs = 0; atMs < 300 * DAY_MS; atMs += Math.floor(random.exponential(2 * DAY_MS))) {
      const counts = CATEGORIES.map((category) => done.filter((one) => one.category === category && one.atMs >= atMs - 30 * DAY_MS).length);
      const most = Math.max(...counts);
      const expected = most === 0 ? null : [...CATEGORIES].sort().find((category) => counts[CATEGORIES.indexOf(category)] === most)!;
      expect(profile.asOf(atMs).preferred_category).toBe(expected);
      seen.add(expected);
      const category = random.pick(CATEGORIES);
      const outcome = random.pick(['done', 'dismiss', 'none'] as const);
      profile.add({ atMs, hour: 8, category, outcome, dwellMs: 1 });
      if (outcome === 'done') done.push({ atMs, category });
    }
    expect(seen.size).toBeGreaterThan(4);
  });
});
