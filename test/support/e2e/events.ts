/** Events for the end-to-end tests: the worked example of the fixtures, and an endless stream whose digest the oracle knows. */
import { readFileSync } from 'node:fs';
import type { NewRecord } from '../../../src/log/port.js';
import type { TopicName } from '../../../src/topics.js';
import type { OracleEvent } from '../../oracle/profile.js';

const fixture = (name: string): string => readFileSync(new URL(`../../fixtures/${name}`, import.meta.url), 'utf8');

export interface ProduceLine {
  readonly topic: TopicName;
  readonly value: { readonly user_id: string } & Record<string, unknown>;
}

/** NDJSON, as `produce` takes it. */
export const VECTOR_NDJSON = fixture('profile-events.ndjson');
export const VECTOR_LINES = VECTOR_NDJSON.trim()
  .split('\n')
  .map((line) => JSON.parse(line) as ProduceLine);
/** As-of time, Unix ms, as text -> what every installation that has applied VECTOR_LINES must answer. */
export const VECTOR_EXPECTED = (
  JSON.parse(fixture('profile-expected.json')) as { as_of: Record<string, { digest: string; users: number }> }
).as_of;

/** As of when the digests of a generated stream are compared: after all of its events. */
export const STREAM_AS_OF_MS = Date.UTC(2026, 10, 21);
const DAY_MS = 86_400_000;
const USERS = 60;

/**
 * Served, feedback and candidates of 60 users over 40 days, in no order of time, with some repeated; the same for the same number.
 * About every eighth event is a tip.candidates, with decision_id `d-NUMBER`.
 */
export function* generatedEvents(seed = 1): Generator<ProduceLine> {
  const random = randomNumbers(seed);
  const pick = (limit: number): number => Math.floor(random() * limit);
  for (let number = 0; ; number++) {
    const user_id = `user-${pick(USERS)}`;
    const tip_id = `tip-${pick(400)}`;
    const at = STREAM_AS_OF_MS - 1 - pick(40 * DAY_MS);
    const kind = pick(8);
    if (kind === 0) {
      const candidates = Array.from({ length: 1 + pick(4) }, (_, index) => ({
        tip_id: `tip-${index}`,
        is_overdue: random() < 0.3,
        task_age_days: pick(20),
        priority: 1 + pick(4),
      }));
      yield { topic: 'tip.candidates', value: { decision_id: `d-${number}`, user_id, requested_at_ms: at, candidates } };
    } else if (kind <= 4) {
      yield { topic: 'tip.served', value: { tip_id, user_id, served_at_ms: at, category: `c${pick(5)}`, utc_offset_min: 60 * pick(5) } };
    } else {
      yield {
        topic: 'tip.feedback',
        value: { tip_id, user_id, action: ['done', 'dismiss', 'snooze'][pick(3)], reacted_at_ms: at, utc_offset_min: 60 * pick(5) },
      };
    }
  }
}

/** What the oracle takes: the events of profiles alone. */
export function oracleEvents(lines: readonly ProduceLine[]): OracleEvent[] {
  return lines.filter(({ topic }) => topic === 'tip.served' || topic === 'tip.feedback') as unknown as OracleEvent[];
}

export function decisionIds(lines: readonly ProduceLine[]): Set<string> {
  return new Set(lines.filter(({ topic }) => topic === 'tip.candidates').map(({ value }) => value['decision_id'] as string));
}

export function toRecords(prefix: string, lines: readonly ProduceLine[]): NewRecord[] {
  return lines.map(({ topic, value }) => ({
    topic: prefix + topic,
    key: Buffer.from(value.user_id),
    value: Buffer.from(JSON.stringify(value)),
  }));
}

/** mulberry32: uniform numbers in [0, 1). */
function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
