/** JSON Schema (draft 2020-12) of a topic's value, from the same zod schema that checks it. */
import { z } from 'zod';
import { mayNameUser } from '../events/control-user.js';
import { SCHEMAS } from '../topic-schemas.js';
import { CONTROL_TYPES, TOPICS, type TopicName } from '../topics.js';
import { beyondSchema, type BeyondRule } from './beyond-schema.js';
import { EXAMPLES } from './examples.js';

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
  const { description } = TOPICS[topic];
  const { $schema, ...body } = z.toJSONSchema(SCHEMAS[topic], { target: 'draft-2020-12', io: 'input', override: sayOpen }) as JsonSchema;
  const { minimal, full } = EXAMPLES[topic];
  const rules = beyondSchema(topic);
  return {
    $schema,
    $id: `urn:tipstream:schema:${topic}`,
    title: topic,
    description: withRules(
      description,
      rules.filter(({ field }) => field === undefined),
    ),
    ...body,
    properties: describeFields(body.properties as Record<string, JsonSchema>, rules),
    ...CONDITIONS[topic],
    examples: [minimal, full],
  };
}

/** Unknown fields are allowed. That is what JSON Schema means by saying nothing; generators of code want to hear it. */
function sayOpen({ jsonSchema }: { jsonSchema: Record<string, unknown> }): void {
  if (jsonSchema.properties !== undefined) jsonSchema.additionalProperties ??= true;
}

function describeFields(properties: Record<string, JsonSchema>, rules: readonly BeyondRule[]): Record<string, JsonSchema> {
  return Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => {
      const own = rules.filter(({ field }) => field === name);
      return [name, own.length === 0 ? schema : { ...schema, description: withRules(schema.description as string | undefined, own) }];
    }),
  );
}

/** Sentences behind what is said of it anyway. */
function withRules(description: string | undefined, rules: readonly BeyondRule[]): string {
  const said = description === undefined || description === '' ? [] : [description.endsWith('.') ? description : `${description}.`];
  return [...said, ...rules.map(({ rule }) => rule)].join(' ');
}
