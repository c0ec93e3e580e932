/** Decisions in the log and in the state files, compared. */
import type { ScoredEvent } from '../../../src/topics.js';
import { withOwnersReaders, type Owners } from './state.js';
import type { Stream } from './stream.js';

const ALL = 1_000_000;

export interface DecisionsInLog {
  /** decision_id -> the record with the lowest offset: what everybody must go by. */
  readonly first: ReadonlyMap<string, string>;
  /** Records behind the first of their decision. */
  readonly repeated: number;
}

/** Of tip.scored, by decision_id alone: the generated streams give each to one user. */
export async function decisionsInLog(stream: Stream): Promise<DecisionsInLog> {
  const first = new Map<string, string>();
  let repeated = 0;
  for (const { value } of await stream.records(stream.topic('tip.scored'))) {
    const text = value!.toString();
    const { decision_id: id } = JSON.parse(text) as ScoredEvent;
    if (first.has(id)) repeated++;
    else first.set(id, text);
  }
  return { first, repeated };
}

/** decision_id -> the decision as the owner of its partition keeps it. */
export function decisionsKept(owners: Owners): Map<string, ScoredEvent> {
  return withOwnersReaders(owners, (readers) => {
    const kept = [...readers.values()].flatMap((reader) => reader.newestDecisions(ALL));
    return new Map(kept.map(({ decision_id: id, record }) => [id, JSON.parse(record) as ScoredEvent]));
  });
}
