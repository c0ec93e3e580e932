import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeState, encodeState } from '../../src/policies/ridge-codec.js';
import { add, emptyState, posterior } from '../../src/policies/ridge.js';
import { oracleSums, oracleTheta, oracleThetaExact, type OracleExample } from '../oracle/policy.js';

const LAMBDA = 1;
const gridEntry = fc.integer({ min: -4096, max: 4096 }).map((steps) => steps / 4096);
const example = (dimension: number): fc.Arbitrary<OracleExample> =>
  fc.record({ x: fc.array(gridEntry, { minLength: dimension, maxLength: dimension }), reward: fc.integer({ min: 0, max: 1 }) });
const examples = fc
  .constantFrom(1, 7, 12)
  .chain((dimension) => fc.record({ dimension: fc.constant(dimension), learned: fc.array(example(dimension), { maxLength: 30 }) }));

function learn(dimension: number, learned: readonly OracleExample[]) {
  const state = emptyState(dimension);
  for (const { x, reward } of learned) add(state, x, reward, 1);
  return state;
}

function expectWithin(actual: ArrayLike<number>, expected: readonly number[], tolerance: number) {
  expect(actual.length).toBe(expected.length);
  for (const [i, value] of expected.entries()) expect(Math.abs(actual[i]! - value)).toBeLessThanOrEqual(tolerance);
}

describe('the ridge sums', () => {
  it('are the same bits in any order, with anything added and taken out again on the way', () => {
    fc.assert(
      fc.property(
        examples.chain(({ dimension, learned }) =>
          fc.record({
            dimension: fc.constant(dimension),
            learned: fc.constant(learned),
            passing: fc.array(example(dimension), { maxLength: 10 }),
            keys: fc.array(fc.double({ noNaN: true }), { minLength: 60, maxLength: 60 }),
          }),
        ),
        ({ dimension, learned, passing, keys }) => {
          const expected = encodeState(learn(dimension, learned));
          const steps = [
            ...learned.map((one) => ({ ...one, sign: 1 as const })),
            ...passing.flatMap((one) => [
              { ...one, sign: 1 as const },
              { ...one, sign: -1 as const },
            ]),
          ];
          const order = steps.map((_, i) => i).sort((a, b) => keys[a]! - keys[b]!);
          const state = emptyState(dimension);
          for (const i of order) add(state, steps[i]!.x, steps[i]!.reward, steps[i]!.sign);
          expect(encodeState(state).equals(expected)).toBe(true);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('are what adding dense matrices gives, and theta what eliminating them gives', () => {
    fc.assert(
      fc.property(examples, ({ dimension, learned }) => {
        const state = learn(dimension, learned);
        const sums = oracleSums(learned, dimension);
        expect(state.updates).toBe(learned.length);
        expect([...state.b]).toEqual(sums.b);
        for (let i = 0; i < dimension; i++) for (let j = 0; j <= i; j++) expect(state.g[(i * (i + 1)) / 2 + j]).toBe(sums.g[i]![j]);
        expectWithin(posterior(state, LAMBDA).theta, oracleTheta(sums), 1e-9);
      }),
      { numRuns: 150 },
    );
  });

  it('theta is right to 1e-9 where G is nearly singular: many updates along nearly the same direction', () => {
    fc.assert(
      fc.property(
        example(12),
        fc.array(fc.record({ entry: fc.nat(11), reward: fc.integer({ min: 0, max: 1 }), times: fc.integer({ min: 1, max: 20_000 }) }), {
          minLength: 1,
          maxLength: 6,
        }),
        ({ x }, groups) => {
          const state = emptyState(12);
          const g = Array.from({ length: 12 }, () => new Array<number>(12).fill(0));
          const b = new Array<number>(12).fill(0);
          for (const { entry, reward, times } of groups) {
            const near = x.map((value, i) => (i === entry ? value + (value > 0 ? -1 : 1) / 4096 : value));
            // `times` equal updates at once: exact on the grid, as `times` additions are.
            const once = emptyState(12);
            add(once, near, reward, 1);
            once.g.forEach((value, i) => (state.g[i]! += value * times));
            once.b.forEach((value, i) => (state.b[i]! += value * times));
            state.updates += times;
            for (let i = 0; i < 12; i++) {
              for (let j = 0; j < 12; j++) g[i]![j]! += near[i]! * near[j]! * times;
              b[i]! += reward * near[i]! * times;
            }
          }
          expectWithin(posterior(state, LAMBDA).theta, oracleThetaExact({ g, b }), 1e-9);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('survive the store byte for byte', () => {
    fc.assert(
      fc.property(examples, ({ dimension, learned }) => {
        const state = learn(dimension, learned);
        const bytes = encodeState(state);
        // A blob from a database is a view into a larger buffer at any offset.
        const shifted = new Uint8Array(bytes.length + 3);
        shifted.set(bytes, 3);
        expect(decodeState(shifted.subarray(3), dimension)).toEqual(state);
        expect(encodeState(decodeState(bytes, dimension)).equals(bytes)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });
});
