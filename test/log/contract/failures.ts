/** What stops one partition, and what ends a member: never a silent jump to another offset. */
import { describe, expect, it } from 'vitest';
import { TipstreamError } from '../../../src/errors.js';
import { type ContractContext, numbered } from './fixture.js';
import { RecordedMembers } from './group.js';
import type { RecordingHandler } from './recording-handler.js';

export function failureContract(context: ContractContext): void {
  describe('a member that', () => {
    const members = new RecordedMembers(context);

    /** Of partition 0 of two: it is stopped with an error, and the other goes on. */
    async function expectOutOfRange(handler: RecordingHandler, topic: string): Promise<void> {
      await handler.until(() => handler.events.some((event) => event.kind === 'failed'), 'the failure');
      const failure = handler.events.find((event) => event.kind === 'failed');
      expect(failure?.error).toBeInstanceOf(TipstreamError);
      expect((failure?.error as TipstreamError | undefined)?.code).toBe('offset_out_of_range');
      expect(failure?.error.message).toContain(topic);
      expect(failure?.partition).toBe(0);
      await context.log.append([...numbered(topic, 0, 1), ...numbered(topic, 1, 1)]);
      await handler.until(() => handler.records(topic, 1).length === 1, 'the other partition');
      await context.log.append([...numbered(topic, 0, 1), ...numbered(topic, 1, 1)]);
      await handler.until(() => handler.records(topic, 1).length === 2, 'the other partition again');
      expect(handler.records(topic, 0)).toEqual([]);
    }

    it(
      'throws in ready stops that partition only',
      async () => {
        const topic = await context.topic(3);
        await context.log.append([0, 1, 2].flatMap((partition) => numbered(topic, partition, 2)));
        const handler = members.handler(new Map(), {
          onReady: (partition) => {
            if (partition === 1) throw new Error('this partition is not for me');
          },
        });
        await members.join(handler, { group: context.groupName(), topics: [topic] });
        await handler.until(() => handler.count(topic) === 4, 'the other partitions');
        await context.log.append([0, 1, 2].flatMap((partition) => numbered(topic, partition, 1)));
        await handler.until(() => handler.count(topic) === 6, 'the other partitions again');
        expect(handler.records(topic, 1)).toEqual([]);
        expect(handler.owned.has(1)).toBe(true);
      },
      context.testTimeoutMs,
    );

    it(
      'stops a partition gets no more of any of its topics',
      async () => {
        const [first, second] = [await context.topic(2), await context.topic(2)];
        const handler = members.handler();
        const member = await members.join(handler, { group: context.groupName(), topics: [first, second] });
        await context.log.append([...numbered(first, 0, 1), ...numbered(first, 1, 1)]);
        await handler.until(() => handler.count(first) === 2, 'the first records');
        member.stopPartition(0);
        await context.log.append([first, second].flatMap((topic) => [...numbered(topic, 0, 2), ...numbered(topic, 1, 2)]));
        await handler.until(() => handler.records(first, 1).length === 3 && handler.records(second, 1).length === 2, 'the other partition');
        await context.log.append([first, second].flatMap((topic) => numbered(topic, 1, 1)));
        await handler.until(
          () => handler.records(first, 1).length === 4 && handler.records(second, 1).length === 3,
          'the other partition again',
        );
        expect([handler.records(first, 0).length, handler.records(second, 0).length]).toEqual([1, 0]);
      },
      context.testTimeoutMs,
    );

    it(
      'holds a position beyond the end stops that partition with offset_out_of_range',
      async () => {
        const topic = await context.topic(2);
        await context.log.append(numbered(topic, 0, 3));
        const handler = members.handler(new Map([[0, new Map([[topic, 5]])]]));
        await members.join(handler, { group: context.groupName(), topics: [topic] });
        await expectOutOfRange(handler, topic);
      },
      context.testTimeoutMs,
    );

    it(
      'holds a position below the low end stops that partition with offset_out_of_range',
      async ({ skip }) => {
        const truncateBefore = context.fixture.truncateBefore?.bind(context.fixture) ?? skip('this log deletes no records');
        const topic = await context.topic(2);
        await context.log.append(numbered(topic, 0, 5));
        await truncateBefore(topic, 0, 3);
        const handler = members.handler(new Map([[0, new Map([[topic, 2]])]]));
        await members.join(handler, { group: context.groupName(), topics: [topic] });
        await expectOutOfRange(handler, topic);
      },
      context.testTimeoutMs,
    );

    it(
      'has no position starts at the low end, and ready tells it',
      async ({ skip }) => {
        const truncateBefore = context.fixture.truncateBefore?.bind(context.fixture) ?? skip('this log deletes no records');
        const topic = await context.topic(1);
        await context.log.append(numbered(topic, 0, 5));
        await truncateBefore(topic, 0, 3);
        const handler = members.handler();
        await members.join(handler, { group: context.groupName(), topics: [topic] });
        await handler.until(() => handler.count(topic) === 2, 'the retained records');
        expect(handler.records(topic, 0).map((each) => each.offset)).toEqual([3, 4]);
        expect(handler.events.find((event) => event.kind === 'ready')).toMatchObject({ ranges: new Map([[topic, { low: 3, end: 5 }]]) });
      },
      context.testTimeoutMs,
    );

    it(
      'stops a stored position may throw in ready instead, and nothing fails',
      async () => {
        const topic = await context.topic(2);
        await context.log.append([...numbered(topic, 0, 3), ...numbered(topic, 1, 3)]);
        const handler = members.handler(new Map([[0, new Map([[topic, 9]])]]), {
          onReady: (partition, ranges) => {
            if (partition === 0 && (ranges.get(topic)?.end ?? 0) < 9) throw new Error('the log is shorter than what was applied');
          },
        });
        await members.join(handler, { group: context.groupName(), topics: [topic] });
        await handler.until(() => handler.records(topic, 1).length === 3, 'the sound partition');
        await context.log.append(numbered(topic, 1, 1));
        await handler.until(() => handler.records(topic, 1).length === 4, 'the sound partition again');
        expect(handler.records(topic, 0)).toEqual([]);
        expect(handler.events.some((event) => event.kind === 'failed')).toBe(false);
      },
      context.testTimeoutMs,
    );
  });
}
