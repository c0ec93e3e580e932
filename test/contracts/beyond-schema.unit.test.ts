/** Rules that code checks: the schema says each in its own words, or names it as one that it cannot say. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { beyondSchema } from '../../src/contracts/beyond-schema.js';
import { eventSchema } from '../../src/contracts/json-schema.js';
import { SCHEMAS } from '../../src/topic-schemas.js';
import { TOPIC_NAMES } from '../../src/topics.js';

/** What zod checks with code and the schema says by patterns, lengths, conditions and types. */
const SAID_BY_THE_SCHEMA = [
  'must be at most 128 code points',
  'must be an object of arrays of finite numbers',
  'must be an object of finite numbers',
  'a reset names its user_id',
  'means something on reset and migrate only: a control of any other type holds for everybody',
  'a promote names its policy',
  'a migrate names its policy',
  'a configure carries settings',
];

function checksOf(schema: z.core.$ZodType): string[] {
  const own = (schema._zod.def.checks ?? []).flatMap((check) => {
    const { check: kind, error } = check._zod.def;
    return kind === 'custom' ? [error === undefined ? 'a check without words' : String(error({} as never))] : [];
  });
  return [...own, ...innerOf(schema).flatMap(checksOf)];
}

function innerOf(schema: z.core.$ZodType): readonly z.core.$ZodType[] {
  if (schema instanceof z.ZodObject) return Object.values(schema.shape);
  if (schema instanceof z.ZodArray) return [schema.def.element];
  if (schema instanceof z.ZodRecord) return [schema.def.valueType];
  if (schema instanceof z.ZodUnion) return schema.def.options;
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) return [schema.def.innerType];
  return [];
}

describe.each(TOPIC_NAMES)('%s', (topic) => {
  it('every rule in code is said by the schema, or listed in src/contracts/beyond-schema.ts', () => {
    const listed = beyondSchema(topic).map(({ says }) => says);
    const unsaid = checksOf(SCHEMAS[topic]).filter((words) => ![...SAID_BY_THE_SCHEMA, ...listed].includes(words));
    expect([...new Set(unsaid)], 'say it in src/contracts/json-schema.ts, or add it to src/contracts/beyond-schema.ts').toEqual([]);
  });

  it('what is listed stands in the description of its field', () => {
    const schema = eventSchema(topic) as { description: string; properties: Record<string, { description?: string }> };
    for (const { field, rule } of beyondSchema(topic))
      expect(field === undefined ? schema.description : schema.properties[field]?.description).toContain(rule);
  });
});

it('docs/contracts.md has the same list', () => {
  const page = readFileSync(new URL('../../docs/contracts.md', import.meta.url), 'utf8');
  const rows = [...page.matchAll(/^\| ([^|]+) \| ([^|]+) \| ([^|]+) \|$/gm)].map(([, topic, field, rule]) => `${topic}|${field}|${rule}`);
  const common = beyondSchema('tip.served').map(({ rule }) => `all|the event|${rule}`);
  const own = TOPIC_NAMES.flatMap((topic) =>
    beyondSchema(topic)
      .filter(({ rule }) => !common.some((row) => row.endsWith(rule)))
      .map(({ field, rule }) => `${topic}|${field ?? 'the event'}|${rule}`),
  );
  expect(rows).toEqual(expect.arrayContaining([...common, ...own]));
});
