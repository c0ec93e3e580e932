import { expect, test } from 'vitest';
import { headersFromJson, JsonText, recordToJson } from '../../src/producer/json-form.js';

const RECORD = {
  topic: 'tip.served',
  partition: 1,
  offset: 2,
  timestampMs: 3,
  key: Buffer.from('änn'),
  value: Buffer.from('{"a":[1]}'),
  headers: [],
};

test('a record of JSON', () => {
  expect(recordToJson(RECORD)).toEqual({
    topic: 'tip.served',
    partition: 1,
    offset: 2,
    timestamp_ms: 3,
    key: 'änn',
    value: new JsonText('{"a":[1]}'),
    headers: {},
  });
});

test.each([
  [null, null],
  [Buffer.from('no json'), 'no json'],
  [Buffer.from('"text"'), new JsonText('"text"')],
  [Buffer.from(''), ''],
  [Buffer.from([0xff, 0x00]), { base64: '/wA=' }],
])('the value %j', (value, printed) => {
  expect(recordToJson({ ...RECORD, value }).value).toEqual(printed);
});

test('headers go to JSON and back, repeated, binary and oddly named ones too', () => {
  const headers = [
    ['a', Buffer.from('1')],
    ['__proto__', Buffer.from('p')],
    ['b', Buffer.from([0xff])],
    ['b', Buffer.from('')],
  ] as const;
  const json = recordToJson({ ...RECORD, headers }).headers;
  expect(JSON.stringify(json)).toBe('{"a":"1","__proto__":"p","b":[{"base64":"/w=="},""]}');
  expect(headersFromJson(JSON.parse(JSON.stringify(json)))).toEqual(headers);
});
