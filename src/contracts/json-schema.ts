/** JSON Schema (draft 2020-12) of a topic's value, from the same zod schema that checks it. */
import { z } from 'zod';
import { mayNameUser } from '../events/control-user.js';
import { CONTROL_TYPES, TOPICS, type TopicName } from '../topics.js';

export type JsonSchema = Readonly<Record<string, unknown>>;

/** What zod checks with code and JSON Schema says with conditions. */
const CONDITIONS: Partial<Record<TopicName, JsonSchema>> = {
  'policy.control': {
    allOf: [
      {
        if: { properties: { type: { enum: CONTROL_TYPES.filter((type) => !mayNameUser({ type })) } }, required: ['type'] },
        then: { properties: { user_id: { type: 'null' } } },
      },
      ...[
        ['reset', 'user_id', 'string'],
        ['promote', 'policy', 'string'],
        ['migrate', 'policy', 'string'],
        ['configure', 'settings', 'object'],
      ].map(([type, field, kind]) => ({
        if: { properties: { type: { const: type } }, required: ['type'] },
        then: { properties: { [field!]: { type: kind } }, required: [field] },
      })),
    ],
  },
};

export function eventSchema(topic: TopicName): JsonSchema {
  const { schema, description } = TOPICS[topic];
  // The input side: unknown fields are allowed, so additionalProperties stays unsaid.
  const { $schema, ...body } = z.toJSONSchema(schema, { target: 'draft-2020-12', io: 'input' }) as JsonSchema;
  return { $schema, $id: `urn:tipstream:schema:${topic}`, title: topic, description, ...body, ...CONDITIONS[topic] };
}
