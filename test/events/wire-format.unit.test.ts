/** What is said of values in Confluent's wire format where there is no registry, and that plain JSON is never taken for one. */
import { describe, expect, test } from 'vitest';
import { decodeRecord } from '../../src/events/decode.js';
import { describeFramed, framedValue } from '../../src/events/wire-format.js';
import { FIXTURE_RECORDS, fixture, framed } from '../support/registry-fixtures.js';

const RULES = { partitioner: null, partitions: 1, maxValueBytes: 1_000_000 };
const JSON_TEXT = '{"user_id":"ana","tip_id":"t1","served_at_ms":1}';

const decoded = (value: Buffer, { key = 'ana', headers = [] as readonly (readonly [string, Buffer | null])[] } = {}) =>
  decodeRecord('tip.served', { key: Buffer.from(key), value, headers, partition: 0 }, RULES);

test.each([
  ['JSON behind five bytes', framed(42, JSON_TEXT), "Confluent's wire format: schema id 42, in front of JSON;"],
  [
    'Avro behind five bytes',
    framed(4_000_000_000, '\x04t1\x06ana'),
    'schema id 4000000000, in front of what is probably Avro or Protobuf;',
  ],
  ['bytes that begin like JSON', framed(1, '{"a'), 'schema id 1, in front of what is probably Avro or Protobuf;'],
])('without a registry, %s are a dead letter that names the option', (_, value, message) => {
  expect(decoded(value)).toMatchObject({
    ok: false,
    rejection: { stage: 'decode', code: 'wire_format', message: expect.stringContaining(message) as string },
  });
  expect(decoded(value)).toMatchObject({ rejection: { message: expect.stringMatching(/--schema-registry URL reads it$/) as string } });
});

test('Avro whose id is in a header is told by the header', () => {
  const { value, headers } = fixture('avro, id in a header');
  expect(decoded(value, { headers })).toMatchObject({
    rejection: {
      code: 'wire_format',
      message: expect.stringMatching(/^the header __value_schema_id names schema [0-9a-f]{8}-[0-9a-f-]{27}, and/) as string,
    },
  });
});

test('JSON whose id is in a header needs no registry', () => {
  const { value, headers, event } = fixture('json, id in a header');
  expect(decoded(value, { key: 'cem', headers })).toEqual({ ok: true, event });
});

test.each([
  ['plain JSON', Buffer.from(JSON_TEXT)],
  ['nothing', Buffer.alloc(0)],
  ['a zero and too little behind it', Buffer.from([0, 0, 0, 1])],
  ['other magic', Buffer.from([1, 0, 0, 0, 1, 2])],
])('%s is not marked', (_, value) => {
  expect(framedValue(value, [])).toBeUndefined();
  expect(describeFramed(value, [])).toBeUndefined();
});

describe('the header', () => {
  const value = Buffer.from('x');
  test.each([
    ['an id', Buffer.from([0, 0, 0, 1, 0]), { id: 256 }],
    ['a GUID', Buffer.from(`01${'00112233445566778899aabbccddeeff'}`, 'hex'), { guid: '00112233-4455-6677-8899-aabbccddeeff' }],
    [
      'a GUID and indexes of Protobuf',
      Buffer.from(`01${'00112233445566778899aabbccddeeff'}00`, 'hex'),
      { guid: '00112233-4455-6677-8899-aabbccddeeff' },
    ],
  ])('may hold %s', (_, bytes, schema) => {
    expect(framedValue(value, [['__value_schema_id', bytes]])).toEqual({ schema, payload: value });
  });

  test.each([
    ['nothing', null],
    ['too little', Buffer.from([1, 2])],
    ['another magic', Buffer.alloc(17, 7)],
  ])('that holds %s marks nothing', (_, bytes) => {
    expect(framedValue(value, [['__value_schema_id', bytes]])).toBeUndefined();
  });
});

test('a key in wire format is refused, and says with what to send it', () => {
  const value = Buffer.from(JSON_TEXT);
  expect(decodeRecord('tip.served', { key: framed(7, '\x06ana'), value, headers: [], partition: 0 }, RULES)).toMatchObject({
    rejection: { code: 'foreign_key', message: expect.stringMatching(/\(schema id 7\): send it with StringSerializer$/) as string },
  });
});

test('every record that a serializer wrote is marked', () => {
  for (const { value, headers } of FIXTURE_RECORDS) expect(framedValue(value, headers)).toBeDefined();
});
