/** Kinds of rows the obvious way: what a user's events, and the prunes that the state went through, leave of them. */
import type { EventOf } from '../../events/decode.js';
import type { RowValue } from '../../projections/row-kind.js';
import type { RowTopic } from '../../topics.js';
import type { NaivePrune, RowsTaken } from '../naive-prunes.js';
import type { ReplayedActivity } from '../replayed.js';

export interface NaiveKind<Topic extends RowTopic, Row> {
  readonly topic: Topic;
  /** The field that tells the events of one row from the others; of several, an array of them. */
  keyOf(event: EventOf<Topic>): unknown;
  /** What all events of one key make together. */
  rowOf(events: readonly EventOf<Topic>[]): Row;
  /** Whether a prune with this horizon takes it. `rows`: all that the user has by then. */
  isTaken(row: Row, horizonMs: number, rows: readonly Row[]): boolean;
  /** In the order of the table. */
  columns(row: Row): readonly RowValue[];
}

/** `name`: of the table. `prunes` concern the user, in their order. */
export function naiveRows<Topic extends RowTopic, Row>(
  [name, kind]: readonly [name: string, kind: NaiveKind<Topic, Row>],
  events: readonly ReplayedActivity[],
  prunes: readonly NaivePrune[],
  took: RowsTaken,
): Row[] {
  let kept: ReplayedActivity<Topic>[] = [];
  let coming = events.filter((event): event is ReplayedActivity<Topic> => event.topic === kind.topic);
  for (const { seq, horizonMs, positions } of prunes) {
    const hasCome = ({ offset }: ReplayedActivity<Topic>) => offset < (positions.get(kind.topic) ?? 0);
    kept.push(...coming.filter(hasCome));
    coming = coming.filter((event) => !hasCome(event));
    const byKey = rowsByKey(kind, kept);
    const rows = [...byKey.values()];
    const taken = new Set([...byKey].filter(([, row]) => kind.isTaken(row, horizonMs, rows)).map(([key]) => key));
    took(seq, name, taken.size);
    kept = kept.filter(({ event }) => !taken.has(JSON.stringify(kind.keyOf(event))));
  }
  return [...rowsByKey(kind, [...kept, ...coming]).values()];
}

function rowsByKey<Topic extends RowTopic, Row>(kind: NaiveKind<Topic, Row>, events: readonly ReplayedActivity<Topic>[]): Map<string, Row> {
  const byKey = new Map<string, EventOf<Topic>[]>();
  for (const { event } of events) {
    const key = JSON.stringify(kind.keyOf(event));
    const same = byKey.get(key);
    if (same === undefined) byKey.set(key, [event]);
    else same.push(event);
  }
  return new Map([...byKey].map(([key, same]) => [key, kind.rowOf(same)]));
}
