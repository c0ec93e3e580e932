/**
 * Events made to collide: few ids, times within a step of each other's boundaries, fields that differ only in ways that tie rules must
 * settle.
 */
import fc from 'fast-check';
import type { OracleEvent } from '../oracle/profile.js';

export const WINDOW = 30 * 86_400_000;
const LATEST = 253_402_300_799_999;

const step = fc.constantFrom(-1, 0, 0, 0, 1);
/** A few moments, the same ones a window earlier and later, and the milliseconds beside all of them. */
export const timeMs = fc
  .oneof(
    {
      weight: 6,
      arbitrary: fc.tuple(
        fc.constantFrom(3 * WINDOW, 3 * WINDOW + 86_400_000, 3 * WINDOW + 40_000_000),
        fc.constantFrom(-WINDOW, 0, 0, WINDOW),
        step,
      ),
    },
    { weight: 2, arbitrary: fc.tuple(fc.integer({ min: 2 * WINDOW, max: 4 * WINDOW }), fc.constant(0), fc.constant(0)) },
    { weight: 1, arbitrary: fc.tuple(fc.constantFrom(0, 1, LATEST, LATEST - WINDOW), fc.constant(0), fc.constant(0)) },
  )
  .map(([base, shift, by]) => Math.min(LATEST, Math.max(0, base + shift + by)));

/** An as-of time or a clock: what an event's time can be, plus both sides of what it can bound. */
export const asOfMs = fc.tuple(timeMs, fc.constantFrom(0, 0, 1, WINDOW, WINDOW + 1)).map(([time, shift]) => time + shift);

export const userId = fc.constantFrom('a', 'Z', '0', 'a b"c', '\u00e9', '\uffff', '\u{10000}', '\u{1f600}');
const tipId = fc.constantFrom('t1', 't2', 't3', 't4');
export const category = fc.constantFrom(
  undefined,
  null,
  '',
  'a',
  'Z',
  '10',
  '9',
  '\u0000',
  '\ud7ff',
  '\ud800',
  '\udfff',
  '\ue000',
  '\uffff',
  '\u{10000}',
  'a\udc00',
  '\u{1f600}',
  '\ud83d\ud83d\ude00',
  '\ud83d\ud83e\ude00',
  '\ud83d\ue000',
);
const utcOffsetMin = fc.constantFrom(undefined, null, -840, -90, -1, 0, 60, 840);

const served = (user: fc.Arbitrary<string>): fc.Arbitrary<OracleEvent> =>
  fc.record({ user_id: user, tip_id: tipId, served_at_ms: timeMs, category }).map((value) => ({ topic: 'tip.served', value }));
const feedback = (user: fc.Arbitrary<string>): fc.Arbitrary<OracleEvent> =>
  fc
    .record({
      user_id: user,
      tip_id: tipId,
      action: fc.constantFrom('done', 'done', 'dismiss', 'snooze'),
      reacted_at_ms: timeMs,
      utc_offset_min: utcOffsetMin,
    })
    .map((value) => ({ topic: 'tip.feedback', value }));

export const eventOf = (user: fc.Arbitrary<string>): fc.Arbitrary<OracleEvent> => fc.oneof(served(user), feedback(user));
