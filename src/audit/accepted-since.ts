/**
 * Records that were refused when they came and are events now: another option, what a Schema Registry has learned since, or another version
 * accepts them. The state is without them, a replay is not.
 */
import { deadLetterTopic, type ConsumedTopic } from '../topics.js';
import type { Audit } from './audit.js';
import { lettersIn } from './dead-letters.js';
import { heldTopic } from './held.js';
import { refusalAt } from './refusal.js';

export interface AcceptedSince {
  readonly partition: number;
  /** With its prefix. */
  readonly topic: string;
  /** Of their dead letters. */
  readonly code: string;
  /** How many: at least so many where `all` is false, as only the first dead letters of a topic are looked at. */
  readonly records: number;
  readonly all: boolean;
}

/** Of each topic, partition and code. A record is read for each. */
const MOST_LOOKED_AT = 100;

/** By the dead letters of topics of which the state has counted more refused records than there are now. */
export async function acceptedSince(audit: Audit): Promise<AcceptedSince[]> {
  const { state, positions, partition } = audit.deps;
  const counted = new Map<ConsumedTopic, number>();
  for (const [name, count] of state.counts()) {
    const [kind, topic] = name.split(':') as [string, ConsumedTopic];
    if (kind === 'rejected') counted.set(topic, (counted.get(topic) ?? 0) + count);
  }
  const found: AcceptedSince[] = [];
  for (const [topic, count] of counted) {
    if (count <= (audit.refusals.get(topic)?.count ?? 0)) continue;
    const fullName = audit.nameOf(topic);
    const offsets = new Map<string, Set<number>>();
    for await (const { offset, code } of lettersIn(audit, topic, await heldTopic(audit.deps.log, deadLetterTopic(fullName), partition))) {
      if (offset >= (positions.get(fullName) ?? 0) || code === null || audit.refusals.get(topic)?.has(offset) === true) continue;
      offsets.set(code, (offsets.get(code) ?? new Set()).add(offset));
    }
    for (const [code, some] of offsets) {
      const looked = [...some].slice(0, MOST_LOOKED_AT);
      let records = 0;
      for (const offset of looked) if ((await refusalAt(audit.deps, topic, offset)) === undefined) records++;
      if (records > 0) found.push({ partition, topic: fullName, code, records, all: looked.length === some.size });
    }
  }
  return found;
}
