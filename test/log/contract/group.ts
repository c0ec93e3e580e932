/** One member of a consumer group: where it starts, what it is told in which order, and how it slows down and stops. */
import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import type { GroupMember, GroupOptions } from '../../../src/log/port.js';
import { type ContractContext, expectCode, numbered, texts } from './fixture.js';
import { type Positions, type Reactions, RecordingHandler } from './recording-handler.js';

/** Members with recording handlers; after each test they are stopped and must have seen no call out of order. */
export class RecordedMembers {
  readonly #handlers: RecordingHandler[] = [];

  constructor(private readonly context: ContractContext) {
    afterEach(async () => {
      await context.stopMembers();
      const violations = this.#handlers.splice(0).flatMap((handler) => handler.violations);
      expect(violations).toEqual([]);
    });
  }

  handler(stored: Positions = new Map(), reactions: Reactions = {}): RecordingHandler {
    const handler = new RecordingHandler(this.context, stored, reactions);
    this.#handlers.push(handler);
    return handler;
  }

  async join(handler: RecordingHandler, options: Omit<GroupOptions, 'handler'>): Promise<GroupMember> {
    return this.context.within(this.context.join({ ...options, handler }), 'join');
  }
}

export function groupContract(context: ContractContext): void {
  describe('group', () => {
    const members = new RecordedMembers(context);

    it(
      'reads all topics of all partitions from their low ends: positions, ready, then deliveries',
      async () => {
        const [first, second] = [await context.topic(2), await context.topic(2)];
        for (const topic of [first, second]) {
          for (const partition of [0, 1]) await context.log.append(numbered(topic, partition, 3 + partition));
        }
        const handler = members.handler();
        await members.join(handler, { group: context.groupName(), topics: [first, second] });
        await handler.until(() => handler.count(first) === 7 && handler.count(second) === 7, 'all records');
        for (const partition of [0, 1]) {
          expect(handler.kinds(partition).slice(0, 3)).toEqual(['positions', 'ready', 'deliver']);
          expect(texts(handler.records(second, partition)).at(-1)).toBe(`record-${2 + partition}`);
          const ready = handler.events.find((event) => event.kind === 'ready' && event.partition === partition);
          expect(ready).toMatchObject({
            ranges: new Map([
              [first, { low: 0, end: 3 + partition }],
              [second, { low: 0, end: 3 + partition }],
            ]),
          });
        }
      },
      context.testTimeoutMs,
    );

    it(
      'starts where the handler says, and at the low end of topics it does not name',
      async () => {
        const [first, second] = [await context.topic(1), await context.topic(1)];
        await context.log.append([...numbered(first, 0, 10), ...numbered(second, 0, 4)]);
        const handler = members.handler(new Map([[0, new Map([[first, 7]])]]));
        await members.join(handler, { group: context.groupName(), topics: [first, second] });
        await handler.until(() => handler.count(first) === 3 && handler.count(second) === 4, 'the rest of one and all of the other');
        expect(texts(handler.records(first, 0))).toEqual(['record-7', 'record-8', 'record-9']);
      },
      context.testTimeoutMs,
    );

    it(
      'reads records whole: key, value, headers, timestamp and address',
      async () => {
        const topic = await context.topic(1);
        const written = {
          key: Buffer.from([0xff, 0]),
          value: null,
          timestampMs: 1_700_000_000_001,
          headers: [
            ['a', Buffer.from('1')],
            ['a', Buffer.from([0xfe])],
          ] as [string, Buffer][],
        };
        await context.log.append([{ topic, partition: 0, ...written }]);
        const handler = members.handler();
        await members.join(handler, { group: context.groupName(), topics: [topic] });
        await handler.until(() => handler.count(topic) === 1, 'the record');
        expect(handler.records(topic, 0)[0]).toEqual({ topic, partition: 0, offset: 0, ...written });
      },
      context.testTimeoutMs,
    );

    it(
      'delivers what is appended while it waits, with the end as it was when fetched',
      async () => {
        const topic = await context.topic(1);
        await context.log.append(numbered(topic, 0, 2, 'old'));
        const handler = members.handler();
        await members.join(handler, { group: context.groupName(), topics: [topic] });
        await handler.until(() => handler.count(topic) === 2, 'the old records');
        await context.log.append(numbered(topic, 0, 1, 'new'));
        await handler.until(() => handler.count(topic) === 3, 'the new record');
        const last = handler.events.at(-1);
        expect(last).toMatchObject({ kind: 'deliver', delivery: { topic, partition: 0, fromOffset: 2, nextOffset: 3, endOffset: 3 } });
      },
      context.testTimeoutMs,
    );

    it(
      'catches up over many records without gap or repeat',
      async () => {
        const topic = await context.topic(2);
        for (const partition of [0, 1]) await context.log.append(numbered(topic, partition, 8000));
        const handler = members.handler();
        await members.join(handler, { group: context.groupName(), topics: [topic] });
        await handler.until(() => handler.count(topic) >= 16_000, 'all records');
        for (const partition of [0, 1]) {
          expect(handler.records(topic, partition).map((each) => each.offset)).toEqual(Array.from({ length: 8000 }, (_, offset) => offset));
        }
        const ends = handler.events.flatMap((event) => (event.kind === 'deliver' ? [event.delivery.endOffset] : []));
        expect(new Set(ends)).toEqual(new Set([8000]));
      },
      context.testTimeoutMs,
    );

    it(
      'goes on at the stored positions after a stop, whatever was committed',
      async () => {
        const topic = await context.topic(1);
        const [group, stored] = [context.groupName(), new Map() as Positions];
        await context.log.append(numbered(topic, 0, 5));
        const before = members.handler(stored);
        const member = await members.join(before, { group, topics: [topic] });
        await before.until(() => before.count(topic) === 5, 'five records');
        await member.commit(0, new Map([[topic, 2]]));
        await member.stop();
        before.stopped();
        await context.log.append(numbered(topic, 0, 2, 'later'));
        const after = members.handler(stored);
        await members.join(after, { group, topics: [topic] });
        await after.until(() => after.count(topic) >= 2, 'the later records');
        expect(texts(after.records(topic, 0))).toEqual(['later-0', 'later-1']);
      },
      context.testTimeoutMs,
    );

    it(
      'goes on at the stored positions after a restart of the log',
      async () => {
        const topic = await context.topic(1);
        const [group, stored] = [context.groupName(), new Map() as Positions];
        await context.log.append(numbered(topic, 0, 5));
        const before = members.handler(stored);
        const member = await members.join(before, { group, topics: [topic] });
        await before.until(() => before.count(topic) === 5, 'five records');
        await member.stop();
        before.stopped();
        await context.reopen();
        await context.log.append(numbered(topic, 0, 1, 'later'));
        const after = members.handler(stored);
        await members.join(after, { group, topics: [topic] });
        await after.until(() => after.count(topic) >= 1, 'the later record');
        expect(texts(after.records(topic, 0))).toEqual(['later-0']);
      },
      context.testTimeoutMs,
    );

    it(
      'pauses the topic and partition for which deliver says false, until resume',
      async () => {
        const [full, open] = [await context.topic(2), await context.topic(2)];
        const handler = members.handler(new Map(), { accept: ({ topic, partition }) => topic !== full || partition !== 0 });
        const member = await members.join(handler, { group: context.groupName(), topics: [full, open] });
        await context.log.append(numbered(full, 0, 1));
        await handler.until(() => handler.records(full, 0).length === 1, 'the delivery that is refused');
        await context.log.append([...numbered(full, 0, 2, 'held'), ...numbered(full, 1, 2), ...numbered(open, 0, 2)]);
        await handler.until(() => handler.records(full, 1).length === 2 && handler.records(open, 0).length === 2, 'the others');
        await context.log.append([...numbered(full, 1, 1), ...numbered(open, 0, 1)]);
        await handler.until(() => handler.records(full, 1).length === 3 && handler.records(open, 0).length === 3, 'the others again');
        expect(handler.records(full, 0)).toHaveLength(1);
        handler.resuming(full, 0);
        member.resume(full, 0);
        await handler.until(() => handler.records(full, 0).length >= 2, 'what was held back');
        expect(texts(handler.records(full, 0))[1]).toBe('held-0');
      },
      context.testTimeoutMs,
    );

    it(
      'can be paused and resumed at every delivery and still reads everything once',
      async () => {
        const topic = await context.topic(2);
        for (const partition of [0, 1])
          for (let call = 0; call < 5; call += 1) await context.log.append(numbered(topic, partition, 400, `c${call}`));
        let joined: (member: GroupMember) => void = () => {};
        const member = new Promise<GroupMember>((resolve) => {
          joined = resolve;
        });
        const handler = members.handler(new Map(), {
          accept: (delivery) => {
            void member.then((each) => {
              handler.resuming(delivery.topic, delivery.partition);
              each.resume(delivery.topic, delivery.partition);
            });
            return false;
          },
        });
        joined(await members.join(handler, { group: context.groupName(), topics: [topic] }));
        await handler.until(() => handler.count(topic) >= 4000, 'all records');
        for (const partition of [0, 1]) {
          expect(handler.records(topic, partition).map((each) => each.offset)).toEqual(Array.from({ length: 2000 }, (_, offset) => offset));
        }
      },
      context.testTimeoutMs,
    );

    it(
      'delivers nothing after stop has resolved',
      async () => {
        const topic = await context.topic(1);
        await context.log.append(numbered(topic, 0, 3000));
        const handler = members.handler();
        const member = await members.join(handler, { group: context.groupName(), topics: [topic] });
        await handler.until(() => handler.count(topic) > 0, 'some records');
        await member.stop();
        handler.stopped();
        await context.log.append(numbered(topic, 0, 1));
        // A second member sees the record: had the first one still been reading, so would it have.
        const second = members.handler();
        await members.join(second, { group: context.groupName(), topics: [topic] });
        await second.until(() => second.count(topic) === 3001, 'all records by another group');
        await member.stop();
      },
      context.testTimeoutMs,
    );

    it(
      'commits offsets that anybody can read, per group',
      async () => {
        const topic = await context.topic(3);
        const group = context.groupName();
        expect(await context.log.committed(group, topic)).toEqual(new Map());
        await context.log.append([...numbered(topic, 0, 3), ...numbered(topic, 2, 3)]);
        const handler = members.handler();
        const member = await members.join(handler, { group, topics: [topic] });
        await handler.until(() => handler.count(topic) === 6, 'all records');
        await member.commit(0, new Map([[topic, 3]]));
        await member.commit(2, new Map([[topic, 1]]));
        await member.commit(2, new Map([[topic, 2]]));
        expect(await context.log.committed(group, topic)).toEqual(
          new Map([
            [0, 3],
            [2, 2],
          ]),
        );
        expect(await context.log.committed(context.groupName(), topic)).toEqual(new Map());
        await member.stop();
        expect(await context.log.committed(group, topic)).toEqual(
          new Map([
            [0, 3],
            [2, 2],
          ]),
        );
        await member.commit(0, new Map([[topic, 3]]));
      },
      context.testTimeoutMs,
    );

    it(
      'says topic_not_found to a join of an unknown topic',
      async () => {
        const topics = [await context.topic(1), `contract.${randomUUID()}`];
        const joining = members.join(members.handler(), { group: context.groupName(), topics });
        await expectCode(joining, 'topic_not_found');
      },
      context.testTimeoutMs,
    );
  });
}
