/**
 * A defined feature the obvious way, from all events of a user as they were written, and a time. It shares nothing with what is folded and
 * with the SQL but the definition itself, and is written to be checked by reading it beside docs/features.md.
 */
import type { Condition, Definition, Filter } from '../../events/feature-choice.js';
import { TOPIC_FIELDS } from '../../projections/defined/topics.js';
import { byCodePoint, type NaiveValue } from '../naive-profile.js';

/** A valid event, field by field. */
export type NaiveEvent = Readonly<Record<string, unknown>>;
type Value = string | number;

const ascending = (a: Value, b: Value): number =>
  typeof a === 'number' && typeof b === 'number' ? a - b : byCodePoint(String(a), String(b));

/** What an event tells of, and when. */
export function naiveIdentity(topic: Definition['topic'], event: NaiveEvent): { readonly key: string; readonly atMs: number } {
  const { identity, time } = TOPIC_FIELDS[topic];
  return { key: JSON.stringify(identity.map((name) => event[name])), atMs: event[time] as number };
}

/** One event for each identity, as of a time: the earliest, and each field by itself among those that share its time. */
export function naiveEventsAsOf(topic: Definition['topic'], events: readonly NaiveEvent[], asOfMs: number): NaiveEvent[] {
  const { time, fields } = TOPIC_FIELDS[topic];
  const byIdentity = new Map<string, NaiveEvent[]>();
  for (const event of events) {
    if ((event[time] as number) >= asOfMs) continue;
    const { key } = naiveIdentity(topic, event);
    const same = byIdentity.get(key);
    if (same === undefined) byIdentity.set(key, [event]);
    else same.push(event);
  }
  return [...byIdentity.values()].map((same) => {
    const first = same.map((event) => event[time] as number).reduce((a, b) => Math.min(a, b));
    const earliest = same.filter((event) => event[time] === first);
    return Object.fromEntries(
      [...fields.keys()].map((name) => {
        const given = earliest
          .map((event) => event[name] as Value | null | undefined)
          .filter((value) => value !== null && value !== undefined);
        return [name, [...given].sort(ascending)[0] ?? null];
      }),
    );
  });
}

/** `events`: all that the log has of the definition's topic and the user. */
export function naiveDefined(definition: Definition, events: readonly NaiveEvent[], asOfMs: number): NaiveValue {
  const { topic, shape, field, filter, counts, windowMs } = definition;
  const { time } = TOPIC_FIELDS[topic];
  const chosen = naiveEventsAsOf(topic, events, asOfMs)
    .filter((event) => (event[time] as number) >= asOfMs - windowMs)
    .filter((event) => isChosen(event, filter));
  if (shape === 'count') return chosen.length;
  if (shape === 'rate') return chosen.length === 0 ? null : chosen.filter((event) => isChosen(event, counts!)).length / chosen.length;
  const having = chosen.filter((event) => event[field!] !== null);
  const values = having.map((event) => event[field!] as Value).sort(ascending);
  if (shape === 'distinct') return values.filter((value, i) => value !== values[i - 1]).length;
  if (values.length === 0) return null;
  if (shape === 'mean') return Number(values.reduce((sum, value) => sum + BigInt(value), 0n)) / values.length;
  if (shape === 'median') return values[Math.ceil(values.length / 2) - 1]!;
  if (shape === 'mode') {
    const howOften = new Map<Value, number>();
    for (const value of values) howOften.set(value, (howOften.get(value) ?? 0) + 1);
    const most = [...howOften.values()].reduce((a, b) => Math.max(a, b));
    return values.find((value) => howOften.get(value) === most)!;
  }
  const last = having.map((event) => event[time] as number).reduce((a, b) => Math.max(a, b));
  return having
    .filter((event) => event[time] === last)
    .map((event) => event[field!] as Value)
    .sort(ascending)[0]!;
}

function isChosen(event: NaiveEvent, filter: Filter): boolean {
  return filter.every((condition) => isMet(event[condition.field] as Value | null, condition));
}

function isMet(value: Value | null, condition: Condition): boolean {
  if (condition.is === 'absent') return value === null;
  if (condition.is === 'present') return value !== null;
  if (value === null) return false;
  if (condition.is === 'in') return condition.values.some((one) => one === value);
  const difference = Number(value) - condition.value;
  return { lt: difference < 0, lte: difference <= 0, gt: difference > 0, gte: difference >= 0 }[condition.is];
}
