/** Sessions and signals made to collide, as tip-generators.ts makes tips. */
import fc from 'fast-check';
import type { ActivityEvent } from '../oracle/activity.js';
import { timeMs } from './tip-generators.js';

const LATEST = 253_402_300_799_999;
const sessionId = fc.constantFrom('s1', 's2', 's3', 's4', 's5', '__proto__');
/** Names that an object lists in an order of its own, or that sort otherwise as UTF-16. */
const source = fc.constantFrom('mail', 'calendar', '10', '9', '__proto__', '\uffff', '\u{10000}', 'a"b\\');
const utcOffsetMin = fc.constantFrom(undefined, null, -840, -90, -1, 0, 60, 840);
const length = fc.oneof(fc.constantFrom(0, 0, 1, 2, 1_000), fc.integer({ min: 0, max: 40 * 86_400_000 }));

const session = (user: fc.Arbitrary<string>): fc.Arbitrary<ActivityEvent> =>
  fc
    .record({ user_id: user, session_id: sessionId, started_at_ms: timeMs, length, utc_offset_min: utcOffsetMin })
    .map(({ length: lasted, ...value }) => ({
      topic: 'app.session',
      value: { ...value, ended_at_ms: Math.min(LATEST, value.started_at_ms + lasted) },
    }));
const signal = (user: fc.Arbitrary<string>): fc.Arbitrary<ActivityEvent> =>
  fc.record({ user_id: user, source, synced_at_ms: timeMs }).map((value) => ({ topic: 'signal.synced', value }));

export const activityOf = (user: fc.Arbitrary<string>): fc.Arbitrary<ActivityEvent> =>
  fc.oneof({ weight: 2, arbitrary: session(user) }, { weight: 1, arbitrary: signal(user) });
