import { describe, expect, it } from 'vitest';
import { policyNamed } from '../../src/policies/registry.js';
import { curvesSvg, sparkline } from '../../src/simulation/chart.js';
import { parsePersonas, PERSONAS, personaSchema } from '../../src/simulation/persona.js';
import { SimulatedProfile } from '../../src/simulation/profile.js';
import { simulate, type SimulationOptions, type SimulationResult } from '../../src/simulation/simulate.js';
import { ratio, student95 } from '../../src/simulation/statistics.js';
import { seededRandom } from '../support/seeded-random.js';

const DAY_MS = 86_400_000;
const SHARE = { min: 0, max: 1 };
function run(more: Partial<SimulationOptions> = {}): SimulationResult {
  const steps = simulate({
    policies: ['egreedy-v1', 'random'].map(policyNamed),
    personas: PERSONAS,
    users: 18,
    days: 20,
    candidates: 5,
    epsilon: 0.1,
    seed: 7,
    ...more,
  });
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  return step.value;
}
const of = (result: SimulationResult, policy: string) => result.policies.find((one) => one.policy === policy)!;

describe('the simulation', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(JSON.stringify(run())).toBe(JSON.stringify(run()));
    expect(JSON.stringify(run({ seed: 8 }))).not.toBe(JSON.stringify(run()));
  });

  it('gives every policy the same world: the same policy twice earns the same, whoever else is there', () => {
    const alone = run({ policies: [policyNamed('egreedy-v1')] });
    const among = run({ policies: ['random', 'linucb', 'egreedy-v1'].map(policyNamed) });
    expect(of(alone, 'egreedy-v1')).toEqual(of(among, 'egreedy-v1'));
    expect(of(alone, 'oracle')).toEqual(of(among, 'oracle'));
  });

  it('knows the best: the oracle has no regret, and nobody has less', () => {
    const result = run();
    expect(of(result, 'oracle').regret).toMatchObject({ mean: 0, low: 0, high: 0 });
    for (const { policy, regret } of result.policies) if (policy !== 'oracle') expect(regret.mean, policy).toBeGreaterThan(0);
    expect(of(result, 'egreedy-v1').regret.mean).toBeLessThan(of(result, 'random').regret.mean);
  });

  it('shows a difference that is there, and none between equals', () => {
    const result = run({ users: 90, policies: ['egreedy-v1', 'random'].map(policyNamed) });
    const random = result.comparisons.find(({ policy, persona }) => policy === 'random' && persona === 'all')!;
    expect(random.high).toBeLessThan(0);
    expect(result.comparisons.filter(({ persona }) => persona === 'all').map(({ policy, against }) => [policy, against])).toEqual([
      ['random', 'egreedy-v1'],
      ['oracle', 'egreedy-v1'],
    ]);
  });

  it('has all personas in it, in proportion to their shares', () => {
    const result = run({ users: 27 });
    expect(result.personas.map(({ persona, users }) => [persona, users])).toEqual(PERSONAS.map(({ name }) => [name, 3]));
    expect(result.personas.reduce((sum, { decisions }) => sum + decisions, 0)).toBe(result.decisions);
    expect(PERSONAS.length).toBeGreaterThanOrEqual(8);
  });

  it('is sure of nothing where one user shows it', () => {
    const { comparisons, policies } = run({ users: 1, days: 1 });
    for (const one of comparisons) expect(one).toMatchObject({ low: -1, high: 1 });
    for (const { reward } of policies) expect(reward).toMatchObject({ low: 0, high: 1 });
  });

  it('says so when nobody decided anything', () => {
    expect(() => run({ personas: [{ ...PERSONAS[0]!, decisions_per_day: 1e-9 }] })).toThrow(
      expect.objectContaining({ code: 'invalid_argument' }) as Error,
    );
  });

  it('has no point on a curve where nobody decided anything', () => {
    const { curves } = run({ personas: [{ ...PERSONAS[0]!, active_sharpness: 20 }], users: 3, days: 1 });
    for (const { points } of curves) {
      expect(points[0]).toBeNull();
      expect(points.some((point) => point !== null && point > 0)).toBe(true);
    }
  });

  it('draws with the same numbers for all: policies that score alike choose alike', () => {
    const twin = { ...policyNamed('egreedy-v1'), name: 'egreedy-v1-twin' };
    const { comparisons } = run({ policies: [policyNamed('egreedy-v1'), twin] });
    for (const one of comparisons.filter(({ policy }) => policy === twin.name)) expect(one).toMatchObject({ mean: 0, low: 0, high: 0 });
  });

  it('is asked for a break within a user who decides much', () => {
    const steps = simulate({
      policies: [policyNamed('random')],
      personas: [{ ...PERSONAS[0]!, decisions_per_day: 200 }],
      users: 1,
      days: 60,
      candidates: 2,
      epsilon: 0.1,
      seed: 1,
    });
    expect(steps.next()).toEqual({ done: false, value: 0 });
  });

  it('lets users drift: what was learned before is wrong afterwards', () => {
    const drifter = PERSONAS.find(({ name }) => name === 'drifter')!;
    const { curves } = run({ personas: [drifter], users: 40, days: 60 });
    const points = curves.find(({ policy }) => policy === 'egreedy-v1')!.points;
    const best = curves.find(({ policy }) => policy === 'oracle')!.points;
    const regret = (from: number, to: number) =>
      points.slice(from, to).reduce<number>((sum, point, i) => sum + best[from + i]! - point!, 0) / (to - from);
    expect(regret(26, 32)).toBeGreaterThan(2 * regret(18, 24));
  });
});

describe('a simulated profile', () => {
  it('holds 30 days', () => {
    const profile = new SimulatedProfile();
    expect(profile.asOf(0)).toEqual({
      tip_volume_30d: 0,
      completion_rate_30d: null,
      dismiss_rate_30d: null,
      mean_dwell_ms_30d: null,
      preferred_hour: null,
    });
    profile.add({ atMs: 0, hour: 9, outcome: 'done', dwellMs: 100 });
    profile.add({ atMs: DAY_MS, hour: 17, outcome: 'dismiss', dwellMs: 300 });
    profile.add({ atMs: 2 * DAY_MS, hour: 8, outcome: 'none', dwellMs: 5 });
    profile.add({ atMs: 2 * DAY_MS, hour: 7, outcome: 'done', dwellMs: 200 });
    expect(profile.asOf(3 * DAY_MS)).toEqual({
      tip_volume_30d: 4,
      completion_rate_30d: 0.5,
      dismiss_rate_30d: 0.25,
      mean_dwell_ms_30d: 200,
      preferred_hour: 7,
    });
    expect(profile.asOf(30 * DAY_MS)).toMatchObject({ tip_volume_30d: 4 });
    expect(profile.asOf(30 * DAY_MS + 1)).toEqual({
      tip_volume_30d: 3,
      completion_rate_30d: 1 / 3,
      dismiss_rate_30d: 1 / 3,
      mean_dwell_ms_30d: 250,
      preferred_hour: 7,
    });
  });
});

describe('intervals over users', () => {
  it('cover the ratio as often as they say', () => {
    const random = seededRandom(5);
    let covered = 0;
    for (let trial = 0; trial < 400; trial++) {
      const sizes = Array.from({ length: 60 }, () => 1 + Math.floor(random() * 20));
      const rates = sizes.map(() => (random() < 0.5 ? 0.2 : 0.6));
      const { low, high } = ratio(
        sizes.map((size, i) => ({ numerator: size * rates[i]!, denominator: size, kind: 'one' })),
        SHARE,
      );
      if (low <= 0.4 && 0.4 <= high) covered++;
    }
    expect(covered / 400).toBeGreaterThan(0.91);
  });

  it.each([2, 3, 8])('also with %i users, where a normal one does not', (users) => {
    const random = seededRandom(users);
    const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    let [covered, byNormal] = [0, 0];
    for (let trial = 0; trial < 2_000; trial++) {
      const { mean, low, high } = ratio(
        Array.from({ length: users }, () => ({ numerator: 10 * (0.5 + 0.02 * normal()), denominator: 10, kind: 'one' })),
        SHARE,
      );
      if (low <= 0.5 && 0.5 <= high) covered++;
      if (Math.abs(mean - 0.5) <= (1.96 / student95(users - 1)) * (high - mean)) byNormal++;
    }
    expect(covered / 2_000).toBeGreaterThan(0.935);
    expect(covered / 2_000).toBeLessThan(0.965);
    expect(byNormal / 2_000).toBeLessThan(0.935);
  });

  it('are about users of each kind, not about how different the kinds are', () => {
    const random = seededRandom(9);
    let covered = 0;
    let width = 0;
    for (let trial = 0; trial < 1_000; trial++) {
      const parts = Array.from({ length: 20 }, (_, i) => ({
        numerator: (i % 2 === 0 ? 0.9 : 0.1) + 0.1 * (random() - 0.5),
        denominator: 1,
        kind: i % 2 === 0 ? 'eager' : 'idle',
      }));
      const { low, high } = ratio(parts, SHARE);
      if (low <= 0.5 && 0.5 <= high) covered++;
      width += (high - low) / 1_000;
    }
    expect(covered / 1_000).toBeGreaterThan(0.93);
    expect(covered / 1_000).toBeLessThan(0.97);
    expect(width).toBeLessThan(0.05);
  });

  it('say nothing of one user, and never more than is possible', () => {
    expect(ratio([{ numerator: 3, denominator: 5, kind: 'a' }], { min: -1, max: 1 })).toEqual({ mean: 0.6, low: -1, high: 1 });
    expect(
      ratio(
        [
          { numerator: 5, denominator: 5, kind: 'a' },
          { numerator: 2, denominator: 5, kind: 'b' },
        ],
        SHARE,
      ),
    ).toEqual({ mean: 0.7, low: 0, high: 1 });
  });

  it.each([
    [1, 12.7062],
    [2, 4.30265],
    [3, 3.18245],
    [5, 2.57058],
    [10, 2.22814],
    [30, 2.04227],
    [1e9, 1.95996],
  ])("Student's quantile for %d degrees of freedom is %d", (freedom, quantile) => {
    expect(Math.abs(student95(freedom) / quantile - 1)).toBeLessThan(0.0015);
  });
});

describe('personas of a file', () => {
  it('are read, completed and checked', () => {
    const [one] = parsePersonas('[{"name":"x","decisions_per_day":3,"base":-1,"active_hour":9}]', 'p.json');
    expect(one).toMatchObject({ share: 1, history: true, weights: { is_overdue: 0 } });
    expect(parsePersonas(JSON.stringify(PERSONAS), 'p.json')).toEqual(PERSONAS);
    const good = { name: 'x', decisions_per_day: 3, base: -1, active_hour: 9 };
    for (const [text, what] of [
      ['{', /p\.json: not JSON/],
      ['[]', /p\.json/],
      [JSON.stringify([good, good]), /two personas are named "x"/],
      [JSON.stringify([{ ...good, active_hour: 25 }]), /0\.active_hour/],
      [JSON.stringify([{ ...good, wieghts: {} }]), /wieghts/],
      [JSON.stringify([{ ...good, weights: { overdue: 1 } }]), /overdue/],
    ] as const)
      expect(() => parsePersonas(text, 'p.json')).toThrow(what);
    expect(personaSchema.safeParse(good).success).toBe(true);
  });
});

describe('learning curves', () => {
  const curves = [
    { policy: 'a<b', points: [0, 0.5, 1] },
    { policy: 'c', points: [0.25, 0.25, 0.25] },
  ];
  it('are drawn on one scale', () => {
    expect(curves.map(({ points }) => sparkline(points, curves))).toEqual(['▁▅█', '▃▃▃']);
    expect(sparkline([1, 1], [{ policy: 'flat', points: [1, 1] }])).toBe('▅▅');
  });
  it('have gaps where there is nothing', () => {
    const gaps = [{ policy: 'a', points: [null, 0, null, 1, 0.5] }];
    expect(sparkline(gaps[0]!.points, gaps)).toBe(' ▁ █▅');
    expect(sparkline([null], [{ policy: 'a', points: [null] }])).toBe(' ');
    const svg = curvesSvg(gaps, 'gaps');
    expect(svg.match(/<polyline/g)).toHaveLength(2);
    expect(svg).not.toMatch(/NaN|null/);
  });
  it('become a picture that names every policy', () => {
    const svg = curvesSvg(curves, 'Title & more');
    expect(svg).toMatch(/^<svg .*<\/svg>\n$/s);
    expect(svg).toContain('a&lt;b');
    expect(svg).toContain('Title &amp; more');
    expect(svg.match(/<polyline/g)).toHaveLength(2);
    expect(svg).not.toContain('NaN');
  });
});
