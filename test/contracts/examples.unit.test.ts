/** The examples are what they say: the smallest events and the fullest ones, accepted by the decoder and by the schema. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { EXAMPLES } from '../../src/contracts/examples.js';
import { eventSchema } from '../../src/contracts/json-schema.js';
import { validate } from '../../src/events/decode.js';
import { SCHEMAS } from '../../src/topic-schemas.js';
import { TOPIC_NAMES, type TopicName } from '../../src/topics.js';

const ajv = new Ajv2020({ strict: true, allowUnionTypes: true });

/** Names of all fields that a schema knows, those of nested objects and lists behind a dot. */
function fieldsOf(schema: z.core.$ZodType): string[] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) return fieldsOf(schema.def.innerType);
  if (schema instanceof z.ZodArray) return fieldsOf(schema.def.element);
  if (!(schema instanceof z.ZodObject)) return [];
  return Object.entries(schema.shape).flatMap(([name, field]) => [name, ...fieldsOf(field).map((inner) => `${name}.${inner}`)]);
}

function fieldsIn(value: unknown, known: ReadonlySet<string>, at = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((one) => fieldsIn(one, known, at));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, field]) => {
    const path = at === '' ? name : `${at}.${name}`;
    return known.has(path) ? [path, ...fieldsIn(field, known, path)] : [];
  });
}

describe.each(TOPIC_NAMES)('the examples of %s', (topic: TopicName) => {
  const { minimal, full } = EXAMPLES[topic];
  const accepts = ajv.compile(eventSchema(topic));
  const known = fieldsOf(SCHEMAS[topic]);

  it.each([
    ['minimal', minimal],
    ['full', full],
  ])('%s is accepted by the decoder and by the schema', (_, event) => {
    expect(validate(topic, event)).toMatchObject({ ok: true });
    expect(accepts(event), JSON.stringify(accepts.errors)).toBe(true);
  });

  it('the smallest is refused without any of its fields', () => {
    for (const name of Object.keys(minimal)) {
      const { [name]: _, ...rest } = minimal as Record<string, unknown>;
      expect(validate(topic, rest).ok, name).toBe(false);
    }
  });

  it('the fullest has every field', () => {
    expect([...new Set(fieldsIn(full, new Set(known)))].sort()).toEqual([...new Set(known)].sort());
  });
});
