/** The topics that a definition can be about, with the fields that its schema gives an event. */
import { z } from 'zod';
import { DEFINABLE, type DefinedTopic, type Naming } from '../../events/feature-choice.js';
import { TOPICS } from '../../topics.js';

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

function fieldsOf(topic: DefinedTopic): TopicFields {
  const { identity, time }: Naming = DEFINABLE[topic];
  const fields = new Map<string, TopicField>();
  for (const [name, schema] of Object.entries((TOPICS[topic].schema as z.ZodObject).shape)) {
    const type = name === 'user_id' ? undefined : typeOf(schema);
    if (type === undefined) continue;
    const role = name === time ? 'time' : identity.includes(name) ? 'identity' : 'kept';
    fields.set(name, { name, type, role });
  }
  return { topic, identity, time, fields };
}

/** undefined: its values are neither whole numbers nor text, and sums of them would depend on their order. */
function typeOf(schema: z.ZodType): FieldType | undefined {
  let inner = schema;
  while (inner instanceof z.ZodOptional || inner instanceof z.ZodNullable) inner = inner.unwrap() as z.ZodType;
  if (inner instanceof z.ZodEnum) return { kind: 'choice', values: inner.options.map(String) };
  if (inner instanceof z.ZodString) return { kind: 'text' };
  if (inner instanceof z.ZodNumber && inner.isInt) return { kind: 'whole' };
  return undefined;
}

export const TOPIC_FIELDS = Object.fromEntries(DEFINED_TOPICS.map((topic) => [topic, fieldsOf(topic)])) as Record<
  DefinedTopic,
  TopicFields
>;
