/** Numbers in memory answer what a plain map, sorted, answers. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { HeldNumbers } from '../../../src/projections/kept/held-numbers.js';

/** More than fill a block, many of them equal. */
const number = fc.oneof(fc.integer({ min: 0, max: 3_000 }), fc.integer());
const changes = fc.array(fc.tuple(number, fc.constantFrom(1, 1, 2, -1)), { maxLength: 2_500, size: 'max' });

it('counts, and finds the next above and below, while numbers come and go', () => {
  fc.assert(
    fc.property(changes, fc.array(number, { maxLength: 20 }), fc.boolean(), (steps, asked, emptied) => {
      const held = new HeldNumbers();
      const plain = new Map<number, number>();
      const change = (of: number, by: number): void => {
        held.change(new Map([[of, by]]));
        plain.set(of, (plain.get(of) ?? 0) + by);
        if (plain.get(of) === 0) plain.delete(of);
      };
      for (const [of, by] of steps) if (by > 0 || plain.has(of)) change(of, by);
      if (emptied) for (const [of, count] of [...plain].slice(1)) change(of, -count);
      const sorted = [...plain].sort(([a], [b]) => a - b);
      for (const of of [...asked, ...sorted.slice(0, 50).flatMap(([each]) => [each - 1, each, each + 1]), -Infinity, Infinity]) {
        expect(held.count(of)).toBe(plain.get(of) ?? 0);
        expect(held.above(of)).toEqual(sorted.find(([each]) => each > of));
        expect(held.below(of)).toEqual(sorted.findLast(([each]) => each < of));
      }
    }),
    { numRuns: 150 },
  );
});
