/** Appending: where records go, and that they come back byte for byte. */
import { readFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { NewRecord, RecordHeaders } from '../../../src/log/port.js';
import { type ContractContext, expectCode, numbered, record, texts } from './fixture.js';

const KAFKA_KEYS = readFileSync(new URL('../../fixtures/murmur2.tsv', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .slice(1)
  .map((line) => line.split('\t') as [string, string, string, string])
  .map(([json, , ofFour, ofTwelve]) => ({
    key: Buffer.from(JSON.parse(json) as string),
    ofFour: Number(ofFour),
    ofTwelve: Number(ofTwelve),
  }));

const EVERY_BYTE = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
const INVALID_UTF8 = Buffer.from([0xff, 0xfe, 0xc3, 0x28, 0x00, 0xed, 0xa0, 0x80]);

export function appendContract(context: ContractContext): void {
  describe('append', () => {
    it('answers the address of each record, in the order of the call', async () => {
      const topic = await context.topic(4);
      const records = [record(topic, 2, 'a'), record(topic, 0, 'b'), record(topic, 2, 'c'), record(topic, 2, 'd'), record(topic, 0, 'e')];
      expect(await context.log.append(records)).toEqual([
        { topic, partition: 2, offset: 0 },
        { topic, partition: 0, offset: 0 },
        { topic, partition: 2, offset: 1 },
        { topic, partition: 2, offset: 2 },
        { topic, partition: 0, offset: 1 },
      ]);
      expect(await context.log.append([record(topic, 2, 'f')])).toEqual([{ topic, partition: 2, offset: 3 }]);
      expect(texts(await context.readAll(topic, 2))).toEqual(['a', 'c', 'd', 'f']);
      expect(texts(await context.readAll(topic, 0))).toEqual(['b', 'e']);
      expect(await context.log.append([])).toEqual([]);
    });

    it('writes to several topics in one call', async () => {
      const [first, second] = [await context.topic(2), await context.topic(2)];
      await context.log.append([record(first, 0, 'one'), record(second, 1, 'two'), record(first, 0, 'three')]);
      expect(texts(await context.readAll(first, 0))).toEqual(['one', 'three']);
      expect(texts(await context.readAll(second, 1))).toEqual(['two']);
    });

    it('keeps the order of calls made one after the other, large ones too', async () => {
      const topic = await context.topic(1);
      await context.log.append(numbered(topic, 0, 2500, 'first'));
      await context.log.append(numbered(topic, 0, 3, 'second'));
      const read = await context.readAll(topic, 0);
      expect(read.map((each) => each.offset)).toEqual(Array.from({ length: 2503 }, (_, offset) => offset));
      expect(texts(read).slice(2498)).toEqual(['first-2498', 'first-2499', 'second-0', 'second-1', 'second-2']);
    });

    it('gives every record of concurrent calls to different partitions its own address', async () => {
      const topic = await context.topic(4);
      const calls = [0, 1, 2, 3].map((partition) => context.log.append(numbered(topic, partition, 50, `p${partition}`)));
      const addresses = (await Promise.all(calls)).flat();
      expect(new Set(addresses.map((each) => `${each.partition}/${each.offset}`)).size).toBe(200);
      expect(texts(await context.readAll(topic, 3))).toEqual(Array.from({ length: 50 }, (_, index) => `p3-${index}`));
    });

    it.each([
      ['four', 4],
      ['twelve', 12],
    ] as const)("puts keys where Kafka's own client does, of %s partitions", async (_, partitions) => {
      const topic = await context.topic(partitions);
      const addresses = await context.log.append(KAFKA_KEYS.map(({ key }) => ({ topic, key, value: null })));
      expect(addresses.map((each) => each.partition)).toEqual(
        KAFKA_KEYS.map(({ ofFour, ofTwelve }) => (partitions === 4 ? ofFour : ofTwelve)),
      );
    });

    it('an explicit partition wins over the key', async () => {
      const topic = await context.topic(4);
      const [byKey] = await context.log.append([{ topic, key: Buffer.from('u1'), value: null }]);
      const [explicit] = await context.log.append([{ topic, key: Buffer.from('u1'), value: null, partition: 3 }]);
      expect([byKey?.partition, explicit?.partition]).toEqual([0, 3]);
    });

    it('spreads records without a key over all partitions', async () => {
      const topic = await context.topic(4);
      const addresses = await context.log.append(Array.from({ length: 40 }, () => ({ topic, key: null, value: Buffer.from('x') })));
      expect(new Set(addresses.map((each) => each.partition))).toEqual(new Set([0, 1, 2, 3]));
    });

    it.each<[string, Buffer | null]>([
      ['JSON', Buffer.from('{"user_id":"ünïcödé-用户"}')],
      ['every byte', EVERY_BYTE],
      ['invalid UTF-8', INVALID_UTF8],
      ['an empty value', Buffer.alloc(0)],
      ['a tombstone', null],
      ['a large value', Buffer.alloc(300_000, 'large')],
    ])('returns %s as it was written', async (_, value) => {
      const topic = await context.topic(1);
      await context.log.append([{ topic, key: Buffer.from('k'), value }]);
      expect(characters((await context.readAll(topic, 0))[0]!.value)).toBe(characters(value));
    });

    it.each<[string, Buffer | null]>([
      ['no key', null],
      ['an empty key', Buffer.alloc(0)],
      ['a binary key', INVALID_UTF8],
      ['a unicode key', Buffer.from('😀')],
    ])('returns %s as it was written', async (_, key) => {
      const topic = await context.topic(1);
      await context.log.append([{ topic, key, value: Buffer.from('v') }]);
      expect(characters((await context.readAll(topic, 0))[0]!.key)).toBe(characters(key));
    });

    it.each<[string, RecordHeaders]>([
      ['none', []],
      ['one', [['trace', Buffer.from('abc')]]],
      [
        'an empty value and an empty name',
        [
          ['empty', Buffer.alloc(0)],
          ['', Buffer.from('nameless')],
        ],
      ],
      [
        'binary values',
        [
          ['binary', INVALID_UTF8],
          ['all', EVERY_BYTE],
        ],
      ],
      ['a unicode name', [['naïve-用户', Buffer.from('ü')]]],
      [
        'a repeated name',
        [
          ['ce_id', Buffer.from('1')],
          ['ce_id', Buffer.from('2')],
        ],
      ],
      [
        'long values',
        [
          ['long', Buffer.alloc(70_000, 'h')],
          ['short', Buffer.from('s')],
        ],
      ],
    ])('returns headers as they were written: %s', async (_, headers) => {
      const topic = await context.topic(1);
      await context.log.append([{ topic, key: null, value: Buffer.from('v'), headers }, record(topic, 0, 'without')]);
      const [first, second] = await context.readAll(topic, 0);
      expect(first?.headers).toEqual(headers);
      expect(second?.headers).toEqual([]);
    });

    it('keeps the timestamp it is given and sets the others when it appends', async () => {
      const topic = await context.topic(1);
      const before = Date.now();
      await context.log.append([record(topic, 0, 'given', { timestampMs: 1_700_000_000_123 }), record(topic, 0, 'assigned')]);
      const after = Date.now();
      const [given, assigned] = await context.readAll(topic, 0);
      expect(given?.timestampMs).toBe(1_700_000_000_123);
      expect(assigned?.timestampMs).toBeGreaterThanOrEqual(before);
      expect(assigned?.timestampMs).toBeLessThanOrEqual(after);
    });

    it('says topic_not_found for an unknown topic, and creates nothing', async () => {
      const name = `contract.${randomUUID()}`;
      const error = await expectCode(context.log.append([record(name, 0, 'lost')]), 'topic_not_found');
      expect(error.message).toContain(name);
      expect(error.hint).toContain('tipstream topics create');
      expect(await context.log.describeTopics([name])).toEqual([]);
    });

    it('says invalid_argument for a partition the topic does not have', async () => {
      const topic = await context.topic(2);
      for (const partition of [2, -1, 0.5]) await expectCode(context.log.append([record(topic, partition, 'lost')]), 'invalid_argument');
      expect((await context.log.offsets(topic)).get(0)).toEqual({ low: 0, end: 0 });
    });

    it('says record_too_large for a record above the limit of its topic', async () => {
      const topic = await context.topic(1, { maxMessageBytes: 20_000 });
      await context.log.append([record(topic, 0, 'x'.repeat(15_000))]);
      const tooLarge: NewRecord[] = [
        record(topic, 0, 'x'.repeat(20_001)),
        record(topic, 0, 'x', { headers: [['h', Buffer.alloc(20_001)]] }),
      ];
      for (const each of tooLarge) {
        const error = await expectCode(context.log.append([record(topic, 0, 'before'), each]), 'record_too_large');
        expect(error.message).toContain(topic);
      }
      if (context.atomicAppend) expect((await context.log.offsets(topic)).get(0)).toEqual({ low: 0, end: 1 });
      await context.log.append([record(topic, 0, 'after')]);
      expect(texts(await context.readAll(topic, 0)).at(-1)).toBe('after');
    });
  });
}

/** One character a byte: comparing buffers of this size entry by entry would take a second. */
function characters(bytes: Buffer | null): string | null {
  return bytes === null ? null : bytes.toString('latin1');
}
