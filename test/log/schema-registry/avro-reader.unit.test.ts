/** What Avro's bytes become as JSON, and that bytes which are not what their schema says are refused within their own length. */
import { describe, expect, test } from 'vitest';
import { BadPayload } from '../../../src/log/schema-registry/avro-bytes.js';
import { avroReader, parseAvro } from '../../../src/log/schema-registry/avro-reader.js';

const record = (...fields: readonly [name: string, type: unknown][]) => ({
  type: 'record',
  name: 'R',
  fields: fields.map(([name, type]) => ({ name, type })),
});
const reader = (schema: unknown) => avroReader(parseAvro(JSON.stringify(schema), {}));
const read = (schema: unknown, ...bytes: readonly number[]): unknown => JSON.parse(reader(schema)(Buffer.from(bytes)).toString());

function long(value: bigint): number[] {
  let bits = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
  const bytes: number[] = [];
  for (; bits > 0x7fn; bits >>= 7n) bytes.push(Number(bits & 0x7fn) | 0x80);
  return [...bytes, Number(bits)];
}

describe('numbers', () => {
  test.each([
    0n,
    -1n,
    63n,
    -64n,
    64n,
    8_191n,
    2n ** 27n,
    -(2n ** 27n) - 1n,
    2n ** 31n,
    2n ** 41n,
    -(2n ** 48n),
    2n ** 48n - 1n,
    2n ** 48n,
    1_796_000_000_000n,
    2n ** 53n - 1n,
    1n - 2n ** 53n,
  ])('the long %s', (value) => expect(read('long', ...long(value))).toBe(Number(value)));

  test.each([2n ** 53n, -(2n ** 53n), 2n ** 63n - 1n, -(2n ** 63n)])('the long %s is refused, and not rounded', (value) => {
    expect(() => read(record(['served_at_ms', 'long']), ...long(value))).toThrow(`served_at_ms: the long ${value} is beyond 2^53`);
  });

  test('an integer of more than 64 bits', () =>
    expect(() => read('long', ...Array<number>(10).fill(0xff), 1)).toThrow('more than 64 bits'));

  test.each([NaN, Infinity])('the double %s is no JSON', (value) => {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleLE(value);
    expect(() => reader('double')(bytes)).toThrow('is no number of JSON');
  });
});

describe('logical types', () => {
  const time = (logicalType: string) => ({ type: 'long', logicalType });
  test.each([
    ['timestamp-millis', 1_796_000_000_123n, 1_796_000_000_123],
    ['local-timestamp-millis', 5n, 5],
    ['timestamp-micros', 1_796_000_000_123_999n, 1_796_000_000_123],
    ['timestamp-micros', -1n, -1],
    ['timestamp-nanos', 1_796_000_000_123_999_999n, 1_796_000_000_123],
    ['local-timestamp-micros', 1_000n, 1],
    ['unknown-to-everybody', 7n, 7],
  ])('%s of %s', (name, value, ms) => expect(read(time(name), ...long(value))).toBe(ms));

  test('a decimal of bytes and of a fixed', () => {
    expect(read({ type: 'bytes', logicalType: 'decimal', precision: 4, scale: 2 }, 4, 0xfb, 0x1e)).toBe(-12.5);
    expect(read({ type: 'fixed', name: 'F', size: 2, logicalType: 'decimal', precision: 4, scale: 1 }, 0, 123)).toBe(12.3);
    expect(() => read({ type: 'bytes', logicalType: 'decimal', precision: 30 }, 16, 0x7f, ...Array<number>(7).fill(0xff))).toThrow(
      'beyond 2^53',
    );
  });

  test('a uuid, a date and a time of day are what is below them', () => {
    expect(read({ type: 'string', logicalType: 'uuid' }, 2, 0x61)).toBe('a');
    expect(read({ type: 'int', logicalType: 'date' }, 4)).toBe(2);
  });
});

test('a union is its value alone, and ambiguous branches are no trouble', () => {
  const schema = record(['a', ['null', 'string']], ['b', ['null', 'string']], ['c', ['int', 'long', 'float', 'double']]);
  expect(read(schema, 0, 2, 2, 0x78, 2, ...long(99n))).toEqual({ a: null, b: 'x', c: 99 });
});

test('a field may be called __proto__, and a map may have such a key', () => {
  const json = reader(record(['__proto__', 'int'], ['m', { type: 'map', values: 'int' }]))(
    Buffer.from([2, 2, 18, ...Buffer.from('__proto__'), 4, 0]),
  );
  expect(json.toString()).toBe('{"__proto__":1,"m":{"__proto__":2}}');
});

test('a type that holds itself', () => {
  const tree = { type: 'record', name: 'T', fields: [{ name: 'next', type: ['null', 'T'] }] };
  expect(read(tree, 2, 2, 0)).toEqual({ next: { next: { next: null } } });
  expect(() => read(tree, ...Array<number>(1_000).fill(2))).toThrow('nested deeper than 64');
});

test('blocks of an array, with and without their sizes', () => {
  const schema = { type: 'array', items: 'int' };
  expect(read(schema, 2, 2, 3, 4, 4, 6, 2, 8, 0)).toEqual([1, 2, 3, 4]);
});

test('a default that does not fit its type, which decides nothing', () => {
  const schema = { type: 'record', name: 'R', fields: [{ name: 'a', type: ['string', 'null'], default: null }] };
  expect(read(schema, 2)).toEqual({ a: null });
});

describe('bytes that are not what the schema says', () => {
  const served = record(['tip_id', 'string'], ['at', 'long']);
  test.each<[string, unknown, number[], string]>([
    ['too few', served, [4, 0x74], 'tip_id: a length of 2, and 1 bytes are left'],
    ['none', served, [], 'tip_id: the bytes end too early'],
    ['more than the value', served, [0, 2, 9], '1 bytes are left behind the value'],
    ['a negative length', served, [3, 0x74, 0x31, 0], 'tip_id: a length of -2'],
    ['no UTF-8', served, [4, 0xff, 0xfe, 0], 'tip_id: is not well-formed UTF-8'],
    ['a symbol that there is not', { type: 'enum', name: 'E', symbols: ['A'] }, [2], 'there is no symbol 1'],
    ['a negative symbol', { type: 'enum', name: 'E', symbols: ['A'] }, [1], 'there is no symbol -1'],
    ['a branch that there is not', ['null', 'int'], [4], 'there is no branch 2'],
    ['an array of a billion in five bytes', { type: 'array', items: 'int' }, [0x80, 0xa8, 0xd6, 0xb9, 0x07], 'items, and 0 bytes are left'],
    ['a map of a billion', { type: 'map', values: 'null' }, [0x80, 0xa8, 0xd6, 0xb9, 0x07], 'items, and 0 bytes are left'],
    ['a billion nulls in small blocks', { type: 'array', items: 'null' }, Array<number>(3_000).fill(126), 'items, and'],
    ['a length of half a gigabyte', 'bytes', [0x80, 0x80, 0x80, 0x80, 0x04, 1], 'a length of'],
  ])('%s', (_, schema, bytes, message) => {
    expect(() => read(schema, ...bytes)).toThrow(BadPayload);
    expect(() => read(schema, ...bytes)).toThrow(message);
  });

  test('U+FFFD itself is text like any other', () => expect(read('string', 6, 0xef, 0xbf, 0xbd)).toBe('\ufffd'));
});
