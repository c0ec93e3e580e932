import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { DEFINED_TOPICS, TOPIC_FIELDS, type FieldType } from '../../../src/projections/defined/topics.js';
import { SCHEMAS } from '../../../src/topic-schemas.js';

/** undefined: its values are neither whole numbers nor text. */
function typeOf(schema: z.ZodType): FieldType | undefined {
  let inner = schema;
  while (inner instanceof z.ZodOptional || inner instanceof z.ZodNullable) inner = inner.unwrap() as z.ZodType;
  if (inner instanceof z.ZodEnum) return { kind: 'choice', values: inner.options.map(String) };
  if (inner instanceof z.ZodString) return { kind: 'text' };
  if (inner instanceof z.ZodNumber && inner.isInt) return { kind: 'whole' };
  return undefined;
}

describe.each(DEFINED_TOPICS)('%s', (topic) => {
  it('has the fields of its schema that a definition can be about, in their order', () => {
    const inSchema = Object.entries((SCHEMAS[topic] as z.ZodObject).shape)
      .filter(([name]) => name !== 'user_id')
      .map(([name, schema]) => [name, typeOf(schema as z.ZodType)] as const)
      .filter(([, type]) => type !== undefined);
    expect([...TOPIC_FIELDS[topic].fields.values()].map(({ name, type }) => [name, type])).toEqual(inSchema);
  });
});
