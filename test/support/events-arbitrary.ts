/** Generated events of the input topics, valid by the contract's text rather than by the schemas under test. */
import fc from 'fast-check';

const CODE_POINT = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0x20, max: 0x7e }) },
  fc.integer({ min: 0xa0, max: 0xd7ff }),
  fc.integer({ min: 0xe000, max: 0xffff }),
  fc.integer({ min: 0x10000, max: 0x10ffff }),
);
const textOf = (minLength: number, maxLength: number) =>
  fc.array(CODE_POINT, { minLength, maxLength }).map((points) => points.map((point) => String.fromCodePoint(point)).join(''));

export const id = fc.oneof(textOf(1, 12), textOf(128, 128), fc.constantFrom('__proto__', 'constructor', '\ufffd', '\ufeff', '"', '\\'));
const label = fc.oneof(textOf(0, 12), textOf(128, 128));
const time = fc.oneof(fc.integer({ min: 0, max: 253_402_300_799_999 }), fc.constantFrom(0, 253_402_300_799_999));
const offset = fc.integer({ min: -840, max: 840 });

/** Present, null or absent. */
const optionally = (fields: Record<string, fc.Arbitrary<unknown>>) =>
  fc.record(Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, fc.option(value, { freq: 4 })])), { requiredKeys: [] });
const both = (
  required: Record<string, fc.Arbitrary<unknown>>,
  optional: Record<string, fc.Arbitrary<unknown>>,
): fc.Arbitrary<Record<string, unknown>> => fc.tuple(fc.record(required), optionally(optional)).map(([a, b]) => ({ ...a, ...b }));

const candidate = both(
  {
    tip_id: id,
    is_overdue: fc.boolean(),
    task_age_days: fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }),
    priority: fc.integer({ min: 1, max: 4 }),
  },
  { source: label, category: label },
);

export const EVENTS = {
  'tip.served': both(
    { tip_id: id, user_id: id, served_at_ms: time },
    { decision_id: id, policy: label, prompt_version: label, source: label, category: label, utc_offset_min: offset },
  ),
  'tip.feedback': both(
    { tip_id: id, user_id: id, action: fc.constantFrom('done', 'dismiss', 'snooze'), reacted_at_ms: time },
    { feedback_id: id, utc_offset_min: offset },
  ),
  'tip.candidates': both(
    {
      decision_id: id,
      user_id: id,
      requested_at_ms: time,
      candidates: fc.uniqueArray(candidate, { minLength: 1, maxLength: 8, selector: (one) => one.tip_id }),
    },
    { utc_offset_min: offset },
  ),
} as const;

export type GeneratedTopic = keyof typeof EVENTS;
export const GENERATED_TOPICS = Object.keys(EVENTS) as GeneratedTopic[];

/** [topic, event] */
export const topicAndEvent = fc.constantFrom(...GENERATED_TOPICS).chain((topic) => fc.tuple(fc.constant(topic), EVENTS[topic]));
