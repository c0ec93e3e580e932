import { expect, it } from 'vitest';
import { HOUR_MS, HOURS_BACK, hoursOf, timeAt } from '../../../src/web/state/time-travel.js';

const NOW_MS = Date.UTC(2026, 0, 31, 18, 4, 5);

it('stands at its right end for now, and goes back by whole hours', () => {
  expect(hoursOf(undefined, NOW_MS)).toBe(HOURS_BACK);
  expect(timeAt(HOURS_BACK, NOW_MS)).toBe(undefined);
  expect(timeAt(HOURS_BACK - 1, NOW_MS)).toBe(Date.UTC(2026, 0, 31, 18));
  expect(timeAt(HOURS_BACK - 2, NOW_MS)).toBe(Date.UTC(2026, 0, 31, 17));
  expect(timeAt(0, NOW_MS)! % HOUR_MS).toBe(0);
});

it('stands where the time is that it led to, and at an end for times beyond it', () => {
  for (let hours = 0; hours < HOURS_BACK; hours++) expect(hoursOf(timeAt(hours, NOW_MS), NOW_MS)).toBe(hours);
  expect(hoursOf(NOW_MS + 5 * HOUR_MS, NOW_MS)).toBe(HOURS_BACK);
  expect(hoursOf(0, NOW_MS)).toBe(0);
  expect(timeAt(0, 5 * HOUR_MS)).toBe(0);
});
