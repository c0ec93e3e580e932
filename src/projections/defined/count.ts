/** How the events that are kept for a definition are counted, and its value from the counts. */
import { compareCodePoints } from '../../events/strings.js';
import type { AddToCounter, CounterReader } from '../counter.js';
import type { FeatureValue } from '../feature.js';
import { mostFrequentKey } from '../mode.js';
import type { Row, RowFamily, RowKind, RowValue } from '../row-kind.js';
import { isInWindow } from '../window.js';
import type { Condition, Definition, Filter, Literal, Shape } from '../../events/feature-choice.js';
import { compareLiterals } from './kept.js';
import { TOPIC_FIELDS } from './topics.js';

/** Sums are kept in two parts, each an exact integer: times as of today overflow a double's integers after five thousand of them. */
const LOW = 2 ** 26;

interface Counting {
  /** Adds what one event of the definition counts for. */
  add(id: string, event: Row, atMs: number, add: AddToCounter): void;
  value(id: string, read: CounterReader): FeatureValue;
  readonly ordered?: true;
}

/** The family of a definition over what is kept of its topic, and the value from its counters. */
export function countedBy(definition: Definition, of: RowKind): { family: RowFamily; value: (read: CounterReader) => FeatureValue } {
  const { filter, windowMs, topic } = definition;
  const { time } = TOPIC_FIELDS[topic];
  const id = `file_${definition.name}`; // apart from the ids of the sets that tipstream comes with
  const counting = countingOf(definition);
  const family: RowFamily = {
    id,
    of,
    windowMs,
    ...(counting.ordered === true ? { ordered: true } : {}),
    contribute(event, asOfMs, add) {
      const atMs = event[time] as number;
      if (isInWindow(atMs, asOfMs, windowMs) && passes(event, filter)) counting.add(id, event, atMs, add);
    },
  };
  return { family, value: (read) => counting.value(id, read) };
}

function countingOf({ shape, field, counts, topic }: Definition): Counting {
  if (shape === 'count') return { add: (id, _, __, add) => add(id, 1), value: (id, read) => read.count(id) };
  if (shape === 'rate') return rateOf(counts!);
  const isNumber = TOPIC_FIELDS[topic].fields.get(field!)!.type.kind === 'whole';
  const { add, ...rest } = OF_FIELD[shape](isNumber);
  return {
    ...rest,
    add(id, event, atMs, to) {
      const value = event[field!]!;
      if (value !== null) add(id, value, atMs, to);
    },
  };
}

function rateOf(counts: Filter): Counting {
  return {
    add(id, event, _, add) {
      add(`${id}:all`, 1);
      if (passes(event, counts)) add(`${id}:those`, 1);
    },
    value(id, read) {
      const all = read.count(`${id}:all`);
      return all === 0 ? null : read.count(`${id}:those`) / all;
    },
  };
}

interface CountingValues extends Omit<Counting, 'add'> {
  add(id: string, value: Literal, atMs: number, add: AddToCounter): void;
}

const OF_FIELD: Readonly<Record<Exclude<Shape, 'count' | 'rate'>, (isNumber: boolean) => CountingValues>> = {
  mean: () => ({
    add(id, value, _, add) {
      const high = Math.floor((value as number) / LOW);
      add(`${id}:all`, 1);
      add(`${id}:high`, high);
      add(`${id}:low`, (value as number) - high * LOW);
    },
    /** The exact sum, rounded once to a double, divided by how many there are. */
    value(id, read) {
      const all = read.count(`${id}:all`);
      if (all === 0) return null;
      const sum = BigInt(read.count(`${id}:high`)) * BigInt(LOW) + BigInt(read.count(`${id}:low`));
      return Number(sum) / all;
    },
  }),
  median: () => ({ ordered: true, add: eachValue, value: (id, read) => read.median(id) }),
  mode: (isNumber) => ({
    add: eachValue,
    value(id, read) {
      const key = mostFrequentKey(read, id, isNumber ? (a, b) => Number(a) - Number(b) : compareCodePoints);
      return key === null || !isNumber ? key : Number(key);
    },
  }),
  distinct: () => ({
    add: eachValue,
    value(id, read) {
      let distinct = 0;
      for (const _ of read.keyed(id)) distinct++;
      return distinct;
    },
  }),
  latest: (isNumber) => ({
    add: (id, value, atMs, add) => add(`${id}:${atMs}:${value}`, 1),
    value: (id, read) => latestOf(read.keyed(id), isNumber),
  }),
};

function eachValue(id: string, value: Literal, _: number, add: AddToCounter): void {
  add(`${id}:${value}`, 1);
}

/** The smallest of those at the latest time. */
function latestOf(keyed: Iterable<readonly [key: string, count: number]>, isNumber: boolean): Literal | null {
  let [latest, latestMs]: [Literal | null, number] = [null, -1];
  for (const [key] of keyed) {
    const colon = key.indexOf(':');
    const [atMs, text] = [Number(key.slice(0, colon)), key.slice(colon + 1)];
    const value = isNumber ? Number(text) : text;
    if (atMs > latestMs || (atMs === latestMs && compareLiterals(value, latest!) < 0)) [latest, latestMs] = [value, atMs];
  }
  return latest;
}

function passes(event: Row, filter: Filter): boolean {
  for (const condition of filter) if (!holds(event[condition.field]!, condition)) return false;
  return true;
}

function holds(value: RowValue, condition: Condition): boolean {
  if (value === null) return condition.is === 'absent';
  switch (condition.is) {
    case 'in':
      return condition.values.includes(value);
    case 'lt':
      return (value as number) < condition.value;
    case 'lte':
      return (value as number) <= condition.value;
    case 'gt':
      return (value as number) > condition.value;
    case 'gte':
      return (value as number) >= condition.value;
    case 'present':
      return true;
    case 'absent':
      return false;
  }
}
