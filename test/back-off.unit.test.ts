/** Pauses between attempts. */
import { describe, expect, it } from 'vitest';
import { backOffMs } from '../src/back-off.js';

describe('a back-off', () => {
  it('doubles from failure to failure and stays at the longest, however often something fails', () => {
    const pauses = [1, 2, 3, 4, 5, 6, 5_000].map((failures) => backOffMs({ firstMs: 50, longestMs: 1_000 }, failures));
    expect(pauses).toEqual([50, 100, 200, 400, 800, 1_000, 1_000]);
  });
});
