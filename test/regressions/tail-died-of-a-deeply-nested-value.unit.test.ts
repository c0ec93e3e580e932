/** What tail and dead-letters show print of a value is what its bytes say, whatever JSON.stringify thinks of it. */
import { expect, test } from 'vitest';
import { printFields, recordToJson } from '../../src/producer/json-form.js';

const record = (value: string | Buffer) => ({
  topic: 'tip.served',
  partition: 0,
  offset: 3,
  timestampMs: 5,
  key: Buffer.from('ann'),
  value: Buffer.from(value as string),
  headers: [],
});
const line = (value: string) =>
  `{"topic":"tip.served","partition":0,"offset":3,"timestamp_ms":5,"key":"ann","value":${value},"headers":{}}`;

test.each([8_000, 100_000])('a value nested %d deep', (depth) => {
  const value = `{"mine":${'['.repeat(depth)}${']'.repeat(depth)}}`;
  expect(printFields(recordToJson(record(value)))).toBe(line(value));
  expect(printFields(recordToJson(record(value)), 2)).toContain(`\n  "value": ${value},\n`);
});

test.each(['[1e400,9007199254740993,1.0,-0]', '{"a":1,"a":2,"2":0,"1":0}', ' { "a" : "\\u0041" } ', '"text"', '1E400', 'null', 'true'])(
  'the value %s is printed as it is written',
  (value) => {
    expect(printFields(recordToJson(record(value)))).toBe(line(value));
  },
);

test('line ends within JSON leave the record on its line; what is no JSON is a text', () => {
  expect(printFields(recordToJson(record('{\r\n  "a": "\\n"\n}')))).toBe(line('{    "a": "\\n" }'));
  expect(printFields(recordToJson(record('{"a":\n')))).toBe(line('"{\\"a\\":\\n"'));
  expect(printFields(recordToJson(record('\ufeff{}')))).toBe(line('"\ufeff{}"'));
  expect(printFields(recordToJson(record(Buffer.from([0xff]))))).toBe(line('{"base64":"/w=="}'));
});
