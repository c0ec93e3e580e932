/**
 * What is kept of a topic's events for the definitions about it: of each identity the earliest time, and the fields that they name.
 * Every part is a minimum, so order, duplicates and replays cannot change it; and the earliest time is enough for every as-of time, because
 * an identity exists as of T when its earliest event lies before T.
 */
import { compareCodePoints } from '../../events/strings.js';
import type { Row, RowKind, RowValue } from '../row-kind.js';
import type { DefinedTopic, Definition, Literal } from '../../events/feature-choice.js';
import { DEFINED_TOPICS, TOPIC_FIELDS, type TopicField } from './topics.js';

/** tip.served -> tip_served: the table that a definition's SQL reads. */
export const tableOf = (topic: DefinedTopic): string => topic.replaceAll('.', '_');

/** Topic -> what is kept of it; of those alone that a definition is about. */
export function keptKinds(definitions: readonly Definition[]): Map<DefinedTopic, RowKind> {
  const kinds = new Map<DefinedTopic, RowKind>();
  for (const topic of DEFINED_TOPICS) {
    const about = definitions.filter((definition) => definition.topic === topic);
    if (about.length > 0) kinds.set(topic, kindOf(topic, new Set(about.flatMap(fieldsNamed))));
  }
  return kinds;
}

function fieldsNamed({ field, filter, counts }: Definition): string[] {
  return [...(field === null ? [] : [field]), ...[...filter, ...(counts ?? [])].map((condition) => condition.field)];
}

function kindOf(topic: DefinedTopic, named: ReadonlySet<string>): RowKind {
  const { identity, time, fields } = TOPIC_FIELDS[topic];
  const kept = [...fields.values()].filter(({ name, role }) => role === 'kept' && named.has(name)).map(({ name }) => name);
  const columns = [...new Set([...identity, time, ...kept])].map((name) => fields.get(name)!);
  return {
    name: tableOf(topic),
    topics: [topic],
    key: identity,
    columns: columns.map((field) => [field.name, typeSql(field)]),
    times: [time],
    rowOf(event) {
      const row: Record<string, RowValue> = {};
      for (const { name } of columns) {
        const value = (event[name] ?? null) as RowValue;
        row[name] = typeof value === 'number' ? value + 0 : value; // -0 becomes 0
      }
      return row;
    },
    join: (before, event) => joined(time, kept, before, event),
    samples: (ms) => [sample(columns, ms), sample(columns, ms + 5, true)],
  };
}

/** Labels can be texts that UTF-8 cannot hold (see sql-text.ts). */
function typeSql({ type, role }: TopicField): string {
  return `${type.kind === 'whole' ? 'INTEGER' : role === 'identity' ? 'TEXT' : 'ANY'}${role === 'kept' ? '' : ' NOT NULL'}`;
}

/** What two events of one identity make together. */
function joined(time: string, kept: readonly string[], before: Row, event: Row): Row {
  const [keptMs, atMs] = [before[time] as number, event[time] as number];
  if (atMs !== keptMs) return atMs < keptMs ? event : before;
  let after = before;
  for (const name of kept) if (beats(event[name]!, before[name]!)) after = { ...after, [name]: event[name]! };
  return after;
}

/** Of two events at one time: a present value beats an absent one, the smaller beats the larger, text by code point. */
function beats(candidate: RowValue, kept: RowValue): boolean {
  if (candidate === null) return false;
  return kept === null || compareLiterals(candidate, kept) < 0;
}

/** Of two values of one field. */
export function compareLiterals(a: Literal, b: Literal): number {
  return typeof a === 'number' ? a - (b as number) : compareCodePoints(a, b as string);
}

function sample(columns: readonly TopicField[], ms: number, sparse = false): Row {
  return Object.fromEntries(
    columns.map(({ name, type, role }): [string, RowValue] => {
      if (sparse && role === 'kept') return [name, null];
      if (type.kind === 'choice') return [name, type.values[0]!];
      return [name, role === 'time' ? ms : type.kind === 'whole' ? 60 : 'a'];
    }),
  );
}
