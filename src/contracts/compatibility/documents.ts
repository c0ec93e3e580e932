/** What a document says of topics: an AsyncAPI document of version 3, one JSON Schema, or one with a schema for each topic in $defs. */
import { TOPICS } from '../../topics.js';
import type { Contracts, TopicContract } from './check.js';

type Json = Readonly<Record<string, unknown>>;

export interface UnreadableDocument {
  /** What is wrong with it, behind its name and a colon. */
  readonly wrong: string;
}

/** `name`: of its file, from which the topic is taken where the schema does not say it. */
export function contractsIn(document: unknown, name: string): Contracts | UnreadableDocument {
  if (!isObject(document)) return { wrong: 'is neither a JSON Schema nor an AsyncAPI document' };
  if (typeof document.asyncapi === 'string') return channelsIn(document);
  if (isObject(document.$defs) && document.type === undefined && document.properties === undefined && document.$ref === undefined)
    return new Map(Object.entries(document.$defs).map(([topic, schema]) => [topic, valueOnly(schema, document)]));
  if (!looksLikeSchema(document)) return { wrong: 'is neither a JSON Schema nor an AsyncAPI document' };
  return new Map([[topicOf(document, name), valueOnly(document, document)]]);
}

const SCHEMA_KEYWORDS = ['$schema', 'properties', '$ref', 'allOf', 'anyOf', 'oneOf', 'enum', 'const'];
const TYPES: readonly unknown[] = ['null', 'boolean', 'integer', 'number', 'string', 'array', 'object'];

/** Any JSON object is a schema, and most of them were not meant as one. */
function looksLikeSchema(document: Json): boolean {
  if (document.type !== undefined) return [document.type].flat().every((type) => TYPES.includes(type));
  return SCHEMA_KEYWORDS.some((keyword) => Object.hasOwn(document, keyword));
}

const valueOnly = (schema: unknown, root: unknown): TopicContract => ({ value: { schema, root } });

/** By its $id, its title or its file, whichever is a topic; otherwise by the first of them that it has. */
function topicOf({ $id, title }: Json, file: string): string {
  const names = [
    typeof $id === 'string' ? $id.replace(/^urn:tipstream:schema:/, '') : undefined,
    typeof title === 'string' ? title : undefined,
    file.replace(/(\.schema)?\.json$/, ''),
  ].filter((name) => name !== undefined);
  return names.find((name) => Object.hasOwn(TOPICS, name)) ?? names[0]!;
}

function channelsIn(document: Json): Contracts | UnreadableDocument {
  if (!/^3\./.test(String(document.asyncapi))) return { wrong: `is AsyncAPI ${String(document.asyncapi)}, and only version 3 is read` };
  const channels = Object.entries((document.channels ?? {}) as Json);
  return new Map(channels.map(([id, channel]) => [id, channelContract(id, resolved(channel, document), document)]));
}

/**
 * The event itself, whose message has the channel's name. The messages beside it are the same event in an envelope, or an end; where none
 * has that name, each of them may be met.
 */
function channelContract(id: string, channel: Json, root: Json): TopicContract {
  const messages = Object.entries((channel.messages ?? {}) as Json);
  const own = messages.filter(([message]) => message === id);
  const chosen = (own.length > 0 ? own : messages).map(([, message]) => resolved(message, root));
  const keys = chosen.map(({ bindings }) => ((bindings as Json | undefined)?.kafka as Json | undefined)?.key);
  return {
    value: { schema: anyOf(chosen.map(({ payload }) => payload ?? {})), root },
    headers: { schema: anyOf(chosen.map(({ headers }) => headers ?? {})), root },
    ...(keys.every((key) => key !== undefined) ? { key: { schema: anyOf(keys), root } } : {}),
  };
}

const anyOf = (schemas: readonly unknown[]): unknown => (schemas.length === 1 ? schemas[0] : { anyOf: schemas });

/** What a $ref into the document leads to; itself where it is none. One that leads nowhere is left to whoever reads the payload. */
function resolved(value: unknown, root: Json): Json {
  if (!isObject(value) || typeof value.$ref !== 'string' || !value.$ref.startsWith('#/')) return (value ?? {}) as Json;
  let found: unknown = root;
  for (const step of value.$ref.split('/').slice(1))
    found = isObject(found) ? found[step.replaceAll('~1', '/').replaceAll('~0', '~')] : undefined;
  return isObject(found) ? found : { payload: { $ref: value.$ref } };
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
