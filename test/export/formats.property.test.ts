/** What goes into CSV and Parquet comes out, and a JSON object's members are what JSON.parse says, digit by digit. */
import fc from 'fast-check';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { jsonOf, RawJson, type Cell } from '../../src/export/cell.js';
import { ColumnKinds } from '../../src/export/columns.js';
import { record } from '../../src/export/csv.js';
import { csvRecords } from '../../src/export/csv-records.js';
import { membersOf } from '../../src/export/json-members.js';
import { ParquetSink } from '../../src/export/parquet.js';
import { rowsOfParquet } from '../support/exported.js';

const text = fc
  .string({
    unit: fc.oneof(fc.constantFrom('"', ',', '\r', '\n', ' ', '\\', '=', '{'), fc.string({ unit: 'binary', minLength: 1, maxLength: 1 })),
    maxLength: 8,
  })
  .map((one) => one.toWellFormed());

it('CSV: texts and nulls, cut into any pieces', async () => {
  const rows = fc
    .integer({ min: 2, max: 4 })
    .chain((width) => fc.array(fc.array(fc.option(text), { minLength: width, maxLength: width }), { minLength: 1, maxLength: 6 }));
  await fc.assert(
    fc.asyncProperty(rows, fc.integer({ min: 1, max: 9 }), async (written, pieceBytes) => {
      const bytes = Buffer.from(written.map(record).join(''));
      async function* pieces() {
        for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
      }
      const read: (readonly (string | null)[])[] = [];
      for await (const { fields } of csvRecords(pieces())) read.push(fields);
      expect(read).toEqual(written);
    }),
  );
});

it('JSON: the members of any object, however it is spaced', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.oneof(text, fc.constant('__proto__')), fc.jsonValue({ maxDepth: 3 })),
      fc.constantFrom(undefined, 1, '\t'),
      (object, space) => {
        const written = JSON.stringify(object, null, space);
        const members = membersOf(written);
        expect([...members.keys()].sort()).toEqual(Object.keys(JSON.parse(written) as object).sort());
        for (const [name, cell] of members)
          expect(JSON.parse(jsonOf(cell!))).toEqual((JSON.parse(written) as Record<string, unknown>)[name]);
      },
    ),
  );
});

it('JSON: numbers and nested values as they were written', () => {
  const members = membersOf('{"n":12345678901234567890.10,"o": {"2":1,"1":[ "]}\\\\" ]},"n":-0e1,"t":"\\u0041\\"" , "e":{}}');
  expect([...members].map(([name, cell]) => [name, jsonOf(cell!)])).toEqual([
    ['n', '-0e1'],
    ['o', '{"2":1,"1":[ "]}\\\\" ]}'],
    ['t', '"A\\""'],
    ['e', '{}'],
  ]);
  const long = `"${'\\"x'.repeat(1_000_000)}"`;
  expect(jsonOf(membersOf(`{"long":${long}}`).get('long')!)).toBe(long);
});

it.each<[string, Cell[], string]>([
  ['nothing', [null, undefined], 'text'],
  ['integers', [new RawJson('1', true), null, new RawJson('-9223372036854775808', true)], 'int64'],
  ['an integer beyond 64 bits', [new RawJson('9223372036854775808', true)], 'json'],
  ['numbers', [new RawJson('1', true), new RawJson('1.5', true)], 'double'],
  ['a number beyond doubles', [new RawJson('1e999', true)], 'json'],
  ['integers that a double would round, and doubles', [new RawJson('9007199254740993', true), new RawJson('0.5', true)], 'json'],
  ['texts', ['a', null], 'text'],
  ['booleans', [true, false], 'boolean'],
  ['texts and numbers', ['a', new RawJson('1', true)], 'json'],
  ['objects', [new RawJson('{}', false)], 'json'],
])('Parquet: a column of %s', async (_, cells, type) => {
  const kinds = new ColumnKinds();
  for (const cell of cells) kinds.add(cell);
  expect(kinds.type()).toBe(type);
  const directory = mkdtempSync(join(tmpdir(), 'tipstream-parquet-'));
  try {
    const path = join(directory, 'x.parquet');
    const sink = new ParquetSink([{ name: 'x', type: kinds.type() }], path);
    for (const cell of cells) await sink.add([cell]);
    await sink.finish();
    const read = (await rowsOfParquet(readFileSync(path))).map(({ x }) => x);
    const expected = cells.map((cell) =>
      cell === null || cell === undefined ? null : type === 'json' ? jsonOf(cell) : cell instanceof RawJson ? cell.text : cell,
    );
    expect(read.map((value) => (typeof value === 'bigint' || typeof value === 'number' ? String(value) : value))).toEqual(expected);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
