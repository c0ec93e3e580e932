/** What a JSON Schema says to people and not to validators. */
import type { JsonSchema } from './json-schema.js';

export const ANNOTATIONS: ReadonlySet<string> = new Set([
  '$id',
  '$schema',
  '$comment',
  'title',
  'description',
  'default',
  'deprecated',
  'examples',
  'readOnly',
  'writeOnly',
  'contentEncoding',
  'contentMediaType',
]);

/** Keywords whose value is a schema for each of its names. */
const NAMED: ReadonlySet<string> = new Set(['properties', 'patternProperties', 'dependentSchemas', '$defs', 'definitions']);
/** Keywords whose value is data and no schema. */
const DATA: ReadonlySet<string> = new Set(['enum', 'const', 'required', 'dependentRequired']);

/** The schema with what decides, and nothing else, at any depth. A property may be called title. */
export function withoutAnnotations<Schema>(schema: Schema): Schema {
  if (Array.isArray(schema)) return schema.map((one: unknown) => withoutAnnotations(one)) as Schema;
  if (typeof schema !== 'object' || schema === null) return schema;
  const kept = Object.entries(schema as JsonSchema).filter(([keyword]) => !ANNOTATIONS.has(keyword) && !keyword.startsWith('x-'));
  return Object.fromEntries(kept.map(([keyword, value]) => [keyword, inner(keyword, value)])) as Schema;
}

function inner(keyword: string, value: unknown): unknown {
  if (DATA.has(keyword)) return value;
  if (!NAMED.has(keyword)) return withoutAnnotations(value);
  return Object.fromEntries(Object.entries(value as JsonSchema).map(([name, schema]) => [name, withoutAnnotations(schema)]));
}
