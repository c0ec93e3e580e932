/**
 * A JSON Schema as alternatives by JSON type. It knows the keywords that tipstream writes and their like; of any other it says so, because
 * nothing can be concluded from a keyword that is not understood.
 */
import { isDeepStrictEqual } from 'node:util';
import { ANNOTATIONS } from '../annotations.js';
import { bothOf, kindOf, KINDS, type Conjunction, type Facts, type Kind, type RawSchema } from './facts.js';

/** `if` the text at a property is one of these values, `then` this holds too. */
export interface Condition {
  readonly raw: RawSchema;
  readonly property: string;
  readonly values: readonly unknown[];
  readonly then: RawSchema;
}

export interface Shape {
  /** A value of a type is accepted when one of the alternatives of that type accepts it, and the conditions hold. */
  readonly kinds: { readonly [K in Kind]: readonly Facts[] };
  readonly conditions: readonly Condition[];
  /** Conditions of another form. */
  readonly opaque: readonly RawSchema[];
  /** What was not understood, in words. */
  readonly unknown: readonly string[];
}

type Keywords = Readonly<Record<string, unknown>>;

const NUMBERS: Readonly<Record<string, Kind>> = {
  minimum: 'number',
  maximum: 'number',
  exclusiveMinimum: 'number',
  exclusiveMaximum: 'number',
  minLength: 'string',
  maxLength: 'string',
  minItems: 'array',
  maxItems: 'array',
  minProperties: 'object',
  maxProperties: 'object',
};
/** Looked at by name below. `then` and `else` belong to `if`. */
const KNOWN: ReadonlySet<string> = new Set([
  ...Object.keys(NUMBERS),
  ...['type', 'enum', 'const', 'anyOf', 'oneOf', 'allOf', 'if', 'then', 'else', '$ref', '$defs', 'definitions', 'components'],
  ...['multipleOf', 'pattern', 'format', 'items', 'uniqueItems', 'properties', 'required', 'additionalProperties', 'propertyNames'],
]);
const DIALECTS = /^https?:\/\/json-schema\.org\/(draft\/2020-12|draft\/2019-09|draft-07)\/schema#?$/;
const NONE: Shape['kinds'] = { null: [], boolean: [], number: [], string: [], array: [], object: [] };
const ANYTHING: Shape = { kinds: mapKinds(() => [{}]), conditions: [], opaque: [], unknown: [] };

/** All of them hold. `root`: what a $ref begins with #/ in. */
export function shapeOf(schemas: Conjunction, root: RawSchema): Shape {
  return schemas.map((schema) => parse(schema, root, [])).reduce(meet, ANYTHING);
}

function parse(schema: RawSchema, root: RawSchema, refs: readonly string[]): Shape {
  if (schema === true || schema === undefined) return ANYTHING;
  if (schema === false) return { ...ANYTHING, kinds: NONE };
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema))
    return { ...ANYTHING, unknown: ['a schema that is no object'] };
  const keywords = schema as Keywords;
  const part = (inner: RawSchema): Shape => parse(inner, root, refs);
  const list = (name: string): readonly RawSchema[] => (Array.isArray(keywords[name]) ? (keywords[name] as RawSchema[]) : []);
  const beside = Object.keys(keywords).filter((name) => name !== '$ref' && name !== 'components' && !ANNOTATIONS.has(name));
  const parts = [
    ownShape(keywords),
    ...(keywords.$ref !== undefined && beside.length > 0 ? [{ ...ANYTHING, unknown: ['$ref beside other keywords'] }] : []),
    ...list('allOf').map(part),
    ...(keywords.anyOf === undefined ? [] : [anyOf(list('anyOf').map(part), 'anyOf')]),
    ...(keywords.oneOf === undefined ? [] : [oneOf(list('oneOf').map(part))]),
    ...(keywords.$ref === undefined ? [] : [referred(String(keywords.$ref), root, refs)]),
  ];
  return parts.reduce(meet, conditional(keywords));
}

function ownShape(keywords: Keywords): Shape {
  const facts: Record<Kind, Record<string, unknown>> = { null: {}, boolean: {}, number: {}, string: {}, array: {}, object: {} };
  const unknown: string[] = [];
  const take = (name: string, type: string, put: (value: never) => void): void => {
    const value = keywords[name];
    if (value === undefined) return;
    if ((Array.isArray(value) ? 'array' : typeof value) === type) put(value as never);
    else unknown.push(`${name} of this form`);
  };
  for (const [name, kind] of Object.entries(NUMBERS)) take(name, 'number', (value) => void (facts[kind][name] = value));
  take('multipleOf', 'number', (step: number) => void (facts.number.multiplesOf = [step]));
  take('pattern', 'string', (pattern: string) => void (facts.string.patterns = [pattern]));
  take('format', 'string', (format: string) => void (facts.string.formats = [format]));
  take('uniqueItems', 'boolean', (unique: boolean) => void (facts.array.uniqueItems = unique));
  take('required', 'array', (names: string[]) => void (facts.object.required = new Set(names)));
  take('properties', 'object', (properties: Keywords) => {
    facts.object.properties = new Map(Object.entries(properties).map(([name, inner]) => [name, [inner]]));
  });
  if (Array.isArray(keywords.items)) unknown.push('items of this form');
  else if (keywords.items !== undefined) facts.array.items = [keywords.items];
  if (keywords.additionalProperties !== undefined) facts.object.additional = [keywords.additionalProperties];
  if (keywords.propertyNames !== undefined) facts.object.names = [keywords.propertyNames];
  for (const name of Object.keys(keywords))
    if (!KNOWN.has(name) && !ANNOTATIONS.has(name) && !name.startsWith('x-')) unknown.push(`the keyword ${name}`);
  if (keywords.$schema !== undefined && !DIALECTS.test(String(keywords.$schema))) unknown.push(`the dialect ${String(keywords.$schema)}`);

  const types = keywords.type === undefined ? undefined : [keywords.type].flat();
  const values = keywords.const !== undefined ? [keywords.const] : (keywords.enum as readonly unknown[] | undefined);
  return {
    kinds: mapKinds((kind) => {
      const whole = kind === 'number' && types !== undefined && !types.includes('number') && types.includes('integer');
      if (types !== undefined && !types.includes(kind) && !whole) return [];
      const own = values?.filter((value) => kindOf(value) === kind);
      if (own?.length === 0) return [];
      const all = own ?? (kind === 'boolean' ? [true, false] : kind === 'null' ? [null] : undefined);
      return [{ ...(facts[kind] as Facts), ...(whole ? { whole } : {}), ...(all === undefined ? {} : { values: all }) }];
    }),
    conditions: [],
    opaque: [],
    unknown,
  };
}

function meet(a: Shape, b: Shape): Shape {
  const kinds = mapKinds((kind) =>
    a.kinds[kind].flatMap((one) => b.kinds[kind].map((other) => bothOf(one, other)).filter(({ values }) => values?.length !== 0)),
  );
  return {
    kinds,
    conditions: [...a.conditions, ...b.conditions],
    opaque: [...a.opaque, ...b.opaque],
    unknown: [...a.unknown, ...b.unknown],
  };
}

function anyOf(parts: readonly Shape[], keyword: string): Shape {
  const conditional = parts.some(({ conditions, opaque }) => conditions.length + opaque.length > 0);
  return {
    kinds: mapKinds((kind) => parts.flatMap((part) => part.kinds[kind])),
    conditions: [],
    opaque: [],
    unknown: [...parts.flatMap((part) => part.unknown), ...(conditional ? [`if inside ${keyword}`] : [])],
  };
}

/** As anyOf where no value can be of two of them. */
function oneOf(parts: readonly Shape[]): Shape {
  const overlapping = KINDS.some((kind) => parts.filter((part) => part.kinds[kind].length > 0).length > 1);
  const any = anyOf(parts, 'oneOf');
  return overlapping ? { ...any, unknown: [...any.unknown, 'oneOf whose alternatives are of one type'] } : any;
}

function referred(ref: string, root: RawSchema, refs: readonly string[]): Shape {
  const cannot = (why: string): Shape => ({ ...ANYTHING, unknown: [`$ref ${ref}: ${why}`] });
  if (refs.includes(ref)) return cannot('it refers to itself');
  if (ref !== '#' && !ref.startsWith('#/')) return cannot('it is not in this document');
  let found: unknown = root;
  for (const step of ref.split('/').slice(1)) {
    const name = decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, name)) return cannot('there is nothing');
    found = (found as Keywords)[name];
  }
  return parse(found, root, [...refs, ref]);
}

function conditional(keywords: Keywords): Shape {
  if (keywords.if === undefined) return ANYTHING;
  const raw = { if: keywords.if, then: keywords.then, else: keywords.else };
  const test = keywords.if as Keywords;
  const [property, ...others] = Object.keys((test.properties ?? {}) as object);
  const inner = property === undefined ? undefined : ((test.properties as Keywords)[property] as Keywords);
  const values = inner?.const === undefined ? inner?.enum : [inner.const];
  const plain =
    keywords.else === undefined &&
    others.length === 0 &&
    Array.isArray(values) &&
    Object.keys(inner!).length === 1 &&
    isDeepStrictEqual(test.required, [property]) &&
    Object.keys(test).length === 2;
  if (!plain) return { ...ANYTHING, opaque: [raw] };
  return { ...ANYTHING, conditions: [{ raw, property: property!, values, then: keywords.then }] };
}

function mapKinds<T>(of: (kind: Kind) => T): { [K in Kind]: T } {
  return Object.fromEntries(KINDS.map((kind) => [kind, of(kind)])) as { [K in Kind]: T };
}
