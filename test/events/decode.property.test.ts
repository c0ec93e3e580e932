import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeRecord, type DecodeRules } from '../../src/events/decode.js';
import { MAX_MESSAGE_LENGTH, REJECTION_CODES } from '../../src/events/rejection.js';
import { TOPIC_NAMES } from '../../src/topics.js';
import { topicAndEvent } from '../support/events-arbitrary.js';

const RULES: DecodeRules = { partitioner: null, partitions: 4, maxValueBytes: 1_000_000 };
const decode = (topic: (typeof TOPIC_NAMES)[number], key: Buffer | null, value: Buffer) =>
  decodeRecord(topic, { key, value, headers: [], partition: 0 }, RULES);

/** Nulls gone, -0 zero: what the contract says the same event is. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value)
        .filter(([, field]) => field !== null)
        .map(([name, field]) => [name, plain(field)]),
    );
  }
  return value === 0 ? 0 : value;
}

describe('a valid event', () => {
  test('comes out as it went in, whatever else its object and its envelope hold', () => {
    const extra = fc.dictionary(
      fc.string().map((name) => `x_${name}`),
      fc.jsonValue({ maxDepth: 2 }),
      { maxKeys: 3 },
    );
    fc.assert(
      fc.property(topicAndEvent, extra, fc.boolean(), ([topic, event], unknown, enveloped) => {
        const data = { ...unknown, ...event };
        const body = enveloped ? { specversion: '1.0', id: 'i', source: 's', type: 't', data } : data;
        const result = decode(topic, Buffer.from(event.user_id as string), Buffer.from(JSON.stringify(body)));
        expect(result).toStrictEqual({ ok: true, event: plain(event) });
      }),
      { numRuns: 500 },
    );
  });

  test('is refused once one of its fields is broken, and the message names the field', () => {
    fc.assert(
      fc.property(topicAndEvent, fc.nat(), fc.constantFrom('drop', [], {}, 'long'), ([topic, event], pick, how) => {
        const required = Object.keys(event).filter(
          (name) => /^(tip_id|user_id|decision_id|\w+_at_ms|action|candidates)$/.test(name) && event[name] != null,
        );
        const field = required.filter((name) => !(topic === 'tip.served' && name === 'decision_id'))[pick % 3]!;
        const broken = {
          ...event,
          [field]:
            how === 'drop' ? undefined : how === 'long' ? 'x'.repeat(129) : how === event[field] ? 0 : field === 'candidates' ? 0 : how,
        };
        const result = decode(topic, Buffer.from(event.user_id as string), Buffer.from(JSON.stringify(broken)));
        expect(result).toMatchObject({
          ok: false,
          rejection: { code: 'invalid_event', stage: 'validate', message: expect.stringContaining(`${field}: `) as string },
        });
      }),
      { numRuns: 500 },
    );
  });

  test('is refused under another key', () => {
    fc.assert(
      fc.property(topicAndEvent, fc.uint8Array({ maxLength: 20 }), ([topic, event], bytes) => {
        const key = Buffer.from(bytes);
        fc.pre(!key.equals(Buffer.from(event.user_id as string)));
        expect(decode(topic, key, Buffer.from(JSON.stringify(event)))).toMatchObject({
          ok: false,
          rejection: { code: 'foreign_key', stage: 'route' },
        });
      }),
      { numRuns: 200 },
    );
  });
});

test('no bytes make it throw, and every refusal is a known code and a short line', () => {
  const cutOrFlipped = fc.tuple(topicAndEvent, fc.nat(), fc.nat({ max: 255 })).map(([[, event], at, byte]) => {
    const bytes = Buffer.from(JSON.stringify(event));
    bytes[at % bytes.length] = byte;
    return byte % 2 === 0 ? bytes : bytes.subarray(0, at % bytes.length);
  });
  const anything = fc.oneof(
    cutOrFlipped,
    fc.json().map((text) => Buffer.from(text)),
    fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  );
  fc.assert(
    fc.property(fc.constantFrom(...TOPIC_NAMES), anything, (topic, value) => {
      const result = decode(topic, Buffer.from('ann'), value);
      if (result.ok) return;
      expect(REJECTION_CODES).toContain(result.rejection.code);
      expect(result.rejection.message.length).toBeLessThanOrEqual(MAX_MESSAGE_LENGTH);
      expect(result.rejection.message).toMatch(/^[^\n]+$/);
    }),
    { numRuns: 1_000 },
  );
});
