import { describe, expect, it } from 'vitest';
import { parseLineObject, readEventLine } from '../../../src/producer/line.js';
import { readPage } from './markdown.js';

const MAX_VALUE_BYTES = 1_000_000;

function outcomes(path: string) {
  return readPage(path)
    .trimEnd()
    .split('\n')
    .map((line) => {
      const parsed = parseLineObject(line);
      return parsed?.ok ? readEventLine(parsed, '', MAX_VALUE_BYTES) : parsed;
    });
}

describe('the examples', () => {
  it.each(['examples/tour.ndjson', 'examples/tour-evening.ndjson'])('%s: every line is accepted', (path) => {
    expect(outcomes(path).filter((outcome) => outcome?.ok !== true)).toEqual([]);
  });

  it('examples/invalid.ndjson: every line is refused, each for a reason of its own', () => {
    const messages = outcomes('examples/invalid.ndjson').map((outcome) =>
      outcome?.ok === false ? `${outcome.code}: ${outcome.message}` : 'accepted',
    );
    expect(messages).not.toContain('accepted');
    expect(messages.length).toBeGreaterThan(12);
    expect(new Set(messages).size).toBe(messages.length);
  });
});
