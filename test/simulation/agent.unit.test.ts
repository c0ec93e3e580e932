import { describe, expect, it } from 'vitest';
import { policyNamed } from '../../src/policies/registry.js';
import { randomStream } from '../../src/random.js';
import { Agent } from '../../src/simulation/agent.js';
import { PERSONAS } from '../../src/simulation/persona.js';
import { personOf } from '../../src/simulation/population.js';
import { daysOf } from '../../src/simulation/world.js';

/** Gauss and Jordan's elimination: theta of A theta = b. */
function solved(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const rows = matrix.map((row, i) => [...row, right[i]!]);
  for (let i = 0; i < rows.length; i++) {
    const pivot = rows.findIndex((row, k) => k >= i && Math.abs(row[i]!) === Math.max(...rows.slice(i).map((one) => Math.abs(one[i]!))));
    [rows[i], rows[pivot]] = [rows[pivot]!, rows[i]!];
    rows[i] = rows[i]!.map((value) => value / rows[i]![i]!);
    for (let k = 0; k < rows.length; k++) if (k !== i) rows[k] = rows[k]!.map((value, j) => value - rows[k]![i]! * rows[i]![j]!);
  }
  return rows.map((row) => row.at(-1)!);
}

describe('an agent with a prior', () => {
  const policy = policyNamed('egreedy-v1');
  const theta = [0.5, -0.2, 0.1, 0.4, 0.03, -0.05, 0.02];
  const lambda = 10;
  const greedy = { name: 'greedy', policy, exploration: { epsilon: 0 } };
  const person = personOf({ ...PERSONAS[0]!, history: false }, randomStream(4, 'taste'));
  const world = { startMs: 0, durationMs: 40 * 86_400_000, candidates: 6 };
  const decisions = [...daysOf(person, world, { days: randomStream(4, 'days'), categories: randomStream(4, 'categories') })];

  it('chooses as (X X + lambda I) theta = X r + lambda theta_0 says, from the first decision on', () => {
    const agent = new Agent(greedy, { controlId: 'a prior', lambda, theta });
    const [plain, changed] = [new Agent(greedy), { first: 0, ever: 0 }];
    const seen: { readonly x: readonly number[]; readonly reward: number }[] = [];
    for (const [i, decision] of decisions.entries()) {
      const vectorOf = policy.vectorizer({ requestedAtMs: decision.requestedAtMs, utcOffsetMin: 0 }, {});
      const left = theta.map((_, row) =>
        theta.map((__, column) => seen.reduce((sum, { x }) => sum + x[row]! * x[column]!, 0) + (row === column ? lambda : 0)),
      );
      const right = theta.map((mean, row) => seen.reduce((sum, { x, reward }) => sum + x[row]! * reward, 0) + lambda * mean);
      const expected = solved(left, right);
      const scores = decision.candidates.map((candidate) => vectorOf(candidate).reduce((sum, x, k) => sum + x * expected[k]!, 0));
      const { chosen, vector, reward } = agent.decide(decision, `d-${i}`, person.dismisses);
      expect(scores[chosen]).toBeGreaterThanOrEqual(Math.max(...scores) - 1e-9);
      expect(vector).toEqual(vectorOf(decision.candidates[chosen]!));
      if (reward !== null) seen.push({ x: vector, reward });
      if (plain.decide(decision, `d-${i}`, person.dismisses).chosen !== chosen) changed[i < 10 ? 'first' : 'ever']++;
    }
    expect(seen.length).toBeGreaterThan(100);
    expect(changed.first).toBeGreaterThan(2);
  });

  it('says what came of it: done below the chance, dismissed by those who dismiss, else nothing', () => {
    const agent = new Agent(greedy);
    const outcomes = { 1: 0, 0: 0, null: 0 };
    for (const [i, decision] of decisions.entries()) {
      const { chosen, reward } = agent.decide(decision, `d-${i}`, 0.5);
      const done = decision.fates[chosen]! < decision.chances[chosen]!;
      expect(reward).toBe(done ? 1 : decision.dismissFate < 0.5 ? 0 : null);
      outcomes[`${reward}`]++;
    }
    for (const count of Object.values(outcomes)) expect(count).toBeGreaterThan(5);
  });
});
