/** The assigner: everything assigned once, evenly, and moved no more than evenness demands. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { assignPartitions, type Claim } from '../../../src/log/kafka/deal.js';

const claims = fc.integer({ min: 1, max: 32 }).chain((count) =>
  fc.record({
    count: fc.constant(count),
    members: fc.uniqueArray(fc.record({ memberId: fc.string({ minLength: 1 }), partitions: fc.array(fc.nat(40), { maxLength: 40 }) }), {
      selector: ({ memberId }) => memberId,
      minLength: 1,
      maxLength: 8,
    }),
  }),
);

it('assigns every partition once and evenly, whatever the members claim and in whatever order they come', () => {
  fc.assert(
    fc.property(claims, ({ count, members }) => {
      const assigned = assignPartitions(count, members);
      expect([...assigned.values()].flat().sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, partition) => partition));
      const sizes = [...assigned.values()].map((share) => share.length);
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      expect(new Map([...assignPartitions(count, members.toReversed())].sort())).toEqual(new Map([...assigned].sort()));
    }),
  );
});

it('moves nothing when the members stay, and only what is needed when one comes or goes', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 32 }), fc.integer({ min: 1, max: 8 }), (count, size) => {
      const names = Array.from({ length: size }, (_, index) => `member-${index}`);
      const settled: Claim[] = [
        ...assignPartitions(
          count,
          names.map((memberId) => ({ memberId, partitions: [] })),
        ),
      ].map(([memberId, partitions]) => ({ memberId, partitions }));
      const moved = (after: Map<string, number[]>): number =>
        settled.reduce(
          (total, { memberId, partitions }) =>
            total + partitions.filter((partition) => after.has(memberId) && !after.get(memberId)!.includes(partition)).length,
          0,
        );
      expect(moved(assignPartitions(count, settled))).toBe(0);
      const joined = assignPartitions(count, [...settled, { memberId: 'newcomer', partitions: [] }]);
      expect(moved(joined)).toBe(joined.get('newcomer')!.length);
      if (size > 1) expect(moved(assignPartitions(count, settled.slice(1)))).toBe(0);
    }),
  );
});
