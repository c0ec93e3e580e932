import { describe, expect, it } from 'vitest';
import { piecesOf } from '../../../src/web/format/prose.js';

describe('commands in sentences', () => {
  it.each([
    ['', []],
    ['Wait.', ['Wait.']],
    [
      'Stop `tipstream start` and run `tipstream rebuild`: again.',
      ['Stop ', '<tipstream start>', ' and run ', '<tipstream rebuild>', ': again.'],
    ],
    ['`a``b`', ['<a>', '<b>']],
    ['a ` alone', ['a ` alone']],
    ['`` of nothing', ['`` of nothing']],
  ])('of %j', (text, pieces) => {
    expect(piecesOf(text).map(({ text: piece, isCode }) => (isCode ? `<${piece}>` : piece))).toEqual(pieces);
  });
});
