/**
 * How Confluent's serializers mark a value. Either five bytes come before the payload: 0, then the id of the schema (32 bits, big-endian).
 * Or a header holds the same five bytes, or 1 and the 16 bytes of the schema's GUID, and the value is the payload alone. (Behind either,
 * Protobuf has the indexes of the message within its schema.) Pure.
 */
type Headers = readonly (readonly [name: string, value: Buffer | null])[];

/** Of a schema in a registry: an id within it, or a GUID. */
export type SchemaRef = { readonly id: number } | { readonly guid: string };

export interface Framed {
  readonly schema: SchemaRef;
  /** The bytes that the schema describes. */
  readonly payload: Buffer;
}

export const VALUE_SCHEMA_HEADER = '__value_schema_id';

const ID_BYTE = 0;
const GUID_BYTE = 1;
/** Of the byte and the id. */
const ID_LENGTH = 5;
const GUID_LENGTH = 17;
const BRACE = 0x7b;

/** undefined: nothing says that a schema describes the value. A header takes precedence, as it does for Confluent's deserializers. */
export function framedValue(value: Buffer, headers: Headers): Framed | undefined {
  if (headers.length > 0) {
    const schema = schemaInHeader(headers);
    if (schema !== undefined) return { schema, payload: value };
  }
  const schema = prefixOf(value);
  return schema && { schema, payload: value.subarray(ID_LENGTH) };
}

/** JSON begins with none of these bytes, so this is no JSON. */
function prefixOf(bytes: Buffer): SchemaRef | undefined {
  return bytes.length >= ID_LENGTH && bytes[0] === ID_BYTE ? { id: bytes.readUInt32BE(1) } : undefined;
}

function schemaInHeader(headers: Headers): SchemaRef | undefined {
  const bytes = headers.findLast(([name]) => name === VALUE_SCHEMA_HEADER)?.[1];
  if (bytes == null) return undefined;
  if (bytes.length < GUID_LENGTH || bytes[0] !== GUID_BYTE) return prefixOf(bytes);
  const guid = /^(.{8})(.{4})(.{4})(.{4})(.{12})$/
    .exec(bytes.toString('hex', 1, GUID_LENGTH))!
    .slice(1)
    .join('-');
  return { guid };
}

/** `schema id 42` */
export const schemaText = (schema: SchemaRef): string => ('id' in schema ? `schema id ${schema.id}` : `schema ${schema.guid}`);

/** What a value is that is no JSON, for who has no registry to ask; undefined: it is not marked. */
export function describeFramed(value: Buffer, headers: Headers): string | undefined {
  const framed = framedValue(value, headers);
  if (framed === undefined) return undefined;
  const { schema, payload } = framed;
  if (payload === value) return `the header ${VALUE_SCHEMA_HEADER} names ${schemaText(schema)}, and the value is ${BINARY}`;
  return `the value has Confluent's wire format: ${schemaText(schema)}, in front of ${isJson(payload) ? 'JSON' : BINARY}`;
}

/** The same of a key: a key is never read with a schema. */
export function describeFramedKey(key: Buffer): string | undefined {
  const schema = prefixOf(key);
  return schema && `the key has Confluent's wire format (${schemaText(schema)})`;
}

const BINARY = 'what is probably Avro or Protobuf';

function isJson(payload: Buffer): boolean {
  if (payload[0] !== BRACE) return false;
  try {
    JSON.parse(payload.toString('utf8'));
    return true;
  } catch {
    return false;
  }
}
