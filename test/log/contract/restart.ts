/** One member that begins a partition anew, without a rebalance. */
import { describe, expect, it } from 'vitest';
import { type ContractContext, numbered, texts } from './fixture.js';
import { RecordedMembers } from './group.js';
import type { Positions } from './recording-handler.js';

export function restartContract(context: ContractContext): void {
  describe('restart of a partition', () => {
    const members = new RecordedMembers(context);

    it(
      'asks for positions again, within the call, and reads on from there; the others are left alone',
      async () => {
        const [first, second] = [await context.topic(2), await context.topic(2)];
        for (const topic of [first, second]) await context.log.append([...numbered(topic, 0, 10), ...numbered(topic, 1, 10)]);
        const stored: Positions = new Map();
        const handler = members.handler(stored);
        const member = await members.join(handler, { group: context.groupName(), topics: [first, second] });
        await handler.until(() => handler.count(first) === 20 && handler.count(second) === 20, 'all records');

        stored.set(0, new Map([[first, 7]]));
        handler.restarting(0);
        member.restart(0);
        expect(handler.kinds(0).at(-1)).not.toBe('deliver');
        expect(handler.kinds(0).filter((kind) => kind === 'positions')).toHaveLength(2);
        await handler.until(() => handler.count(first) === 23 && handler.count(second) === 30, 'what comes from the new positions');
        expect(texts(handler.records(first, 0)).slice(10)).toEqual(['record-7', 'record-8', 'record-9']);
        expect(texts(handler.records(second, 0)).slice(10)).toEqual(texts(handler.records(second, 0)).slice(0, 10));
        const again = handler.kinds(0).slice(handler.kinds(0).lastIndexOf('positions'));
        expect(again.slice(0, 3)).toEqual(['positions', 'ready', 'deliver']);
        expect(handler.kinds(0)).not.toContain('revoked');
        const ready = handler.events.findLast((event) => event.kind === 'ready' && event.partition === 0);
        expect(ready).toMatchObject({
          ranges: new Map([
            [first, { low: 0, end: 10 }],
            [second, { low: 0, end: 10 }],
          ]),
        });
        expect(handler.kinds(1).filter((kind) => kind !== 'deliver')).toEqual(['positions', 'ready']);

        await context.log.append([...numbered(first, 0, 2, 'later'), ...numbered(first, 1, 2, 'later')]);
        await handler.until(() => handler.count(first) === 27, 'new records');
        expect(texts(handler.records(first, 0)).slice(-2)).toEqual(['later-0', 'later-1']);
      },
      context.testTimeoutMs,
    );

    it(
      'while records are on their way: each comes once after it',
      async () => {
        const topic = await context.topic(1);
        for (let call = 0; call < 10; call++) await context.log.append(numbered(topic, 0, 1000, `c${call}`));
        const handler = members.handler();
        const member = await members.join(handler, { group: context.groupName(), topics: [topic] });
        for (const seen of [1, 2500, 6000]) {
          await handler.until(() => handler.count(topic) >= seen, `${seen} records`);
          handler.restarting(0);
          member.restart(0);
        }
        await handler.until(() => handler.count(topic) >= 10_000, 'all records');
        expect(handler.records(topic, 0).map(({ offset }) => offset)).toEqual(Array.from({ length: 10_000 }, (_, offset) => offset));
      },
      context.testTimeoutMs,
    );

    it(
      'begins a stopped partition again, and a refused one',
      async () => {
        const topic = await context.topic(1);
        await context.log.append(numbered(topic, 0, 3));
        let refusals = 1;
        const handler = members.handler(new Map(), {
          onReady: () => {
            if (refusals-- > 0) throw new Error('not yet');
          },
        });
        const member = await members.join(handler, { group: context.groupName(), topics: [topic] });
        await handler.until(() => handler.kinds(0).includes('ready'), 'the refusal');
        handler.restarting(0);
        member.restart(0);
        await handler.until(() => handler.count(topic) === 3, 'the records after the refusal');
        member.stopPartition(0);
        await context.log.append(numbered(topic, 0, 2, 'later'));
        handler.restarting(0);
        member.restart(0);
        await handler.until(() => handler.count(topic) === 5, 'the records after the stop');
        expect(texts(handler.records(topic, 0)).slice(-2)).toEqual(['later-0', 'later-1']);
      },
      context.testTimeoutMs,
    );

    it(
      'resumes what was paused',
      async () => {
        const topic = await context.topic(1);
        await context.log.append(numbered(topic, 0, 1));
        let full = true;
        const handler = members.handler(new Map(), { accept: () => !full });
        const member = await members.join(handler, { group: context.groupName(), topics: [topic] });
        await handler.until(() => handler.count(topic) === 1, 'the delivery that is refused');
        await context.log.append(numbered(topic, 0, 2, 'held'));
        full = false;
        handler.restarting(0);
        member.restart(0);
        await handler.until(() => handler.count(topic) === 3, 'what was held back');
      },
      context.testTimeoutMs,
    );

    it(
      'calls nothing for a partition that is not held, and nothing after stop',
      async () => {
        const topic = await context.topic(1);
        await context.log.append(numbered(topic, 0, 1));
        const handler = members.handler();
        const member = await members.join(handler, { group: context.groupName(), topics: [topic] });
        await handler.until(() => handler.count(topic) === 1, 'the record');
        const before = handler.events.length;
        member.restart(7);
        expect(handler.events.length).toBe(before);
        await member.stop();
        handler.stopped();
        member.restart(0);
        expect(handler.kinds(0).filter((kind) => kind === 'positions')).toHaveLength(1);
      },
      context.testTimeoutMs,
    );
  });
}
