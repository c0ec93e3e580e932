import { describe, expect, it } from 'vitest';
import { isOut, NO_LOOKS, takeOut, type Paths } from '../../../src/evaluation/rollouts/paths.js';

const take = (statistics: readonly number[], mass: number, paths: Paths = NO_LOOKS) => takeOut(paths, Float64Array.from(statistics), mass);

describe('looks at one randomisation test', () => {
  it('take out the largest of those still there, as many as may be spent', () => {
    const first = take([1, 5, 4, 3, 2, 0, 0, 0, 0, 0], 0.2);
    expect(first.threshold).toBe(4);
    expect(isOut(first.paths)).toBe(false);
    // Rows 1 and 2 are gone: of the rest one more may go.
    const second = take([7, 9, 9, 6, 0, 0, 0, 0, 0, 0], 0.3, first.paths);
    expect(second.threshold).toBe(7);
    expect(isOut(second.paths)).toBe(true);
    expect(second.paths.taken).toBe(3);
  });

  it('take none of equals that are more than may be spent, and spend them later', () => {
    const first = take([2, 2, 2, 1, 0, 0, 0, 0, 0, 0], 0.2);
    expect(first.paths.taken).toBe(0);
    expect(take([9, 8, 7, 1, 0, 0, 0, 0, 0, 0], 0.3, first.paths).paths.taken).toBe(3);
  });

  it('take none while less than one may be spent', () => {
    expect(take([9, 1, 0], 0.3)).toEqual({ paths: NO_LOOKS, threshold: null });
  });

  it('remember the true placement', () => {
    const { paths } = take([9, 1, 0, 0], 0.25);
    expect(isOut(take([0, 9, 1, 0], 0.5, paths).paths)).toBe(true);
  });
});
