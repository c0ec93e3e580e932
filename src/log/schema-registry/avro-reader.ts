/**
 * From an Avro schema to a function that turns a value's bytes into the JSON that an event would be written in: a union is its value
 * alone, an enum its symbol, a time of microseconds or nanoseconds whole milliseconds (rounded down), a decimal a number, bytes a text of a
 * character each. avsc reads the schema; the bytes are read here, because avsc believes the counts in them: five bytes that announce an
 * array of a billion would take the process down.
 *
 * A value is read with the schema that wrote it, so defaults and aliases of fields decide nothing.
 */
// A CommonJS module, whose names Node does not find.
import avsc from 'avsc';
import type { Schema, Type, types } from 'avsc';
import { AvroBytes } from './avro-bytes.js';

/** JSON text of the next value. */
type Read = (bytes: AvroBytes) => string;

/** The JSON of a whole value; throws BadPayload. */
export type AvroReader = (payload: Buffer) => Buffer;

/** Named types that other schemas define, by full name: what schemas refer to is parsed into the same map before they are. */
export type NamedTypes = Record<string, Type>;

/** Throws what avsc says of a schema that is none. Adds the types that it defines to `known`. */
export function parseAvro(schema: string, known: NamedTypes): Type {
  return avsc.Type.forSchema(withoutDefaults(JSON.parse(schema)) as Schema, {
    registry: known,
    wrapUnions: true,
    logicalTypes: LOGICAL_TYPES,
  });
}

export function avroReader(type: Type): AvroReader {
  const read = readerOf(type, new Map());
  return (payload) => {
    const bytes = new AvroBytes(payload);
    const json = read(bytes);
    bytes.end();
    return Buffer.from(json);
  };
}

/** A logical type that changes what is read; of others, the type below is read. */
class Logical extends avsc.types.LogicalType {
  readonly attributes: { readonly logicalType: string; readonly scale?: unknown };

  constructor(schema: Schema, options?: unknown) {
    super(schema, options);
    this.attributes = schema as unknown as Logical['attributes'];
  }
}

const LOGICAL_TYPES = Object.fromEntries(
  ['timestamp-micros', 'local-timestamp-micros', 'timestamp-nanos', 'local-timestamp-nanos', 'decimal'].map((name) => [name, Logical]),
);

/** A default that avsc would refuse decides nothing here. */
function withoutDefaults(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withoutDefaults);
  if (typeof schema !== 'object' || schema === null) return schema;
  const { default: _, ...rest } = schema as Record<string, unknown>;
  for (const key of ['type', 'items', 'values', 'fields']) if (key in rest) rest[key] = withoutDefaults(rest[key]);
  return rest;
}

function readerOf(type: Type, made: Map<Type, Read>): Read {
  const known = made.get(type);
  if (known !== undefined) return known;
  // A type may hold itself.
  made.set(type, (bytes) => made.get(type)!(bytes));
  const read = makeReader(type, (inner) => readerOf(inner, made));
  made.set(type, read);
  return read;
}

function makeReader(type: Type, of: (type: Type) => Read): Read {
  if (type instanceof Logical) return logicalReader(type, of);
  switch (type.typeName) {
    case 'null':
      return () => 'null';
    case 'boolean':
      return (bytes) => (bytes.byte() === 0 ? 'false' : 'true');
    case 'int':
    case 'long':
      return (bytes) => String(bytes.int());
    case 'float':
      return (bytes) => finite(bytes, bytes.take(4).readFloatLE());
    case 'double':
      return (bytes) => finite(bytes, bytes.take(8).readDoubleLE());
    case 'string':
      return (bytes) => JSON.stringify(bytes.text());
    case 'bytes':
      return (bytes) => JSON.stringify(bytes.take(bytes.length()).toString('latin1'));
    case 'fixed': {
      const { size } = type as types.FixedType;
      return (bytes) => JSON.stringify(bytes.take(size).toString('latin1'));
    }
    case 'enum': {
      const symbols = (type as types.EnumType).symbols.map((symbol) => JSON.stringify(symbol));
      return (bytes) => {
        const index = bytes.int();
        return symbols[index] ?? bytes.fail(`there is no symbol ${index}`);
      };
    }
    case 'union:wrapped': {
      const branches = (type as types.WrappedUnionType).types.map(of);
      return (bytes) => {
        const index = bytes.int();
        const branch = branches[index] ?? bytes.fail(`there is no branch ${index} of the union`);
        return branch(bytes);
      };
    }
    case 'array': {
      const item = of((type as types.ArrayType).itemsType);
      return (bytes) => bytes.nested(() => `[${listed(bytes, () => item(bytes))}]`);
    }
    case 'map': {
      const value = of((type as types.MapType).valuesType as Type);
      return (bytes) => bytes.nested(() => `{${listed(bytes, () => `${JSON.stringify(bytes.text())}:${value(bytes)}`)}}`);
    }
    case 'record':
    case 'error':
      return recordReader(type as types.RecordType, of);
    default:
      throw new Error(`the Avro type ${type.typeName} is not known`);
  }
}

function recordReader({ fields }: types.RecordType, of: (type: Type) => Read): Read {
  const members = fields.map(({ name, type }, i) => ({ name, before: `${i === 0 ? '' : ','}${JSON.stringify(name)}:`, read: of(type) }));
  return (bytes) =>
    bytes.nested(() => {
      let text = '{';
      for (const { name, before, read } of members) {
        bytes.field = name;
        text += before + read(bytes);
      }
      return `${text}}`;
    });
}

function listed(bytes: AvroBytes, item: () => string): string {
  let text = '';
  bytes.items(() => {
    const next = item();
    text += text === '' ? next : `,${next}`;
  });
  return text;
}

function finite(bytes: AvroBytes, value: number): string {
  return Number.isFinite(value) ? String(value) : bytes.fail(`${value} is no number of JSON`);
}

const PER_MS: Readonly<Record<string, bigint>> = { micros: 1_000n, nanos: 1_000_000n };

function logicalReader({ attributes, underlyingType }: Logical, of: (type: Type) => Read): Read {
  const { logicalType, scale } = attributes;
  if (logicalType === 'decimal') return decimalReader(underlyingType, typeof scale === 'number' ? scale : 0, of);
  const perMs = PER_MS[logicalType.slice(logicalType.lastIndexOf('-') + 1)]!;
  if (underlyingType.typeName !== 'long') return of(underlyingType);
  return (bytes) => {
    const value = bytes.bigint();
    return String((value - (((value % perMs) + perMs) % perMs)) / perMs);
  };
}

/** Of a scale; a number beyond 2^53 units is refused, because it would be rounded. */
function decimalReader(type: Type, scale: number, of: (type: Type) => Read): Read {
  const isFixed = type.typeName === 'fixed';
  if (!isFixed && type.typeName !== 'bytes') return of(type);
  return (bytes) => {
    const digits = bytes.take(isFixed ? (type as types.FixedType).size : bytes.length());
    const units = digits.length === 0 ? 0n : BigInt.asIntN(digits.length * 8, BigInt(`0x${digits.toString('hex')}`));
    if (!Number.isSafeInteger(Number(units))) bytes.fail(`a decimal of ${units} units is beyond 2^53`);
    return String(Number(`${units}e${-scale}`));
  };
}
