/** What is planned and what is sent, for any dead letters: the very bytes, never twice, and a count that only grows. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { deadLetterHeaders, originalHeaders, readDeadLetterReason } from '../../src/events/dead-letter.js';
import { addressText, REDRIVE_HEADER_PREFIX, redrivenSource } from '../../src/events/redrive.js';
import type { Letter, SourceFacts, SourceRecord } from '../../src/redrive/letter.js';
import { planRedrive } from '../../src/redrive/plan.js';
import { redrivenRecord } from '../../src/redrive/redriven-record.js';

const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array));
const header = fc.tuple(fc.oneof(fc.string({ maxLength: 8 }), fc.constant(`${REDRIVE_HEADER_PREFIX}source`)), fc.option(bytes));
const letter = fc
  .record({
    at: fc.nat(5),
    source: fc.option(fc.record({ partition: fc.nat(4), offset: fc.nat(5) })),
    redriveCount: fc.nat(3),
    whole: fc.boolean(),
  })
  .map(
    ({ at, source, redriveCount, whole }): Letter => ({
      address: { topic: 'tip.served-dlt', partition: 0, offset: at },
      input: 'tip.served',
      source: source === null ? null : { topic: 'tip.served', ...source },
      code: 'not_json',
      redriveCount,
      hash: whole ? 'h' : null,
      kept: whole ? undefined : { bytes: 1, sha256: 's' },
    }),
  );
const letters = fc.uniqueArray(letter, {
  maxLength: 20,
  selector: ({ source, address }) => addressText(source ?? address),
});
const facts = fc
  .record({
    partitions: fc.integer({ min: 1, max: 5 }),
    sources: fc.array(fc.tuple(fc.nat(4), fc.nat(5), fc.boolean(), fc.nat(99))),
    redriven: fc.array(fc.tuple(fc.nat(4), fc.nat(5))),
  })
  .map(
    ({ partitions, sources, redriven }): SourceFacts => ({
      partitions: new Map([['tip.served', partitions]]),
      maxBytes: new Map(),
      sources: new Map(sources.map(([p, o, same, timestampMs]): [string, SourceRecord] => [`tip.served/${p}/${o}`, { same, timestampMs }])),
      redriven: new Set(redriven.map(([p, o]) => `tip.served/${p}/${o}`)),
    }),
  );

test('every letter is sent, left for later, or left out for one reason, and a second run sends none of the first again', () => {
  fc.assert(
    fc.property(letters, facts, fc.integer({ min: 1, max: 9 }), fc.boolean(), (all, found, max, again) => {
      const first = planRedrive(all, found, { max, again });
      expect(first.send.length).toBeLessThanOrEqual(max);
      const skipped = Object.values(first.skipped).reduce((sum, count) => sum + count, 0);
      expect(first.send.length + first.left + skipped).toBe(all.length);
      const sent = new Set(first.send.map(({ letter: { source } }) => addressText(source!)));
      const second = planRedrive(all, { ...found, redriven: new Set([...found.redriven, ...sent]) }, { max: Infinity, again });
      for (const {
        letter: { source },
      } of second.send)
        expect(sent.has(addressText(source!))).toBe(false);
      expect(second.send.length).toBe(first.left);
    }),
  );
});

test('key, value, headers and time are copied, whatever they are; the count grows by one through every refusal', () => {
  const refused = fc.record({ key: fc.option(bytes), value: fc.option(bytes), headers: fc.array(header), count: fc.nat(1_000) });
  fc.assert(
    fc.property(refused, fc.option(fc.nat(), { nil: undefined }), ({ key, value, headers: own, count }, timestampMs) => {
      const source = { topic: 'tip.served', partition: 3, offset: 7 };
      const headers = deadLetterHeaders(own, {
        ...source,
        group: 'g',
        stage: 'decode',
        code: 'not_json',
        message: 'm',
        failedAtMs: 1,
        redriveCount: count,
      });
      const planned = {
        timestampMs,
        letter: {
          address: { topic: 'tip.served-dlt', partition: 3, offset: 0 },
          input: 'tip.served' as const,
          source,
          code: 'not_json',
          redriveCount: count,
          hash: 'h',
          kept: undefined,
        },
      };
      const rules = { partitioner: 'murmur2' as const, partitions: 4, maxValueBytes: 1_000 };
      const record = redrivenRecord(planned, { key, value }, headers, rules, { repartition: false });
      expect([record.topic, record.partition, record.timestampMs]).toEqual(['tip.served', 3, timestampMs]);
      expect([record.key, record.value]).toEqual([key, value]);
      const kept = own.filter(([name]) => !name.startsWith('__dlq.'));
      expect(record.headers!.filter(([name]) => !name.startsWith('__dlq.'))).toEqual(kept);
      expect(redrivenSource(record.headers!)).toBe('tip.served/3/7');
      expect(readDeadLetterReason(record.headers!).redriveCount).toBe(count + 1);
      // As the fold writes the next dead letter.
      const next = deadLetterHeaders(record.headers!, {
        ...source,
        offset: 9,
        group: 'g',
        stage: 's',
        code: 'c',
        message: 'm',
        failedAtMs: 2,
        redriveCount: count + 1,
      });
      expect(originalHeaders(next).filter(([name]) => !name.startsWith('__dlq.'))).toEqual(kept);
      expect(redrivenSource(next)).toBe('tip.served/3/7');
    }),
  );
});
