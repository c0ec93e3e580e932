/** Reading without a group: ranges, tails and the ends of the log. */
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { LogRecord, ReadRange } from '../../../src/log/port.js';
import { type ContractContext, expectCode, numbered, texts } from './fixture.js';

export function readContract(context: ContractContext): void {
  /** Reads until the signal aborts; `seen` counts up as records come. */
  function tail(range: Omit<ReadRange, 'signal' | 'to'>) {
    const abort = new AbortController();
    const records: LogRecord[] = [];
    let changed = () => {};
    const ended = (async () => {
      for await (const some of context.log.read({ ...range, signal: abort.signal })) {
        records.push(...some);
        changed();
      }
    })();
    const seen = (count: number) =>
      context.within(
        new Promise<void>((resolve, reject) => {
          changed = () => records.length >= count && resolve();
          changed();
          ended.catch(reject);
        }),
        `${count} records of a tail`,
      );
    return { records, seen, abort: () => abort.abort(), ended };
  }

  describe('read', () => {
    it('reads from an offset to an offset, the last one exclusive', async () => {
      const topic = await context.topic(2);
      await context.log.append(numbered(topic, 1, 10));
      const records = await context.collect({ topic, partition: 1, from: 3, to: 6 });
      expect(records.map((each) => [each.topic, each.partition, each.offset, each.value?.toString()])).toEqual([
        [topic, 1, 3, 'record-3'],
        [topic, 1, 4, 'record-4'],
        [topic, 1, 5, 'record-5'],
      ]);
    });

    it('ends at once when there is nothing in the range', async () => {
      const topic = await context.topic(1);
      await context.log.append(numbered(topic, 0, 3));
      expect(await context.collect({ topic, partition: 0, from: 1, to: 1 })).toEqual([]);
      expect(await context.collect({ topic, partition: 0, from: 3, to: 3 })).toEqual([]);
      expect(await context.collect({ topic, partition: 0, from: 2, to: 1 })).toEqual([]);
    });

    it('reads many records in ascending order, each once', async () => {
      const topic = await context.topic(1);
      await context.log.append(numbered(topic, 0, 12_000));
      const records = await context.collect({ topic, partition: 0, from: 0, to: 12_000 });
      expect(records.map((each) => each.offset)).toEqual(Array.from({ length: 12_000 }, (_, offset) => offset));
      expect(texts(records).at(-1)).toBe('record-11999');
    });

    it('follows new records when there is no `to`, until the signal aborts', async () => {
      const topic = await context.topic(1);
      await context.log.append(numbered(topic, 0, 2, 'old'));
      const following = tail({ topic, partition: 0, from: 1 });
      await following.seen(1);
      await context.log.append(numbered(topic, 0, 2, 'new'));
      await following.seen(3);
      await context.log.append(numbered(topic, 0, 1, 'newest'));
      await following.seen(4);
      expect(texts(following.records)).toEqual(['old-1', 'new-0', 'new-1', 'newest-0']);
      following.abort();
      await context.within(following.ended, 'the tail to end');
    });

    it('waits at the end of an empty partition', async () => {
      const topic = await context.topic(1);
      const following = tail({ topic, partition: 0, from: 0 });
      await context.log.append(numbered(topic, 0, 1));
      await following.seen(1);
      following.abort();
      await context.within(following.ended, 'the tail to end');
    });

    it('ends at once when the signal had aborted before, and by leaving the loop', async () => {
      const topic = await context.topic(1);
      await context.log.append(numbered(topic, 0, 3));
      const read = await context.collect({ topic, partition: 0, from: 3, signal: AbortSignal.abort() });
      expect(read).toEqual([]);
      const left = (async () => {
        for await (const some of context.log.read({ topic, partition: 0, from: 0 })) return texts(some)[0];
        return undefined;
      })();
      expect(await context.within(left, 'the loop to end')).toBe('record-0');
    });

    it('says offset_out_of_range beyond the end', async () => {
      const topic = await context.topic(1);
      await context.log.append(numbered(topic, 0, 3));
      const error = await expectCode(context.collect({ topic, partition: 0, from: 4, to: 9 }), 'offset_out_of_range');
      expect(error.details).toMatchObject({ topic, partition: 0, offset: 4 });
      await expectCode(context.collect({ topic, partition: 0, from: 4 }), 'offset_out_of_range');
    });

    it('says offset_out_of_range below the low end', async ({ skip }) => {
      const truncateBefore = context.fixture.truncateBefore?.bind(context.fixture) ?? skip('this log deletes no records');
      const topic = await context.topic(1);
      await context.log.append(numbered(topic, 0, 5));
      await truncateBefore(topic, 0, 3);
      await expectCode(context.collect({ topic, partition: 0, from: 2, to: 5 }), 'offset_out_of_range');
      expect(texts(await context.collect({ topic, partition: 0, from: 3, to: 5 }))).toEqual(['record-3', 'record-4']);
    });

    it('says topic_not_found for an unknown topic and invalid_argument for an unknown partition', async () => {
      await expectCode(context.collect({ topic: `contract.${randomUUID()}`, partition: 0, from: 0, to: 1 }), 'topic_not_found');
      await expectCode(context.collect({ topic: await context.topic(2), partition: 2, from: 0, to: 1 }), 'invalid_argument');
    });
  });
}
