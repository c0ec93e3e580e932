import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BitSet } from '../../../../src/store/tables/held/bit-set.js';

const number = fc.oneof(
  fc.integer({ min: 0, max: 70 }),
  fc.integer({ min: 0, max: 100_000 }),
  fc.constantFrom(-1, 2 ** 27 - 1, 2 ** 27, 2 ** 32 + 5, Number.MAX_SAFE_INTEGER),
);
const step = fc.oneof(
  fc.record({ do: fc.constant('add' as const), number }),
  fc.record({ do: fc.constant('delete' as const), number }),
  fc.record({ do: fc.constant('take' as const), number: fc.integer({ min: 0, max: 10 }) }),
);

describe('BitSet', () => {
  it('is a set', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const [bits, set] = [new BitSet(), new Set<number>()];
        for (const { do: what, number } of steps) {
          if (what === 'take') {
            const taken = bits.take(number);
            expect(taken).toHaveLength(Math.min(number, set.size));
            for (const one of taken) expect(set.delete(one)).toBe(true);
          } else {
            bits[what](number);
            set[what](number);
          }
          expect(bits.size).toBe(set.size);
        }
        expect(bits.take(200).sort((a, b) => a - b)).toEqual([...set].sort((a, b) => a - b));
      }),
      { numRuns: 300 },
    );
  });

  it('gives each its turn, however often the others come back', () => {
    const bits = new BitSet();
    for (const number of [1, 2, 3, 40, 5_000]) bits.add(number);
    const seen: number[] = [];
    for (let round = 0; round < 3; round++) {
      seen.push(...bits.take(2));
      for (const number of [1, 2]) bits.add(number);
    }
    expect(seen).toEqual([1, 2, 3, 40, 5_000, 1]);
  });

  it('has none after it is cleared', () => {
    const bits = new BitSet();
    for (const number of [7, 3_000, 2 ** 40]) bits.add(number);
    bits.clear();
    expect([bits.size, bits.take(1)]).toEqual([0, []]);
  });
});
