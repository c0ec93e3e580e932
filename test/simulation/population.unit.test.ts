import { describe, expect, it } from 'vitest';
import { randomStream } from '../../src/random.js';
import { CATEGORIES, PERSONAS, personaSchema, type Persona, type Person } from '../../src/simulation/persona.js';
import { BUILTIN, MIXTURE, opposite, personOf } from '../../src/simulation/population.js';
import { daysOf, type SimulatedDecision } from '../../src/simulation/world.js';

const streamOf = (user: number) => randomStream(5, `traits ${user}`);
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const deviation = (values: readonly number[]) => {
  const middle = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - middle) ** 2)));
};

describe('the built-in population', () => {
  it('has all personas in proportion', () => {
    const cast = BUILTIN.cast(27, streamOf);
    for (const { name } of PERSONAS) expect(cast.filter((persona) => persona.name === name)).toHaveLength(3);
  });
});

describe('the mixture', () => {
  const cast = MIXTURE.cast(4_000, streamOf);

  it('has the same user in the same place, however many there are', () => {
    expect(MIXTURE.cast(3, streamOf)).toEqual(cast.slice(0, 3));
    expect(cast[0]).not.toEqual(cast[1]);
  });

  it('has users that could be personas of a file', () => {
    for (const persona of cast.slice(0, 500)) expect(personaSchema.parse(persona)).toEqual(persona);
  });

  it('has the built-in personas in the middle, with noise around each weight', () => {
    for (const name of ['is_overdue', 'task_age', 'priority', 'preferred_hour', 'weekend'] as const) {
      const own = cast.map(({ weights }) => weights[name]);
      const builtin = PERSONAS.map(({ weights }) => weights[name]);
      expect(Math.abs(mean(own) - mean(builtin)), name).toBeLessThan(0.04);
      // Shares uniform over the mixtures of m: a weight varies by 1 / (m + 1) of its variance among the m.
      const expected = Math.sqrt(deviation(builtin) ** 2 / (PERSONAS.length + 1) + 0.5 ** 2);
      expect(Math.abs(deviation(own) / expected - 1), name).toBeLessThan(0.05);
    }
  });

  it('has activity whose logarithm is normal, hours of their own, and drift for 15 percent', () => {
    const logs = cast.map(({ decisions_per_day }) => Math.log(decisions_per_day));
    expect(Math.abs(mean(logs) - Math.log(5))).toBeLessThan(0.06);
    expect(Math.abs(deviation(logs) - 1)).toBeLessThan(0.05);
    expect(new Set(cast.map(({ active_hour }) => active_hour)).size).toBe(24);
    const drifting = cast.filter(({ drift }) => drift !== undefined).length / cast.length;
    expect(Math.abs(drifting - 0.15)).toBeLessThan(0.02);
  });
});

describe('the opposite population', () => {
  const wants = ({ is_overdue, task_age, priority }: Persona['weights']) => [is_overdue, task_age, priority];

  it.each([BUILTIN, MIXTURE])(
    'of $name wants the opposite in a candidate, before and after a drift, and is the same besides',
    (population) => {
      const [cast, turned] = [population.cast(200, streamOf), opposite(population).cast(200, streamOf)];
      expect(cast.filter(({ drift }) => drift !== undefined).length).toBeGreaterThan(5);
      for (const [i, persona] of turned.entries()) {
        const { weights, taste, drift, ...rest } = cast[i]!;
        expect(wants(persona.weights)).toEqual(wants(weights).map((weight) => -weight));
        expect(persona.drift && wants(persona.drift.weights)).toEqual(drift && wants(drift.weights).map((weight) => -weight));
        expect(persona).toMatchObject({
          ...rest,
          taste: -taste,
          weights: { preferred_hour: weights.preferred_hour, weekend: weights.weekend },
        });
      }
    },
  );
});

describe('a taste', () => {
  const world = { startMs: 0, durationMs: 20 * 86_400_000, candidates: 6 };
  const daysFor = (persona: Persona, categories = 'categories'): [Person, SimulatedDecision[]] => {
    const person = personOf(persona, randomStream(1, 'taste'));
    return [person, [...daysOf(person, world, { days: randomStream(1, 'days'), categories: randomStream(1, categories) })]];
  };
  const logOdds = (chance: number) => Math.log(chance / (1 - chance));

  it('adds to the log-odds of candidates of one category, and changes nothing else', () => {
    const [, plain] = daysFor(PERSONAS[0]!);
    const [{ favourite }, keen] = daysFor({ ...PERSONAS[0]!, taste: 1 });
    expect(CATEGORIES).toContain(favourite);
    expect(keen.length).toBeGreaterThan(50);
    let liked = 0;
    for (const [i, { candidates, chances, ...rest }] of keen.entries()) {
      const { candidates: same, chances: before, ...other } = plain[i]!;
      expect({ ...rest, candidates }).toEqual({ ...other, candidates: same });
      for (const [k, { category }] of candidates.entries()) {
        expect(logOdds(chances[k]!) - logOdds(before[k]!)).toBeCloseTo(category === favourite ? 1 : 0, 9);
        if (category === favourite) liked++;
      }
    }
    expect(liked / (6 * keen.length)).toBeGreaterThan(0.1);
    expect(liked / (6 * keen.length)).toBeLessThan(0.24);
  });

  it('leaves the days alone, whatever the categories are', () => {
    const without = (days: SimulatedDecision[]) =>
      days.map((day) => ({ ...day, candidates: day.candidates.map(({ category: _, ...candidate }) => candidate) }));
    expect(without(daysFor(PERSONAS[1]!, 'others')[1])).toEqual(without(daysFor(PERSONAS[1]!)[1]));
  });

  it('is for any of the categories', () => {
    const favourites = Array.from({ length: 60 }, (_, user) => personOf(PERSONAS[0]!, randomStream(1, `taste ${user}`)).favourite);
    expect(new Set(favourites).size).toBe(CATEGORIES.length);
  });
});
