/** Records that must be refused, one maker for each way of being wrong, and valid events in the envelopes of CloudEvents. */
import type { Random } from '../../src/random.js';
import type { RejectionCode } from '../../src/events/rejection.js';
import { partitionFor } from '../../src/log/partitioner.js';
import type { NewRecord } from '../../src/log/port.js';
import type { TopicName } from '../../src/topics.js';

export interface Written {
  readonly topic: TopicName;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: NonNullable<NewRecord['headers']>;
  readonly partition?: number;
}

export interface Broken extends Written {
  readonly code: RejectionCode;
}

export const MAX_VALUE_BYTES = 20_000;

export interface Surroundings {
  readonly users: readonly string[];
  readonly partitions: number;
  readonly atMs: number;
}

const bytes = (value: unknown) => Buffer.from(JSON.stringify(value));
const TOPICS: readonly TopicName[] = ['tip.served', 'tip.feedback', 'tip.candidates', 'tip.scored', 'tip.scored.shadow', 'policy.control'];

type Maker = (random: Random, around: Surroundings, userId: string) => Broken;

const plain = (topic: TopicName, userId: string, value: Buffer | null, code: RejectionCode, more: Partial<Broken> = {}): Broken => ({
  topic,
  key: Buffer.from(userId),
  value,
  headers: [],
  code,
  ...more,
});
const anywhere = (random: Random, userId: string, value: Buffer | null, code: RejectionCode) =>
  plain(
    random.pick(TOPICS),
    userId,
    value,
    code,
    random.chance(0.3)
      ? {
          headers: [
            ['trace', Buffer.from([0, 255, random.integer(0, 255)])],
            ['trace', Buffer.from('again')],
          ],
        }
      : {},
  );

const servedBy = (user_id: string, atMs: number) => ({ user_id, tip_id: 'broken', served_at_ms: atMs });

const MAKERS: readonly Maker[] = [
  (random, _, user) => anywhere(random, user, null, 'null_value'),
  (random, _, user) => anywhere(random, user, Buffer.alloc(MAX_VALUE_BYTES + random.integer(1, 9), 0x20), 'value_too_large'),
  (random, _, user) => anywhere(random, user, Buffer.from([0x22, 0xff, 0xfe, random.integer(0x80, 0xbf), 0x22]), 'not_utf8'),
  (random, _, user) => anywhere(random, user, Buffer.from(random.pick(['', '{', '{"user_id":', 'nul', '\ufeff{}'])), 'not_json'),
  (random, _, user) =>
    anywhere(random, user, Buffer.from([0, 0, 0, random.integer(0, 255), 42, ...Buffer.from(random.pick(['{}', 'x']))]), 'wire_format'),
  (random, _, user) => anywhere(random, user, Buffer.from(random.pick(['[]', '7', 'null', '"a"', 'true'])), 'not_object'),
  (_random, { atMs }, user) =>
    plain('tip.served', user, bytes(servedBy(user, atMs)), 'bad_envelope', {
      headers: [['content-type', Buffer.from('application/cloudevents-batch+json')]],
    }),
  (_random, { atMs }, user) => plain('tip.served', user, bytes({ specversion: '1.0', data: servedBy(user, atMs) }), 'bad_envelope'),
  (random, { atMs }, user) =>
    plain(
      'tip.served',
      user,
      bytes({ ...servedBy(user, atMs), served_at_ms: random.pick(['1', -1, 1.5, null, 253_402_300_800_000]) }),
      'invalid_event',
    ),
  (random, { atMs }, user) =>
    plain(
      'tip.feedback',
      user,
      bytes({ user_id: user, tip_id: 'x', reacted_at_ms: atMs, action: random.pick(['postpone', '', null]) }),
      'invalid_event',
    ),
  (random, { atMs }, user) =>
    plain(
      'tip.candidates',
      user,
      bytes({ user_id: user, decision_id: 'broken', requested_at_ms: atMs, candidates: random.pick([[], [{ tip_id: 'a' }], 'none']) }),
      'invalid_event',
    ),
  (_random, _, user) => plain('tip.scored', user, bytes({ user_id: user, decision_id: 'broken', policy: 'egreedy-v1' }), 'invalid_event'),
  (_random, { atMs }, user) =>
    plain('policy.control', user, bytes({ control_id: 'broken', type: 'reset', effective_at_ms: atMs }), 'invalid_event'),
  (random, { atMs }, user) =>
    plain(
      'policy.control',
      user,
      bytes({
        control_id: 'broken-migration',
        type: 'migrate',
        effective_at_ms: atMs,
        user_id: user,
        ...random.pick([{}, { policy: 'egreedy-v1', from: 'egreedy-v2' }]),
      }),
      'invalid_event',
    ),
  (random, { atMs, partitions }) => ({
    topic: 'policy.control',
    key: null,
    value: bytes({ control_id: 'broken-policy', type: 'promote', policy: `unheard-of-${random.integer(1, 3)}`, effective_at_ms: atMs }),
    headers: [],
    partition: random.integer(0, partitions - 1),
    code: 'unknown_policy',
  }),
  (_random, { atMs, partitions }, user) => ({
    topic: 'tip.served',
    key: null,
    value: bytes(servedBy(user, atMs)),
    headers: [],
    partition: partitionFor('murmur2', Buffer.from(user), partitions),
    code: 'missing_key',
  }),
  (_random, { atMs }, user) => plain('tip.served', user, bytes(servedBy(`${user}-other`, atMs)), 'foreign_key'),
  (random, { atMs, partitions }, user) => {
    if (partitions === 1) return plain('tip.served', user, bytes(servedBy(`${user}-other`, atMs)), 'foreign_key');
    const partition = (partitionFor('murmur2', Buffer.from(user), partitions) + random.integer(1, partitions - 1)) % partitions;
    return plain('tip.served', user, bytes(servedBy(user, atMs)), 'wrong_partition', { partition });
  },
];

export function brokenRecord(random: Random, around: Surroundings): Broken {
  return random.pick(MAKERS)(random, around, random.pick(around.users));
}

/** The same event, bare or in one of the envelopes that are accepted. */
export function encoded(random: Random, topic: TopicName, event: object, key: string | null): Written {
  const bare = { topic, key: key === null ? null : Buffer.from(key), value: bytes(event), headers: [] };
  const attributes = { id: String(random.integer(0, 999_999)), source: '/simulation', specversion: '1.0', type: topic };
  switch (random.integer(0, 19)) {
    case 0:
      return {
        ...bare,
        value: bytes({ ...attributes, data: event }),
        headers: [['content-type', Buffer.from('application/cloudevents+json; charset=utf-8')]],
      };
    case 1:
      return { ...bare, headers: Object.entries(attributes).map(([name, value]) => [`ce_${name}`, Buffer.from(value)] as const) };
    case 2:
      return { ...bare, value: bytes({ ...event, unheard_of: { deep: [1, null] } }) };
    case 3:
      return { ...bare, headers: [['trace', Buffer.from([1, 2])]] };
    default:
      return bare;
  }
}
