/**
 * Planned records of every kind: events that collide, users with more tips than the time index begins at, requests to score, and
 * records to refuse.
 */
import fc from 'fast-check';
import { partitionFor } from '../../../src/log/partitioner.js';
import type { TopicName } from '../../../src/topics.js';
import { eventOf, timeMs, userId } from '../tip-generators.js';
import type { PlannedRecord } from './scenario.js';

const LATEST_MS = 253_402_300_799_999;

/** As servings name them: some collide, some have no UTF-8. */
export const promptVersion = fc.constantFrom(undefined, null, '', 'v1', 'v2', 'V1', '\u{1f600}', '\ud83d', '\uffee');

export function planned(topic: TopicName, event: object): PlannedRecord {
  return { topic, key: Buffer.from((event as { user_id: string }).user_id), value: Buffer.from(JSON.stringify(event)) };
}

const single = eventOf(userId).map(({ topic, value }) => planned(topic as TopicName, value));

/** A user with more tips than TIME_INDEX_ABOVE_TIPS, every third of them done. */
const many = fc
  .record({
    user_id: userId,
    tips: fc.integer({ min: 120, max: 150 }),
    fromMs: timeMs,
    stepMs: fc.constantFrom(0, 1, 3_600_000, 40_000_000),
    offset: fc.constantFrom(null, 60),
  })
  .map(({ user_id, tips, fromMs, stepMs, offset }) =>
    Array.from({ length: tips }, (_, i) => {
      const at = Math.min(LATEST_MS, fromMs + i * stepMs);
      const served = planned('tip.served', { user_id, tip_id: `many-${i}`, served_at_ms: at, category: `c${i % 4}` });
      if (i % 3 !== 0) return [served];
      return [
        served,
        planned('tip.feedback', {
          user_id,
          tip_id: `many-${i}`,
          action: i % 2 === 0 ? 'done' : 'snooze',
          reacted_at_ms: Math.min(LATEST_MS, at + i),
          utc_offset_min: offset,
        }),
      ];
    }).flat(),
  );

/** With duplicates of some. */
export const tipEvents: fc.Arbitrary<PlannedRecord[]> = fc
  .tuple(fc.array(single, { maxLength: 50 }), fc.array(fc.nat(), { maxLength: 10 }), fc.option(many, { freq: 2, nil: [] }))
  .map(([events, repeated, heavy]) => [
    ...events,
    ...(events.length === 0 ? [] : repeated.map((at) => events[at % events.length]!)),
    ...heavy,
  ]);

const candidate = (tip_id: string) =>
  fc.record({
    tip_id: fc.constant(tip_id),
    is_overdue: fc.boolean(),
    task_age_days: fc.constantFrom(0, 1, 29.9, 31),
    priority: fc.integer({ min: 1, max: 4 }),
  });

export const scoringRequest: fc.Arbitrary<PlannedRecord> = fc
  .record({
    user_id: userId,
    decision_id: fc.constantFrom('d1', 'd2', 'd3'),
    requested_at_ms: timeMs,
    utc_offset_min: fc.constantFrom(undefined, null, -90, 600),
    candidates: fc
      .subarray(['t1', 't2', 't3', '__proto__', '\u{1f600}'], { minLength: 1 })
      .chain((tips) => fc.tuple(...tips.map(candidate))),
  })
  .map((event) => planned('tip.candidates', event));

const served = { tip_id: 't', user_id: 'a', served_at_ms: 1 };
const json = (value: unknown) => Buffer.from(JSON.stringify(value));
const A = Buffer.from('a');
const candidates = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ tip_id: `t${i}`, is_overdue: false, task_age_days: 0, priority: 1 }));

/** What the contract refuses, and with which code. */
const REFUSED: readonly PlannedRecord[] = [
  { topic: 'tip.served', key: A, value: Buffer.from('{"tip_id":'), refused: 'not_json' },
  { topic: 'tip.served', key: A, value: Buffer.from([0x22, 0xff, 0xfe, 0x22]), refused: 'not_utf8' },
  {
    topic: 'tip.served',
    key: A,
    value: Buffer.alloc(0),
    headers: [
      ['trace', Buffer.from([0, 255])],
      ['trace', Buffer.from('again')],
    ],
    refused: 'not_json',
  },
  { topic: 'tip.served', key: A, value: null, refused: 'null_value' },
  { topic: 'tip.feedback', key: A, value: json([]), refused: 'not_object' },
  { topic: 'tip.served', key: A, value: json({ ...served, served_at_ms: '1' }), refused: 'invalid_event' },
  { topic: 'tip.served', key: A, value: json({ ...served, tip_id: 'x\u0000' }), refused: 'invalid_event' },
  {
    topic: 'tip.feedback',
    key: A,
    value: json({ tip_id: 't', user_id: 'a', action: 'postpone', reacted_at_ms: 1 }),
    refused: 'invalid_event',
  },
  { topic: 'tip.served', key: null, value: json(served), refused: 'missing_key' },
  { topic: 'tip.served', key: Buffer.from('b'), value: json(served), refused: 'foreign_key' },
  {
    topic: 'tip.candidates',
    key: A,
    value: json({ decision_id: 'd', user_id: 'a', requested_at_ms: 1, candidates: [] }),
    refused: 'invalid_event',
  },
  {
    topic: 'tip.candidates',
    key: A,
    value: json({ decision_id: 'd', user_id: 'a', requested_at_ms: 1, candidates: candidates(201) }),
    refused: 'invalid_event',
  },
  { topic: 'tip.scored', key: A, value: json({ decision_id: 'd9', user_id: 'a', policy: 'egreedy-v1' }), refused: 'invalid_event' },
  {
    topic: 'policy.control',
    key: A,
    value: json({ control_id: 'c', type: 'promote', policy: 'unheard-of', effective_at_ms: 1 }),
    refused: 'unknown_policy',
  },
  { topic: 'policy.control', key: A, value: json({ control_id: 'c', type: 'reset', effective_at_ms: 1 }), refused: 'invalid_event' },
];

/** Given the number of partitions: with more than one, also a key where its partitioner would not put it. */
export const refusedRecord: fc.Arbitrary<(partitions: number) => PlannedRecord> = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...REFUSED).map((record) => () => record) },
  {
    weight: 1,
    arbitrary: fc.constant(
      (partitions: number): PlannedRecord =>
        partitions === 1
          ? REFUSED[0]!
          : {
              topic: 'tip.served',
              key: A,
              value: json(served),
              partition: (partitionFor('murmur2', A, partitions) + 1) % partitions,
              refused: 'wrong_partition',
            },
    ),
  },
);
