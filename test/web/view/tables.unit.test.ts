import { describe, expect, it } from 'vitest';
import { nextSorting, sorted, sortingIn } from '../../../src/web/view/sorting.js';
import { WHOLE_UP_TO, windowOfRows } from '../../../src/web/view/window-of-rows.js';

describe('the order of a table', () => {
  it('is in the address, when it is one of its columns', () => {
    expect(sortingIn('-lag', ['lag'])).toEqual({ column: 'lag', isDown: true });
    expect(sortingIn('lag', ['lag'])).toEqual({ column: 'lag', isDown: false });
    for (const text of [undefined, '', '-', 'other']) expect(sortingIn(text, ['lag'])).toBeUndefined();
  });

  it('goes from one way to the other to none; numbers begin with the greatest', () => {
    const walk = (isNumber: boolean) => {
      const seen: (string | undefined)[] = [];
      let now: string | undefined;
      for (let click = 0; click < 3; click++) seen.push((now = nextSorting(sortingIn(now, ['x']), 'x', isNumber)));
      return seen;
    };
    expect(walk(true)).toEqual(['-x', 'x', undefined]);
    expect(walk(false)).toEqual(['x', '-x', undefined]);
    expect(nextSorting({ column: 'y', isDown: true }, 'x', true)).toBe('-x');
  });

  it('leaves equals as they were, and what is not known at the end', () => {
    const rows = [3, null, 1, 3, undefined, 2].map((value, at) => ({ value, at }));
    expect(sorted(rows, ({ value }) => value, false).map(({ at }) => at)).toEqual([2, 5, 0, 3, 1, 4]);
    expect(sorted(rows, ({ value }) => value, true).map(({ at }) => at)).toEqual([0, 3, 5, 2, 1, 4]);
    expect(sorted(['b', 'a'], (text) => text, true)).toEqual(['b', 'a']);
  });
});

describe('the rows in sight', () => {
  const sight = { rowHeight: 30, height: 600, scrollTop: 0 };
  it('are all of a short table', () => {
    expect(windowOfRows({ rows: WHOLE_UP_TO, ...sight })).toEqual({ from: 0, to: WHOLE_UP_TO });
    expect(windowOfRows({ rows: 0, ...sight })).toEqual({ from: 0, to: 0 });
  });

  it.each([
    [0, 0, 32],
    [3_000, 88, 132],
    [299_400, 9_968, 10_000],
    [1e9, 9_987, 10_000],
    [-50, 0, 32],
  ])('at %d px are %d to %d of 10,000', (scrollTop, from, to) => {
    expect(windowOfRows({ rows: 10_000, ...sight, scrollTop })).toEqual({ from, to });
  });

  it('are few even before a row has been measured', () => {
    expect(windowOfRows({ rows: 10_000, ...sight, rowHeight: 0 }).to).toBeLessThanOrEqual(WHOLE_UP_TO);
  });
});
