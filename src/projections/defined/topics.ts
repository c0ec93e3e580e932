/** The topics that a definition can be about, with the fields that its schema gives an event. */
import { ACTIONS } from '../../events/limits.js';
import { DEFINABLE, type DefinedTopic, type Naming } from '../../events/feature-choice.js';

export const DEFINED_TOPICS = Object.keys(DEFINABLE) as DefinedTopic[];

/** whole: a whole number. text: any text. choice: one of `values`. */
export type FieldType =
  | { readonly kind: 'whole' }
  | { readonly kind: 'text' }
  | { readonly kind: 'choice'; readonly values: readonly string[] };

export interface TopicField {
  readonly name: string;
  readonly type: FieldType;
  /** time: when it happened. identity: a part of it. kept: beside them, by the rule for ties. */
  readonly role: 'time' | 'identity' | 'kept';
}

export interface TopicFields extends Naming {
  readonly topic: DefinedTopic;
  /** By name, in the order of the schema. user_id is not one: it is the same for all events of a profile. */
  readonly fields: ReadonlyMap<string, TopicField>;
}

const WHOLE: FieldType = { kind: 'whole' };
const TEXT: FieldType = { kind: 'text' };

/**
 * The fields of a topic's schema that hold whole numbers or text, in its order: sums of others would depend on their order. Written out
 * and not read from the schema, so that reading profiles loads no schemas; a test compares them.
 */
const TYPES: Readonly<Record<DefinedTopic, Readonly<Record<string, FieldType>>>> = {
  'tip.served': {
    tip_id: TEXT,
    served_at_ms: WHOLE,
    decision_id: TEXT,
    policy: TEXT,
    prompt_version: TEXT,
    source: TEXT,
    category: TEXT,
    utc_offset_min: WHOLE,
  },
  'tip.feedback': {
    tip_id: TEXT,
    action: { kind: 'choice', values: ACTIONS },
    reacted_at_ms: WHOLE,
    feedback_id: TEXT,
    utc_offset_min: WHOLE,
  },
  'app.session': { session_id: TEXT, started_at_ms: WHOLE, ended_at_ms: WHOLE, utc_offset_min: WHOLE },
  'signal.synced': { source: TEXT, synced_at_ms: WHOLE },
};

function fieldsOf(topic: DefinedTopic): TopicFields {
  const { identity, time }: Naming = DEFINABLE[topic];
  const fields = Object.entries(TYPES[topic]).map(([name, type]): [string, TopicField] => {
    const role = name === time ? 'time' : identity.includes(name) ? 'identity' : 'kept';
    return [name, { name, type, role }];
  });
  return { topic, identity, time, fields: new Map(fields) };
}

export const TOPIC_FIELDS = Object.fromEntries(DEFINED_TOPICS.map((topic) => [topic, fieldsOf(topic)])) as Record<
  DefinedTopic,
  TopicFields
>;
