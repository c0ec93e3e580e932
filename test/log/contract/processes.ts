/** Two processes on one log: each sees what the other appends. */
import { describe, expect, it } from 'vitest';
import { OtherProcess } from '../../support/log/process-client.js';
import { type ContractContext, numbered, texts } from './fixture.js';

export function processContract(context: ContractContext): void {
  describe('another process', () => {
    async function withOther(action: (other: OtherProcess) => Promise<void>): Promise<void> {
      const other = await context.within(OtherProcess.start(context.fixture.elsewhere), 'the other process');
      try {
        await action(other);
      } finally {
        await other.stop();
      }
    }

    it(
      'reads what this one appends, from the start and while it waits',
      async () => {
        const topic = await context.topic(1);
        await context.log.append(numbered(topic, 0, 2, 'before'));
        await withOther(async (other) => {
          const tail = other.tail({ topic, partition: 0, from: 0 });
          await context.within(tail.seen(2), 'what was there before');
          await context.log.append(numbered(topic, 0, 2, 'after'));
          await context.within(tail.seen(4), 'what was appended after');
          expect(tail.values).toEqual(['before-0', 'before-1', 'after-0', 'after-1']);
        });
      },
      context.testTimeoutMs,
    );

    it(
      'appends what this one reads',
      async () => {
        const topic = await context.topic(1);
        await withOther(async (other) => {
          const abort = new AbortController();
          const values: string[] = [];
          const reading = (async () => {
            for await (const records of context.log.read({ topic, partition: 0, from: 0, signal: abort.signal })) {
              values.push(...texts(records));
              if (values.length >= 3) abort.abort();
            }
          })();
          await context.log.append(numbered(topic, 0, 1, 'here'));
          expect(await other.append({ topic, partition: 0, values: ['there-0', 'there-1'] })).toEqual([1, 2]);
          await context.within(reading, 'three records');
          expect(values).toEqual(['here-0', 'there-0', 'there-1']);
        });
      },
      context.testTimeoutMs,
    );

    it(
      'and this one append at the same time, and every record gets its own offset',
      async () => {
        const topic = await context.topic(1);
        await withOther(async (other) => {
          const calls = Array.from({ length: 40 }, (_, call) => call);
          const there = calls.map((call) => other.append({ topic, partition: 0, values: [`there-${call}-0`, `there-${call}-1`] }));
          const here: number[] = [];
          for (const call of calls)
            here.push(...(await context.log.append(numbered(topic, 0, 2, `here-${call}`))).map((each) => each.offset));
          const offsets = [...here, ...(await context.within(Promise.all(there), 'the other process to append')).flat()];
          expect(offsets.sort((one, next) => one - next)).toEqual(Array.from({ length: 160 }, (_, offset) => offset));
          expect(new Set(texts(await context.readAll(topic, 0))).size).toBe(160);
        });
      },
      context.testTimeoutMs,
    );

    it(
      'sees the offsets that a member here has committed',
      async () => {
        const topic = await context.topic(1);
        const group = context.groupName();
        await context.log.append(numbered(topic, 0, 3));
        const member = await context.join({
          group,
          topics: [topic],
          handler: { positions: () => new Map(), ready: () => {}, deliver: () => true, revoked: () => {}, failed: () => {} },
        });
        await member.commit(0, new Map([[topic, 2]]));
        await withOther(async (other) => expect(await other.committed(group, topic)).toEqual([[0, 2]]));
        await context.stopMembers();
      },
      context.testTimeoutMs,
    );
  });
}
