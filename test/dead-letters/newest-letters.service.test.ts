/** The newest dead letters of a log, looked at again and again while it changes, compared with reading it whole. */
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { NewestLetters } from '../../src/dead-letters/newest-letters.js';
import type { LogRecord, NewRecord } from '../../src/log/port.js';
import { embeddedService, withEmbeddedService } from '../support/embedded/directory.js';
import type { EmbeddedService } from '../support/embedded/service.js';

const TOPIC = 'tip.served-dlt';
const LONG = 60_000;

const letterOf = (source: number, more: Partial<NewRecord> = {}): NewRecord => ({
  topic: TOPIC,
  partition: source % 2,
  key: Buffer.from(`u${source}`),
  value: Buffer.from('{'),
  headers: Object.entries({
    topic: 'tip.served',
    partition: '0',
    offset: String(source),
    code: 'not_json',
    failed_at_ms: String(source),
  }).map(([name, text]) => [`__dlq.errors.${name}`, Buffer.from(text)] as const),
  ...more,
});
const known = (newest: NewestLetters) =>
  [...newest.letters()].map(({ summary: { partition, offset, source_offset } }) => [partition, offset, source_offset]);
const there = async (embedded: EmbeddedService) =>
  (await embedded.records(TOPIC)).map(({ partition, offset, headers }) => [
    partition,
    offset,
    Number(headers.find(([name]) => name === '__dlq.errors.offset')![1]!.toString()),
  ]);

describe('the newest dead letters', () => {
  it('are all that there are after each look, whatever was added and deleted between', async () => {
    const step = fc.oneof(
      fc.record({ add: fc.integer({ min: 1, max: 30 }) }),
      fc.record({ truncate: fc.integer({ min: 0, max: 40 }), partition: fc.integer({ min: 0, max: 1 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 6 }), async (steps) =>
        withEmbeddedService({}, async (embedded) => {
          const newest = new NewestLetters(embedded.log, { prefix: '' });
          let next = 0;
          for (const one of steps) {
            if ('add' in one) await embedded.append(...Array.from({ length: one.add }, () => letterOf(next++)));
            else {
              const { low, end } = (await embedded.log.offsets(TOPIC)).get(one.partition)!;
              await embedded.log.truncateBefore(TOPIC, one.partition, Math.min(end, low + one.truncate));
            }
            await newest.look(LONG);
            expect(known(newest)).toEqual(await there(embedded));
            expect(newest.parts.every(({ low, from, to, end }) => from === low && to === end)).toBe(true);
          }
        }),
      ),
      { numRuns: 20 },
    );
  });

  it('are as many as may be kept, the newest of each partition, and the parts say which', async () => {
    const embedded = await embeddedService();
    await embedded.append(...Array.from({ length: 5_000 }, (_, at) => letterOf(2 * at)), ...[1, 3, 5].map((at) => letterOf(at)));
    const newest = new NewestLetters(embedded.log, { prefix: '', most: 1_500 });
    await newest.look(LONG);
    const partOf = (partition: number) => newest.parts.find((part) => part.topic === TOPIC && part.partition === partition)!;
    expect(partOf(1)).toMatchObject({ low: 0, from: 0, to: 3, end: 3 });
    const { from } = partOf(0);
    expect(from).toBeGreaterThanOrEqual(2_500);
    expect(from).toBeLessThan(4_000);
    expect(known(newest)).toEqual((await there(embedded)).filter(([partition, offset]) => partition === 1 || offset! >= from));

    await embedded.append(...Array.from({ length: 2_000 }, (_, at) => letterOf(20_000 + 2 * at)));
    await newest.look(LONG);
    expect(known(newest).length).toBeLessThanOrEqual(2_500);
    expect(known(newest).at(0)).toEqual([0, partOf(0).from, (await there(embedded)).find(([, offset]) => offset === partOf(0).from)![2]]);
    expect(known(newest).filter(([partition]) => partition === 1)).toHaveLength(3);
    await embedded.append(letterOf(1_000_000));
    await newest.look(LONG);
    expect(known(newest).length).toBeLessThanOrEqual(1_500);
  });

  it('are read again for what came since alone', async () => {
    const embedded = await embeddedService();
    await embedded.append(...Array.from({ length: 40 }, (_, at) => letterOf(2 * at)));
    const newest = new NewestLetters(embedded.log, { prefix: '' });
    await newest.look(LONG);
    const read = vi.spyOn(embedded.log, 'read');
    await newest.look(LONG);
    expect(read).not.toHaveBeenCalled();
    await embedded.append(letterOf(80));
    await newest.look(LONG);
    expect(read.mock.calls.map(([{ from, to }]) => [from, to])).toEqual([[39, 41]]);
  });

  it('whose time is up go on with the next look, halving what is slow', async () => {
    const embedded = await embeddedService();
    await embedded.append(...Array.from({ length: 1_200 }, (_, at) => letterOf(2 * at)));
    const { log } = embedded;
    const slow = {
      kind: log.kind,
      describeTopics: log.describeTopics.bind(log),
      offsets: log.offsets.bind(log),
      async *read(range: Parameters<typeof log.read>[0]): AsyncGenerator<readonly LogRecord[]> {
        for await (const records of log.read(range)) {
          await new Promise((resolve) => setTimeout(resolve, records.length / 4));
          if (range.signal?.aborted) return;
          yield records;
        }
      },
    } as unknown as typeof log;
    const newest = new NewestLetters(slow, { prefix: '' });
    const counts: number[] = [];
    for (let look = 0; look < 60 && counts.at(-1) !== 1_200; look++) {
      await newest.look(120);
      counts.push(known(newest).length);
      expect(known(newest)).toEqual((await there(embedded)).slice(1_200 - counts.at(-1)!));
    }
    expect(counts.at(-1)).toBe(1_200);
    expect(counts.length).toBeGreaterThan(2);
  });

  it('of a topic that was made again are those of the new one', async () => {
    const embedded = await embeddedService();
    const other = await embeddedService();
    await embedded.append(...[0, 2, 4].map((at) => letterOf(at)));
    await other.append(...[100, 102, 104, 106].map((at) => letterOf(at)));
    const { log } = embedded;
    let current = log;
    const logs = new Proxy(log, {
      get: (_, name) => {
        const value = current[name as keyof typeof log];
        return typeof value === 'function' ? value.bind(current) : value;
      },
    });
    const newest = new NewestLetters(logs, { prefix: '' });
    await newest.look(LONG);
    current = other.log;
    await newest.look(LONG);
    expect(known(newest)).toEqual(await there(other));
  });
});
