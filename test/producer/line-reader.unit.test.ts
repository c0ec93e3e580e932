import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MAX_LINE_BYTES, linesOf } from '../../src/producer/line-reader.js';

async function read(pieces: readonly (Buffer | string)[]): Promise<string[]> {
  async function* source() {
    yield* pieces;
  }
  const lines: string[] = [];
  for await (const line of linesOf(source())) lines.push(line.toString());
  return lines;
}

test.each([
  [['a\nb\n'], ['a', 'b']],
  [['a\r\nb'], ['a', 'b']],
  [
    ['a', '', 'b\n\nc', '\n'],
    ['ab', '', 'c'],
  ],
  [['\ufeffa\n\ufeffb'], ['a', '\ufeffb']],
  [[''], []],
  [
    ['a\r', '\nb'],
    ['a', 'b'],
  ],
])('%j', async (pieces, lines) => {
  expect(await read(pieces)).toEqual(lines);
});

test('where the pieces are cut does not matter', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.string({ unit: 'grapheme' }).map((text) => text.replace(/[\r\n\ufeff]/g, '')),
        { minLength: 1 },
      ),
      fc.array(fc.nat({ max: 60 })),
      async (lines, cuts) => {
        const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
        const edges = [0, ...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length];
        expect(await read(edges.slice(1).map((edge, i) => bytes.subarray(edges[i], edge)))).toEqual(lines);
      },
    ),
    { numRuns: 100 },
  );
});

test('a line without an end is cut, not held', async () => {
  async function* source() {
    for (let i = 0; i < 40; i++) yield Buffer.alloc(1024 * 1024, 'x');
    yield '\nnext';
  }
  const lengths: number[] = [];
  for await (const line of linesOf(source())) lengths.push(line.length);
  expect(lengths).toEqual([MAX_LINE_BYTES + 1, 4]);
});
