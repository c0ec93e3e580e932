import { describe, expect, it } from 'vitest';
import { hasHappened, isInWindow, WINDOW_MS } from '../../src/projections/window.js';

const t = 1_800_000_000_000;

describe('the window', () => {
  it('is thirty days long', () => expect(WINDOW_MS).toBe(2_592_000_000));

  it.each([
    [t - 1, false],
    [t, false],
    [t + 1, true],
    [t + WINDOW_MS, true],
    [t + WINDOW_MS + 1, false],
  ])('as of %i: %s', (asOfMs, inside) => {
    expect(isInWindow(t, asOfMs)).toBe(inside);
  });

  it.each([
    [t, false],
    [t + 5, true],
    [t + 6, false],
  ])('of five milliseconds as of %i: %s', (asOfMs, inside) => {
    expect(isInWindow(t, asOfMs, 5)).toBe(inside);
  });

  it('never holds what has not come', () => {
    expect(isInWindow(null, t)).toBe(false);
    expect(hasHappened(null, t)).toBe(false);
  });

  it('knows what has happened: only what lies before', () => {
    expect([t - 1, t, t + 1].map((asOfMs) => hasHappened(t, asOfMs))).toEqual([false, false, true]);
  });
});
