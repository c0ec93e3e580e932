/** Several members of one group: they split the partitions, the same one of every topic, and hand them over. */
import { describe, expect, it } from 'vitest';
import type { GroupMember } from '../../../src/log/port.js';
import { type ContractContext, numbered } from './fixture.js';
import { RecordedMembers } from './group.js';
import type { Positions, RecordingHandler } from './recording-handler.js';

const PARTITIONS = 4;
const ALL = [0, 1, 2, 3];

export function rebalanceContract(context: ContractContext): void {
  describe('members of one group', () => {
    const members = new RecordedMembers(context);

    interface Pair {
      readonly topics: [string, string];
      readonly stored: Positions;
      readonly handlers: [RecordingHandler, RecordingHandler];
      readonly joined: [GroupMember, GroupMember];
    }

    /** Two members that have settled: each owns something and together they own everything. */
    async function pair(): Promise<Pair> {
      const topics: [string, string] = [await context.topic(PARTITIONS), await context.topic(PARTITIONS)];
      for (const topic of topics) await context.log.append(ALL.flatMap((partition) => numbered(topic, partition, 5, 'before')));
      const [group, stored] = [context.groupName(), new Map() as Positions];
      const handlers: Pair['handlers'] = [members.handler(stored), members.handler(stored)];
      const first = await members.join(handlers[0], { group, topics, address: 'http://127.0.0.1:1' });
      await handlers[0].until(() => handlers[0].owned.size === PARTITIONS, 'the first member to own all');
      const second = await members.join(handlers[1], { group, topics, address: 'http://127.0.0.1:2' });
      const split = () => {
        const owned = [...handlers[0].owned, ...handlers[1].owned];
        return owned.length === PARTITIONS && new Set(owned).size === PARTITIONS && handlers.every((handler) => handler.owned.size > 0);
      };
      await handlers[1].until(split, 'a split of the partitions');
      return { topics, stored, handlers, joined: [first, second] };
    }

    async function untilBoth(handlers: Pair['handlers'], condition: () => boolean, what: string): Promise<void> {
      await Promise.race(handlers.map((handler) => handler.until(condition, what)));
    }

    it(
      'split all partitions, partition p of every topic to the same member',
      async () => {
        const { topics, handlers } = await pair();
        const counts = () => topics.every((topic) => handlers[0].count(topic) + handlers[1].count(topic) === PARTITIONS * 8);
        await context.log.append(topics.flatMap((topic) => ALL.flatMap((partition) => numbered(topic, partition, 3, 'after'))));
        await untilBoth(handlers, counts, 'every record, once');
        for (const partition of ALL) {
          const owner = handlers.find((handler) => handler.owned.has(partition));
          for (const topic of topics) {
            const offsets = handlers.flatMap((handler) => handler.records(topic, partition).map((each) => each.offset)).sort();
            expect(offsets).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
            expect(owner?.records(topic, partition).at(-1)?.offset).toBe(7);
          }
        }
      },
      context.testTimeoutMs,
    );

    it(
      'are told of a revoked partition before another is asked for its positions',
      async () => {
        const { handlers } = await pair();
        for (const partition of handlers[1].owned) {
          expect(handlers[0].kinds(partition)[0]).toBe('positions');
          expect(handlers[0].kinds(partition).at(-1)).toBe('revoked');
          expect(handlers[1].orderOf('first', 'positions', partition)).toBeGreaterThan(handlers[0].orderOf('last', 'revoked', partition)!);
        }
      },
      context.testTimeoutMs,
    );

    it(
      'hand over when one stops: the other goes on where it was',
      async () => {
        const { topics, handlers, joined } = await pair();
        const left = [...handlers[0].owned];
        await joined[0].stop();
        handlers[0].stopped();
        await handlers[1].until(() => handlers[1].owned.size === PARTITIONS, 'the second member to own all');
        await context.log.append(topics.flatMap((topic) => left.flatMap((partition) => numbered(topic, partition, 2, 'after'))));
        for (const partition of left) {
          const taken = handlers[1].orderOf('last', 'positions', partition)!;
          expect(handlers[0].orderOf('last', 'deliver', partition) ?? 0).toBeLessThan(taken);
        }
        const expected = left.length * 2;
        const counted = () =>
          topics.every(
            (topic) =>
              left.reduce((sum, each) => sum + handlers[1].records(topic, each).filter((one) => one.offset >= 5).length, 0) === expected,
          );
        await handlers[1].until(counted, 'the records written after the hand-over');
        for (const topic of topics) {
          for (const partition of ALL) {
            const offsets = handlers.flatMap((handler) => handler.records(topic, partition).map((each) => each.offset));
            expect(new Set(offsets).size).toBe(offsets.length);
          }
        }
      },
      context.testTimeoutMs,
    );

    it(
      'know the address of the member that owns a partition',
      async () => {
        const { handlers, joined } = await pair();
        const expected = ALL.map((partition) => [
          partition,
          handlers[0].owned.has(partition) ? 'http://127.0.0.1:1' : 'http://127.0.0.1:2',
        ]);
        for (const member of joined) {
          expect([...(await member.owners())].sort(([one], [other]) => one - other)).toEqual(expected);
        }
      },
      context.testTimeoutMs,
    );

    it(
      'may commit for a partition that has moved on: nothing is thrown',
      async () => {
        const { topics, handlers, joined } = await pair();
        for (const partition of handlers[1].owned) await joined[0].commit(partition, new Map([[topics[0], 1]]));
      },
      context.testTimeoutMs,
    );

    it(
      'leave the partitions to nobody but themselves: another group reads everything too',
      async () => {
        const { topics } = await pair();
        const other = members.handler();
        await members.join(other, { group: context.groupName(), topics });
        await other.until(() => topics.every((topic) => other.count(topic) === PARTITIONS * 5), 'every record for another group');
        expect(other.owned.size).toBe(PARTITIONS);
      },
      context.testTimeoutMs,
    );
  });
}
