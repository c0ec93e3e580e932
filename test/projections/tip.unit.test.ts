import { describe, expect, it } from 'vitest';
import { foldFeedback, foldServed, NO_TIP, reactedAtMs, type TipState } from '../../src/projections/tip.js';
import type { Action } from '../../src/topics.js';

const served = (tip: TipState, atMs: number, category?: string | null) =>
  foldServed(tip, { tip_id: 't', user_id: 'u', served_at_ms: atMs, category });
const feedback = (tip: TipState, action: Action, atMs: number, offset?: number | null) =>
  foldFeedback(tip, { tip_id: 't', user_id: 'u', action, reacted_at_ms: atMs, utc_offset_min: offset });

describe('a tip', () => {
  it('keeps the earliest of each kind with its fields', () => {
    let tip = served(NO_TIP, 20, 'late');
    tip = served(tip, 10, 'early');
    tip = served(tip, 30, 'a');
    for (const action of ['done', 'dismiss', 'snooze'] as const) for (const at of [7, 5, 6]) tip = feedback(tip, action, at, at * 10);
    expect(tip).toEqual({ servedAtMs: 10, servedCategory: 'early', doneAtMs: 5, doneUtcOffsetMin: 50, dismissAtMs: 5, snoozeAtMs: 5 });
  });

  it('loses the category when an earlier serving has none', () => {
    expect(served(served(NO_TIP, 20, 'work'), 10)).toMatchObject({ servedAtMs: 10, servedCategory: null });
  });

  it('is the same object when nothing changes', () => {
    let tip = served(NO_TIP, 10, 'b');
    for (const action of ['done', 'dismiss', 'snooze'] as const) tip = feedback(tip, action, 10, 0);
    expect(served(tip, 10, 'b')).toBe(tip);
    expect(served(tip, 10, 'c')).toBe(tip);
    expect(served(tip, 10)).toBe(tip);
    expect(served(tip, 11, 'a')).toBe(tip);
    for (const action of ['done', 'dismiss', 'snooze'] as const) expect(feedback(tip, action, 11, -60)).toBe(tip);
    expect(feedback(tip, 'done', 10, 60)).toBe(tip);
    expect(feedback(tip, 'done', 10, null)).toBe(tip);
  });

  // Each row: of two values at one time, the one that stays.
  it.each<[string | null, string | null]>([
    ['z', null],
    ['', null],
    ['', 'a'],
    ['Z', 'a'],
    ['10', '9'],
    ['\uffff', '\u{10000}'],
    ['\ud800', '\ue000'],
    ['\udfff', '\u{10000}'],
    ['a', 'ab'],
    ['\ud83d\ud83d\ude00', '\ud83d\ude00'],
    ['\ud83d\ud83e\ude00', '\ud83d\ude00'],
    ['\ud83d\ue000', '\ud83d\ude00'],
  ])('prefers category %j to %j at the same time, in either order', (kept, other) => {
    expect(served(served(NO_TIP, 5, kept), 5, other).servedCategory).toBe(kept);
    expect(served(served(NO_TIP, 5, other), 5, kept).servedCategory).toBe(kept);
  });

  it.each<[number | null, number | null]>([
    [840, null],
    [0, null],
    [-840, 0],
    [-60, 60],
    [9, 10],
  ])('prefers offset %j to %j at the same time, in either order', (kept, other) => {
    expect(feedback(feedback(NO_TIP, 'done', 5, kept), 'done', 5, other).doneUtcOffsetMin).toBe(kept);
    expect(feedback(feedback(NO_TIP, 'done', 5, other), 'done', 5, kept).doneUtcOffsetMin).toBe(kept);
  });

  it('never holds -0', () => {
    let tip = served(NO_TIP, -0);
    for (const action of ['done', 'dismiss', 'snooze'] as const) tip = feedback(tip, action, -0, -0);
    expect(tip).toEqual({ servedAtMs: 0, servedCategory: null, doneAtMs: 0, doneUtcOffsetMin: 0, dismissAtMs: 0, snoozeAtMs: 0 });
  });

  it('was first reacted to at the earliest of the three', () => {
    expect(reactedAtMs(served(NO_TIP, 1))).toBeNull();
    for (const first of ['done', 'dismiss', 'snooze'] as const) {
      let tip = NO_TIP;
      for (const action of ['done', 'dismiss', 'snooze'] as const) tip = feedback(tip, action, action === first ? 0 : 9);
      expect(reactedAtMs(tip)).toBe(0);
      expect(reactedAtMs(feedback(NO_TIP, first, 3))).toBe(3);
    }
  });
});
