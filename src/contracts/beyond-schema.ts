/**
 * What the decoder checks and JSON Schema has no words for. The schema says it in the description of the field, and docs/contracts.md has
 * the same list: a test compares all three with the validators.
 */
import type { TopicName } from '../topics.js';

export interface BeyondRule {
  /** Name of a field at the top of the event; absent: the event as a whole. */
  readonly field?: string;
  /** A sentence for whoever writes such events. */
  readonly rule: string;
  /** Begins, or is, what the decoder says of an event that breaks it. */
  readonly says: string;
}

const WELL_FORMED: BeyondRule = {
  rule: 'Ids are well-formed Unicode: a surrogate stands in a pair.',
  says: 'must be 1 to 128 code points of well-formed Unicode without control characters',
};

const RULES: { readonly [Topic in TopicName]?: readonly BeyondRule[] } = {
  'tip.candidates': [{ field: 'candidates', rule: 'The tip_ids are distinct.', says: 'tip_ids must be distinct' }],
  'app.session': [{ field: 'ended_at_ms', rule: 'It is not before started_at_ms.', says: 'must not be before started_at_ms' }],
  'policy.control': [
    { field: 'evidence', rule: 'It is nested at most 64 deep.', says: 'nested deeper than 64' },
    { field: 'evidence', rule: 'Its numbers are finite as IEEE doubles.', says: 'a number is too large' },
  ],
};

/** Every rule of the topic, those of all topics first. */
export function beyondSchema(topic: TopicName): readonly BeyondRule[] {
  return [WELL_FORMED, ...(RULES[topic] ?? [])];
}
